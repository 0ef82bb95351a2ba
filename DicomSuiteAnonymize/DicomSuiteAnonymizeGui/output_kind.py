"""In what form the result is wanted."""

from __future__ import annotations

import enum

from slicer.i18n import tr as _


class OutputKind(enum.Enum):
    """Where an export goes; saved by name in the parameter node."""

    FOLDER = "folder"
    ZIP = "zip"
    IMPORT = "import"

    def label(self) -> str:
        """Text of the choice."""
        return {
            OutputKind.FOLDER: _("Folder"),
            OutputKind.ZIP: _("ZIP archive"),
            OutputKind.IMPORT: _("Folder, then import as new studies"),
        }[self]
