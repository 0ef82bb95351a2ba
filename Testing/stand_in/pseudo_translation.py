"""A translation that marks every text it was given, so that a test finds the texts that were not."""

import contextlib
from collections.abc import Iterator

OPENING, CLOSING = "⟦⟧"


def marked(text: str) -> str:
    return f"{OPENING}{text}{CLOSING}"


def is_marked(text: str) -> bool:
    """Whether a text on the screen went through ``tr``; one without letters need not."""
    return OPENING in text and CLOSING in text or not any(character.isalpha() for character in text)


@contextlib.contextmanager
def pseudo_translated() -> Iterator[None]:
    """Texts translated inside the block are marked; build the widget inside it."""
    import slicer

    slicer.app._pseudo_translating = True
    try:
        yield
    finally:
        slicer.app._pseudo_translating = False
