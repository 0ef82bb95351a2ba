"""What became of each mask, in words: a row for each, and below it the reason."""

from __future__ import annotations

from collections.abc import Sequence

import qt
from slicer.i18n import tr as _

from DicomSuiteGui.plain_label import plainLabel
from DicomSuiteGui.table_look import makeCompact, setColumnWidths
from DicomSuiteLib.plain_signal import Signal
from DicomSuiteRTOverlayGui.entries import Entry
from DicomSuiteRTOverlayGui.words import verdictIcon, verdictWord

NAME, VERDICT = range(2)
_ICON = "mm"  # as wide as the sign before the word


class ResultsPanel:
    """The table and the reason; `selectionChanged` is emitted without arguments when another mask is selected."""

    def __init__(self) -> None:
        self.selectionChanged = Signal()
        self._entries: list[Entry] = []
        self._build()

    @property
    def selected(self) -> Entry | None:
        """The mask whose row is selected."""
        row = self.table.currentRow()
        return self._entries[row] if 0 <= row < len(self._entries) else None

    def show(self, entries: Sequence[Entry], selected: Entry | None) -> None:
        """Show these masks."""
        self._entries = list(entries)
        wasBlocked = self.table.blockSignals(True)
        self.table.setRowCount(len(self._entries))
        for row, entry in enumerate(self._entries):
            self._fillRow(row, entry)
        if selected in self._entries:
            self.table.setCurrentCell(self._entries.index(selected), NAME)
        elif self._entries:
            self.table.setCurrentCell(0, NAME)
        self.table.blockSignals(wasBlocked)
        self.table.visible = bool(self._entries)
        self._showReason()

    def _build(self) -> None:
        self.widget = qt.QWidget()
        layout = qt.QVBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        self.table = qt.QTableWidget()
        self.table.setColumnCount(2)
        self.table.setHorizontalHeaderLabels([_("Mask"), _("Verdict")])
        makeCompact(self.table, _("Verdict on each mask"))
        setColumnWidths(self.table, NAME, {VERDICT: _("repaired") + _ICON})
        self.table.selectionMode = qt.QAbstractItemView.SingleSelection
        self.table.minimumHeight = self.table.maximumHeight = 110
        self.table.connect("currentCellChanged(int,int,int,int)", self._onCurrentCell)
        self.reasonLabel = plainLabel(_("Nothing was placed yet."))
        layout.addWidget(self.table)
        layout.addWidget(self.reasonLabel)
        self.table.visible = False

    def _fillRow(self, row: int, entry: Entry) -> None:
        verdict = qt.QTableWidgetItem(verdictWord(entry.facts))
        verdict.setIcon(verdictIcon(entry.facts, self.table.style()))
        for column, item in ((NAME, qt.QTableWidgetItem(entry.name)), (VERDICT, verdict)):
            item.setToolTip(entry.facts["reason"] or entry.name)
            self.table.setItem(row, column, item)

    def _onCurrentCell(self, row: int, column: int, formerRow: int, formerColumn: int) -> None:
        if row != formerRow:
            self._showReason()
            self.selectionChanged.emit()

    def _showReason(self) -> None:
        entry = self.selected
        if entry is None:
            self.reasonLabel.text = _("Nothing was placed yet.")
            return
        facts = entry.facts
        chosen = _("You have chosen this place.") if facts["accepted"] is not None else ""
        lines = [chosen, facts["reason"], *facts["findings"], *facts["notes"]]
        self.reasonLabel.text = "\n".join(line for line in lines if line)
