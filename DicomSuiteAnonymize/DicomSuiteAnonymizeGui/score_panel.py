"""How well a folder was de-identified, by an answer key: the share of passed checks, by category and action."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import qt
from slicer.i18n import tr as _

from DicomSuiteAnonymizeGui.path_row import Proposal, addFile, addFolder, pathIn
from DicomSuiteAnonymizeGui.query_row import QueryRow
from DicomSuiteAnonymizeLib import command_lines
from DicomSuiteGui.plain_label import plainLabel, showText
from DicomSuiteGui.table_look import makeCompact, setColumnWidths

WHAT, PASSED, FAILED, UNJUDGED = range(4)
_COUNTS = {PASSED: "passed", FAILED: "failed", UNJUDGED: "unjudged"}
_TABLES = ("*.csv",)
_TABLE_HEIGHT, _FAILURES_HEIGHT = 170, 110


class ScorePanel:
    """Four lines for what is compared, a button, and the table that comes of it."""

    def __init__(self) -> None:
        self.widget = qt.QWidget()
        layout = qt.QVBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(self._buildForm())
        toolTip = _("Compare the folder with the answer key; nothing is changed")
        self.row = QueryRow(_("S&core"), toolTip, self._show)
        self.row.asked.connect(self._onAsked)
        self.totalLabel = plainLabel()
        self.table = qt.QTableWidget()
        self.table.columnCount = 4
        self.table.setHorizontalHeaderLabels([_("Category, action"), _("Passed"), _("Failed"), _("Not judged")])
        makeCompact(self.table, _("Score by category and action"))
        setColumnWidths(self.table, WHAT, {PASSED: "000000", FAILED: "000000", UNJUDGED: _("Not judged")})
        self.table.minimumHeight = self.table.maximumHeight = _TABLE_HEIGHT
        self.failures = qt.QTreeWidget()
        self.failures.setHeaderLabels([_("Not passed"), _("Why")])
        self.failures.rootIsDecorated = False
        self.failures.accessibleName = _("Checks that were not passed")
        self.failures.minimumHeight = self.failures.maximumHeight = _FAILURES_HEIGHT
        self.failures.header().setSectionResizeMode(qt.QHeaderView.Stretch)
        for widget in (self.row.widget, self.totalLabel, self.table, self.failures):
            layout.addWidget(widget)
        self._onChosen()

    def cleanup(self) -> None:
        """Want no answer any more."""
        self.row.cleanup()

    def offer(self, folder: str) -> None:
        """Propose the folder of the export that was made last."""
        self._proposal.offer(folder)

    def _buildForm(self) -> qt.QFormLayout:
        form = qt.QFormLayout()
        toolTip = _("CSV file with the columns id_old and id_new; a crosswalk gives it")
        self.folderEdit = addFolder(form, _("Resul&t:"), _("De-identified folder, of whatever program"), self._onChosen)
        self._proposal = Proposal(self.folderEdit)
        self.answersEdit = addFile(
            form,
            _("Ans&wer key:"),
            _("What had to become of each attribute: SQLite of MIDI-B, CSV or JSON"),
            self._onChosen,
            (_("Answer keys") + " (*.db *.sqlite *.csv *.json)",),
        )
        self.uidsEdit = addFile(form, _("UI&Ds:"), toolTip, self._onChosen, _TABLES)
        self.patientsEdit = addFile(form, _("Patient &IDs:"), toolTip, self._onChosen, _TABLES)
        return form

    def _onChosen(self) -> None:
        self.row.drop()
        self._show(None)
        lines = (self.folderEdit, self.answersEdit, self.uidsEdit, self.patientsEdit)
        isComplete = all(pathIn(line) is not None for line in lines)
        self.row.setReason("" if isComplete else _("Choose folder, answer key and both tables first."))

    def _onAsked(self) -> None:
        folder, answers = Path(self.folderEdit.currentPath), Path(self.answersEdit.currentPath)
        self._show(None)
        self.row.ask(command_lines.score(folder, answers, pathIn(self.patientsEdit), pathIn(self.uidsEdit)))

    def _show(self, result: Mapping[str, Any] | None) -> None:
        self.table.visible = result is not None
        self.failures.visible = bool(result and result["failures"])
        showText(self.totalLabel, "" if result is None else _totalText(result))
        if result is not None:
            self._fill(result)

    def _fill(self, result: Mapping[str, Any]) -> None:
        rows = [(action["action"], action) for action in result["actions"]]
        rows += [(f"{one['category']}, {one['action']}", one) for one in result["categories"]]
        self.table.rowCount = len(rows)
        for number, (text, counts) in enumerate(rows):
            self._setCell(number, WHAT, text, counts["failed"] > 0)
            for column, name in _COUNTS.items():
                self._setCell(number, column, str(counts[name]), False)
        self.failures.clear()
        for failure in result["failures"]:
            item = qt.QTreeWidgetItem()
            texts = (f"{failure['action']} {failure['attribute']}".strip(), failure["reason"])
            for column, text in enumerate(texts):
                item.setText(column, text)
                item.setToolTip(column, f"{text}\n{failure['file']}".strip())
            self.failures.addTopLevelItem(item)

    def _setCell(self, row: int, column: int, text: str, hasFailed: bool) -> None:
        item = qt.QTableWidgetItem(text)
        item.setToolTip(text)
        if hasFailed:
            item.setIcon(self.widget.style().standardIcon(qt.QStyle.SP_MessageBoxWarning))
        self.table.setItem(row, column, item)


def _totalText(result: Mapping[str, Any]) -> str:
    count = result["passed"] + result["failed"] + result["unjudged"]
    return _("{percent} %: {passed} of {count} checks passed in {files} files; {missing} are missing.").format(
        percent=f"{result['percent']:.2f}",
        passed=result["passed"],
        count=count,
        files=result["files"],
        missing=result["missing"],
    )
