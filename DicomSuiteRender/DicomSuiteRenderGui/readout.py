"""What the volumes have at one point: its coordinates, and a row for each volume."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import qt
from slicer.i18n import tr as _

from DicomSuiteGui.table_look import makeCompact, setColumnWidths
from DicomSuiteLib.geometry import RAS_SIGNS, Vector3
from DicomSuiteRenderLib.voxel_picker import Pick

VOLUME, INDEX, VALUE = range(3)
_SHOWN_ROWS = 3


@dataclass(frozen=True)
class Reading:
    """What one volume has at a point; `trouble` says why there is no pick."""

    name: str
    pick: Pick | None
    trouble: str = ""


class Readout:
    """Two lines and a table, all of which can be copied."""

    def __init__(self) -> None:
        self.widget = qt.QWidget()
        layout = qt.QVBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        form = qt.QFormLayout()
        self.whereLabel = qt.QLabel()
        self.rasLabel, self.lpsLabel = _coordinates(), _coordinates()
        form.addRow(_("Point:"), self.whereLabel)
        form.addRow(_("RAS:"), self.rasLabel)
        form.addRow(_("LPS:"), self.lpsLabel)
        self.rasLabel.toolTip = _("Millimetres to the patient's right, anterior, superior")
        self.lpsLabel.toolTip = _("Millimetres to the patient's left, posterior, superior")
        layout.addLayout(form)
        self.table = qt.QTableWidget()
        self.table.setColumnCount(3)
        self.table.setHorizontalHeaderLabels([_("Volume"), _("i, j, k"), _("Value")])
        makeCompact(self.table, _("Values of the volumes at this point"))
        setColumnWidths(self.table, VOLUME, {INDEX: "888, 888, 888", VALUE: "-8888.88 HU"})
        rows = self.table.verticalHeader().defaultSectionSize
        self.table.minimumHeight = self.table.maximumHeight = (_SHOWN_ROWS + 1) * rows + 6
        layout.addWidget(self.table)

    def show(self, ras: Vector3, isMouse: bool, readings: Sequence[Reading]) -> None:
        """Show a point, RAS mm, and what each volume has there."""
        self.whereLabel.text = _("at the mouse") if isMouse else _("at the crosshair")
        self.rasLabel.text = millimetres(ras)
        self.lpsLabel.text = millimetres(tuple(a * sign for a, sign in zip(ras, RAS_SIGNS, strict=True)))
        if self.table.rowCount != len(readings):
            self.table.setRowCount(len(readings))
        for row, reading in enumerate(readings):
            setCell(self.table, row, VOLUME, reading.name, reading.trouble or reading.name)
            setCell(self.table, row, INDEX, "" if reading.pick is None else indexText(reading.pick))
            setCell(self.table, row, VALUE, valueText(reading.pick), _note(reading))


def indexText(pick: Pick) -> str:
    """The voxel's i, j, k; empty outside."""
    return "" if pick.index is None else ", ".join(map(str, pick.index))


def valueText(pick: Pick | None) -> str:
    """The value with its unit, in the user's words."""
    if pick is None:
        return _("not readable")
    return pick.value_text if pick.is_inside else _("outside")


def millimetres(point: Vector3) -> str:
    """A point, mm, without a minus before zero."""
    return ", ".join(f"{coordinate:z.2f}" for coordinate in point) + " mm"


def setCell(table: qt.QTableWidget, row: int, column: int, text: str, toolTip: str = "") -> None:
    """Change the text of a cell where it is another; an item is made once."""
    item = table.item(row, column)
    if item is None:
        item = qt.QTableWidgetItem()
        table.setItem(row, column, item)
    if item.text() != text:
        item.setText(text)
    item.setToolTip(toolTip or text)


def _note(reading: Reading) -> str:
    return reading.trouble if reading.pick is None else reading.pick.unit.note


def _coordinates() -> qt.QLabel:
    label = qt.QLabel()
    label.textInteractionFlags = qt.Qt.TextSelectableByMouse | qt.Qt.TextSelectableByKeyboard
    return label
