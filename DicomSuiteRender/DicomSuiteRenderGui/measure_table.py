"""Measurements as a table: a row for each, to rename and to select."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import qt
from slicer.i18n import tr as _

from DicomSuiteGui.table_look import makeCompact, setColumnWidths
from DicomSuiteLib.plain_signal import Signal
from DicomSuiteRenderLib.measurement_table import shown_row
from DicomSuiteRenderLib.measurements import Measurement

NAME, SIZE, MEAN, SPREAD = range(4)
_SHOWN_ROWS = 6
_MM3_PER_ML = 1000


@dataclass(frozen=True)
class Row:
    """One row: its drawing, None where there is none, and what it measures, or why there is no measurement yet."""

    name: str
    node: Any
    measurement: Measurement | None
    trouble: str = ""


class MeasureTable:
    """`selected` is emitted when other rows are selected, `renamed` with the row's number and its new name."""

    def __init__(self) -> None:
        self.selected, self.renamed = Signal(), Signal()
        self._rows: list[Row] = []
        self.widget = self.table = qt.QTableWidget()
        self.table.setColumnCount(4)
        self.table.setHorizontalHeaderLabels([_("Name"), _("Size"), _("Mean"), _("SD")])
        makeCompact(self.table, _("Measurements"))
        setColumnWidths(self.table, NAME, {SIZE: "88888.88 mm²", MEAN: "-888.88 HU", SPREAD: "888.88"})
        self.table.editTriggers = qt.QAbstractItemView.DoubleClicked | qt.QAbstractItemView.EditKeyPressed
        self.table.toolTip = _("Double-click a name to change it; select a row to see it in the views.")
        height = (_SHOWN_ROWS + 1) * self.table.verticalHeader().defaultSectionSize + 6
        self.table.minimumHeight = self.table.maximumHeight = height
        self.table.connect("itemSelectionChanged()", self.selected.emit)
        self.table.connect("itemChanged(QTableWidgetItem*)", self._onItemChanged)

    @property
    def chosen(self) -> list[Row]:
        """The rows that are selected."""
        numbers = {index.row() for index in self.table.selectionModel().selectedRows()}
        return [row for number, row in enumerate(self._rows) if number in numbers]

    def show(self, rows: Sequence[Row]) -> None:
        """Show these; a row that was selected stays so by its place."""
        self._rows = list(rows)
        wasBlocked = self.table.blockSignals(True)
        self.table.setRowCount(len(rows))
        for number, row in enumerate(rows):
            self._fill(number, row)
        self.table.blockSignals(wasBlocked)

    def _fill(self, number: int, row: Row) -> None:
        cells, toolTip = _cells(row)
        for column, text in enumerate(cells):
            item = self.table.item(number, column)
            if item is None:
                item = qt.QTableWidgetItem()
                self.table.setItem(number, column, item)
            if item.text() != text:
                item.setText(text)
            item.setToolTip(toolTip)
            flags = qt.Qt.ItemIsEnabled | qt.Qt.ItemIsSelectable
            item.setFlags(flags | qt.Qt.ItemIsEditable if column == NAME else flags)

    def _onItemChanged(self, item: qt.QTableWidgetItem) -> None:
        name = item.text().strip()
        if item.column() == NAME and name:
            self.renamed.emit(item.row(), name)


def _cells(row: Row) -> tuple[tuple[str, ...], str]:
    """What stands in the columns, and the tooltip of all of them."""
    if row.measurement is None:
        return (row.name, "…", "", ""), row.trouble
    _name, _kind, size, size_unit, voxels, mean, spread, least, greatest, unit = shown_row(row.measurement)
    texts = [f"{row.name}: {size} {size_unit}"]
    if voxels:
        texts.append(_("{count} voxels").format(count=voxels))
    if mean:
        texts.append(
            _("mean {mean}, standard deviation {spread}, {least} to {greatest} {unit}").format(
                mean=mean, spread=spread or _("undefined"), least=least, greatest=greatest, unit=unit
            )
        )
    texts += [*row.measurement.notes, *filter(None, [row.trouble])]
    return (row.name, _readableSize(row.measurement) or f"{size} {size_unit}", mean, spread), "\n".join(texts)


def _readableSize(measurement: Measurement) -> str:
    """Volumes from a millilitre on, as radiologists read them; "" for everything else."""
    isLarge = measurement.kind.unit == "mm³" and measurement.size >= _MM3_PER_ML
    return f"{measurement.size / _MM3_PER_ML:.2f} mL" if isLarge else ""
