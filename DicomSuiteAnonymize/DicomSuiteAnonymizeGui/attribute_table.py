"""The table of attributes: what was found, what is done, and what comes out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import qt
from slicer.i18n import tr as _

from DicomSuiteAnonymizeGui.words import (
    actionWord,
    attributeName,
    attributeToolTip,
    foundText,
    foundToolTip,
    resultText,
)
from DicomSuiteAnonymizeLib.found_values import FoundValues
from DicomSuiteAnonymizeLib.preview import Difference
from DicomSuiteAnonymizeLib.profiles.profile import SEVENTEEN_ATTRIBUTES, TagEdit
from DicomSuiteAnonymizeLib.steps import Action
from DicomSuiteAnonymizeLib.tag_path import TagPath
from DicomSuiteGui.table_look import makeCompact
from DicomSuiteLib.plain_signal import Signal

NAME, FOUND, ACTION, VALUE, RESULT = range(5)
_SHARES = {NAME: 3.0, FOUND: 2.4, ACTION: 1.7, VALUE: 1.5, RESULT: 2.4}
"""Of the width, in proportion to each other."""
_NEEDS = {VALUE: 480, ACTION: 380}
"""Pixels below which a column is left out; the form under the table shows what stands in it."""


@dataclass(frozen=True, slots=True)
class TableRow:
    """One attribute: what the files hold, the user's edit if there is one, and what becomes of it in one file.

    `stillIdentifies` says that its value stays although PS3.15 would have changed it.
    """

    path: TagPath
    found: FoundValues
    edit: TagEdit | None
    difference: Difference | None
    stillIdentifies: bool


class AttributeTable:
    """Shows rows; `selectionChanged` and `activated` are emitted without arguments."""

    def __init__(self) -> None:
        self.selectionChanged, self.activated = Signal(), Signal()
        self._rows: tuple[TableRow, ...] = ()
        self.widget = table = qt.QTableWidget()
        table.columnCount = 5
        table.setHorizontalHeaderLabels(
            [_("Attribute"), _("Found"), _("Action"), _("New value"), _("Result")],
        )
        makeCompact(table, _("Attributes"))
        table.showGrid = True  # its columns are read across
        table.selectionMode = qt.QAbstractItemView.ExtendedSelection
        self._fittedWidth = 0
        table.horizontalHeader().connect("geometriesChanged()", self._fit)
        table.connect("itemSelectionChanged()", self.selectionChanged.emit)
        table.connect("cellDoubleClicked(int,int)", lambda row, column: self.activated.emit())

    @property
    def selected(self) -> tuple[TableRow, ...]:
        """The selected rows, from top to bottom."""
        numbers = {index.row() for index in self.widget.selectionModel().selectedRows()}
        return tuple(row for number, row in enumerate(self._rows) if number in numbers)

    def show(self, rows: Iterable[TableRow]) -> None:
        """Show these rows; the selected attributes stay selected."""
        selected = {row.path for row in self.selected}
        self._rows = tuple(rows)
        wasBlocked = self.widget.blockSignals(True)
        self.widget.rowCount = len(self._rows)
        self.widget.clearSelection()
        for number, row in enumerate(self._rows):
            self._fill(number, row)
        self.select(row.path for row in self._rows if row.path in selected)
        self.widget.blockSignals(wasBlocked)
        self._fitHeight()
        self.selectionChanged.emit()

    def select(self, paths: Iterable[TagPath]) -> None:
        """Select exactly these attributes."""
        paths = frozenset(paths)
        model, selection = self.widget.model(), self.widget.selectionModel()
        selection.clearSelection()
        for number, row in enumerate(self._rows):
            if row.path in paths:
                selection.select(
                    model.index(number, 0), qt.QItemSelectionModel.Select | qt.QItemSelectionModel.Rows
                )

    def _fill(self, number: int, row: TableRow) -> None:
        edit = row.edit
        vr = row.found.vr or (row.difference.vr if row.difference else "")
        rule = row.difference.rule if row.difference else ""
        whatItIs = actionWord(edit.action if edit else row.difference.action if row.difference else None)
        cells = (
            (attributeName(row.path), attributeToolTip(row.path, vr)),
            (foundText(row.found), foundToolTip(row.found)),
            (whatItIs, _("Chosen by you") if edit else _("By the profile: {rule}").format(rule=rule)),
            (edit.value if edit and edit.action in (Action.REPLACE, Action.RENUMBER) else "", ""),
            (_resultText(row), _resultToolTip(row)),
        )
        for column, (text, toolTip) in enumerate(cells):
            item = qt.QTableWidgetItem(text)
            item.setToolTip(toolTip)
            self.widget.setItem(number, column, item)
        if edit:
            font = self.widget.font
            font.setBold(True)
            for column in (NAME, ACTION):
                self.widget.item(number, column).setFont(font)
        if row.stillIdentifies:
            icon = self.widget.style().standardIcon(qt.QStyle.SP_MessageBoxWarning)
            self.widget.item(number, RESULT).setIcon(icon)

    def _fitHeight(self) -> None:
        """As tall as its rows need, so that nothing is left blank; more than the 17 of the editor are scrolled."""
        rowHeight = self.widget.verticalHeader().defaultSectionSize
        frame = self.widget.horizontalHeader().sizeHint.height() + 2 * self.widget.frameWidth
        self.widget.minimumHeight = frame + rowHeight * min(len(self._rows), len(SEVENTEEN_ATTRIBUTES))
        self.widget.maximumHeight = frame + rowHeight * len(self._rows)

    def _fit(self) -> None:
        """Divide the width among the columns, and leave room for what matters most in a narrow panel."""
        width = self.widget.viewport().width
        if width == self._fittedWidth:
            return
        self._fittedWidth = width
        shares = {column: share for column, share in _SHARES.items() if width >= _NEEDS.get(column, 0)}
        for column in _SHARES:
            self.widget.setColumnHidden(column, column not in shares)
        for column, share in shares.items():
            self.widget.setColumnWidth(column, int(width * share / sum(shares.values())))


def _resultText(row: TableRow) -> str:
    return _("from {first} on").format(first=row.edit.value) if _isRenumbered(row) else resultText(row.difference)


def _isRenumbered(row: TableRow) -> bool:
    """Whether only the export, which knows all files of the series, can tell what one of them gets."""
    return bool(row.edit) and row.edit.action is Action.RENUMBER


def _resultToolTip(row: TableRow) -> str:
    if _isRenumbered(row):
        return _("The files of each series are numbered in their order in space or time.")
    if row.stillIdentifies:
        return _("Still identifies: the value stays as it is, and PS3.15 would have changed it.")
    if row.difference is None:
        return _("Shown once files are selected.")
    return _("In the first file: {before} → {after}").format(
        before=row.difference.before or _("(empty)"), after=resultText(row.difference)
    )
