"""What the user has chosen to de-identify: series of the DICOM database, or a folder."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from slicer.i18n import tr as _


class SourceKind(enum.Enum):
    """Where the files come from; saved by name in the parameter node."""

    DATABASE = "database"
    FOLDER = "folder"

    def label(self) -> str:
        """Text of the choice."""
        return {SourceKind.DATABASE: _("Slicer's DICOM database"), SourceKind.FOLDER: _("A folder")}[self]


@dataclass(frozen=True, slots=True)
class Source:
    """What `dicomsuite` is told to read: words of its command line, and what comes on its standard input.

    `description` is shown and kept in the list of jobs; it names no patient.
    """

    words: tuple[str, ...]
    inputText: str
    description: str
