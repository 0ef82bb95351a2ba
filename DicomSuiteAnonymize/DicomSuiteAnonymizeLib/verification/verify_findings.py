"""What a verification looks at, and what it says where something is wrong: never with a value."""

from dataclasses import dataclass
from enum import StrEnum

from DicomSuiteAnonymizeLib.emitter import path_text
from DicomSuiteAnonymizeLib.tag_path import TagPath


class Check(StrEnum):
    """The kinds of finding; the value is the word shown to the user."""

    READABLE = "readable"
    FILE_HEAD = "file head"
    MARKERS = "markers"
    TABLE = "PS3.15 table"
    PRIVATE = "private"
    GRAPHICS = "overlay or curve"
    NAMES = "names"
    UIDS = "UIDs"
    DATES = "dates"
    EDITS = "edits"
    PIXEL_RISK = "pixel risk"
    PLACE = "place"
    AUDIT = "audit trail"
    COUNTS = "counts"
    STRAY = "stray file"
    SOURCE = "source"
    ORIGINAL = "original value"
    PIXELS = "pixel data"
    REFERENCES = "references"


@dataclass(frozen=True, order=True)
class Finding:
    """One thing that is not as it should be.

    Attributes
    ----------
    output
        Path of the file below the output folder.
    path
        Where in the data set, as "(0040,0275)/(0008,0050)"; "" for the whole file.
    message
        What is wrong; holds no value of any attribute.
    """

    output: str
    check: Check
    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.output} {self.path}".strip() + f": {self.check}: {self.message}"


@dataclass(frozen=True)
class Violation:
    """A finding before it is known in which file."""

    check: Check
    path: TagPath
    message: str

    def of(self, output: str) -> Finding:
        """The finding for this file."""
        return Finding(output, self.check, path_text(self.path), self.message)
