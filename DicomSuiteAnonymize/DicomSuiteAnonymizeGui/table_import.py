"""A crosswalk's tables taken in: the folder that they are in, and what was in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import qt
from slicer.i18n import tr as _

from DicomSuiteAnonymizeGui.path_row import addFolder, pathIn
from DicomSuiteAnonymizeGui.query_row import QueryRow
from DicomSuiteAnonymizeLib.crosswalks.crosswalk_tables import INSTANCES, PATIENTS, UIDS, VALUES
from DicomSuiteLib.errors import DicomSuiteError
from DicomSuiteLib.plain_signal import Signal


class TableImport:
    """`imported` is emitted without arguments when rows were taken.

    Parameters: `command` gives the command line for a folder; it raises DicomSuiteError where there can be none.
    """

    def __init__(self, command: Callable[[Path], Sequence[str]]) -> None:
        self.imported = Signal()
        self._command = command
        self._reason = ""
        self.widget = qt.QWidget()
        layout = qt.QVBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        form = qt.QFormLayout()
        toolTip = _("Folder with any of {names}").format(names=", ".join((PATIENTS, UIDS, VALUES, INSTANCES)))
        self.folderEdit = addFolder(form, _("Ta&bles:"), toolTip, self._onChosen)
        self.row = QueryRow(
            _("I&mport tables (CSV)"),
            _("Add their rows to the crosswalk, which is made where there is none; they name patients"),
            self._onImported,
        )
        self.row.asked.connect(self._onAsked)
        layout.addLayout(form)
        layout.addWidget(self.row.widget)
        self._show()

    def cleanup(self) -> None:
        """Want no answer any more."""
        self.row.cleanup()

    def setReason(self, reason: str) -> None:
        """Say why nothing can be imported; "" where nothing but the folder is asked for."""
        self._reason = reason
        self._show()

    def _onChosen(self) -> None:
        self.row.drop()
        self._show()

    def _show(self) -> None:
        noFolder = "" if pathIn(self.folderEdit) else _("Choose the folder with the tables first.")
        self.row.setReason(self._reason or noFolder)

    def _onAsked(self) -> None:
        try:
            self.row.ask(self._command(Path(self.folderEdit.currentPath)))
        except DicomSuiteError as error:
            self.row.say(str(error))

    def _onImported(self, result: Mapping[str, Any]) -> None:
        self.row.say(_takenText(result["rows"]))
        self.imported.emit()


def _takenText(rows: Mapping[str, int]) -> str:
    """How many rows were in each table, by its file's name."""
    words = {
        PATIENTS: _("patients {count}"),
        UIDS: _("UIDs {count}"),
        VALUES: _("names, numbers and dates {count}"),
        INSTANCES: _("files {count}"),
    }
    taken = "; ".join(words[name].format(count=count) for name, count in rows.items())
    return _("Taken into the crosswalk: {list}.").format(list=taken)
