"""Text out of a file, made safe to print: a terminal obeys control characters, and a name may hold them."""


def printable(text: str) -> str:
    """Return `text` with every unprintable character as an escape such as \\x1b."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)
