"""A line in a form for a file or folder, which no scene and no settings remember: paths may name patients."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import ctk
import qt


def addFolder(form: qt.QFormLayout, label: str, toolTip: str, changed: Callable[[], None]) -> ctk.ctkPathLineEdit:
    """A line for a folder that is read."""
    return _add(form, label, toolTip, changed, ctk.ctkPathLineEdit.Dirs | ctk.ctkPathLineEdit.Readable)


def addFile(
    form: qt.QFormLayout, label: str, toolTip: str, changed: Callable[[], None], patterns: tuple[str, ...]
) -> ctk.ctkPathLineEdit:
    """A line for a file that is read; `patterns` are such as "*.csv" or "Tables (*.csv *.tsv)"."""
    edit = _add(form, label, toolTip, changed, ctk.ctkPathLineEdit.Files | ctk.ctkPathLineEdit.Readable)
    edit.nameFilters = patterns
    return edit


def pathIn(edit: ctk.ctkPathLineEdit) -> Path | None:
    """What is in the line; None where it is empty."""
    return Path(edit.currentPath) if edit.currentPath else None


class Proposal:
    """Fills a line until the user has chosen something else."""

    def __init__(self, edit: ctk.ctkPathLineEdit) -> None:
        self._edit = edit
        self._proposed = ""

    def offer(self, path: str) -> None:
        """Propose this path, in place of the one that was proposed before."""
        if self._edit.currentPath in ("", self._proposed):
            self._proposed = path
            self._edit.currentPath = path


def _add(
    form: qt.QFormLayout, label: str, toolTip: str, changed: Callable[[], None], filters: int
) -> ctk.ctkPathLineEdit:
    edit = ctk.ctkPathLineEdit()
    edit.filters = filters
    edit.showHistoryButton = False
    edit.toolTip = toolTip
    edit.accessibleName = label.replace("&", "").rstrip(":")
    edit.connect("currentPathChanged(QString)", lambda path: changed())
    edit.connect("validInputChanged(bool)", lambda isValid: changed())  # a line that is emptied says only this
    form.addRow(label, edit)
    return edit
