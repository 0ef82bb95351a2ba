"""Why a file is refused, in words that hold nothing of its values.

Where lengths are wrong, the rest of a value may be taken for a tag and a length. So tags are named only where the
standard knows them.
"""

from DicomSuiteAnonymizeLib.dictionary import public_vrs
from DicomSuiteAnonymizeLib.emitter import path_text


def place(path: tuple[int, ...]) -> str:
    """Path of tags, or that it is not known."""
    return path_text(path) if all(tag in public_vrs() for tag in path) else "an unknown element"


def too_long(tag: int, claimed: int, there: int) -> str:
    """An element that claims more bytes than follow it."""
    name = place((tag,))
    if name.startswith("("):
        return f"truncated: {name} claims {claimed} bytes, but only {there} follow"
    return f"truncated or broken: {name} is longer than the {there} bytes that follow"
