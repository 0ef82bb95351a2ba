"""The markers as a table: what the chosen volume has at each, to jump to and to remove."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from DicomSuiteGui.crosshair import jumpTo
from DicomSuiteGui.push_buttons import addPushButton
from DicomSuiteGui.table_look import makeCompact, setColumnWidths
from DicomSuiteGui.tool_buttons import setPossible
from DicomSuiteLib.geometry import Vector3
from DicomSuiteLib.node_roles import remove_with_companions
from DicomSuiteRenderGui.markers import Marker, markers, markersNode
from DicomSuiteRenderGui.readout import Reading, indexText, millimetres, setCell, valueText

LABEL, VALUE, INDEX, PLACE = range(4)
_SHOWN_ROWS = 4
_EVENTS = ("PointPositionDefinedEvent", "PointModifiedEvent", "PointRemovedEvent")


class MarkerTable:
    """Follows the scene's markers; `read` tells what the chosen volume has at a point (RAS mm)."""

    def __init__(self, read: Callable[[Vector3], Reading | None]) -> None:
        self._read = read
        self._node: Any = None
        self._tags: list[int] = []
        self._markers: list[Marker] = []
        self._settling = qt.QTimer()
        self._settling.setSingleShot(True)
        self._settling.connect("timeout()", self.update)
        self._build()

    def follow(self) -> None:
        """Show the markers that the scene has now, and follow them."""
        self.stop()
        self._node = markersNode()
        if self._node is not None:
            events = (getattr(slicer.vtkMRMLMarkupsNode, name) for name in _EVENTS)
            self._tags = [self._node.AddObserver(event, self._onPoints) for event in events]
        self.update()

    def stop(self) -> None:
        """Let go of the markers; the table stays as it is."""
        for tag in self._tags:
            self._node.RemoveObserver(tag)
        self._node, self._tags = None, []
        self._settling.stop()

    def update(self) -> None:
        """Read the volume again at every marker."""
        self._markers = [] if self._node is None else markers(self._node)
        wasBlocked = self.table.blockSignals(True)
        self.table.setRowCount(len(self._markers))
        self.table.blockSignals(wasBlocked)
        for row, marker in enumerate(self._markers):
            self._fill(row, marker)
        self._updateButtons()

    def text(self) -> str:
        """The table for other programs: a line for each marker, cells separated by tabs."""
        rows = range(self.table.rowCount)
        lines = [[self.table.item(row, column).text() for column in (LABEL, VALUE, INDEX, PLACE)] for row in rows]
        return "\n".join("\t".join(line) for line in lines)

    def _build(self) -> None:
        self.widget = qt.QWidget()
        layout = qt.QVBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        self.table = qt.QTableWidget()
        self.table.setColumnCount(4)
        self.table.setHorizontalHeaderLabels([_("No."), _("Value"), _("i, j, k"), _("RAS (mm)")])
        makeCompact(self.table, _("Markers"))
        setColumnWidths(self.table, PLACE, {LABEL: "888", VALUE: "-8888.88 HU", INDEX: "888, 888, 888"})
        rows = self.table.verticalHeader().defaultSectionSize
        self.table.minimumHeight = self.table.maximumHeight = (_SHOWN_ROWS + 1) * rows + 6
        self.table.toolTip = _("Click a marker to see it in every view.")
        self.table.connect("currentCellChanged(int,int,int,int)", self._onJump)
        self.table.connect("cellClicked(int,int)", self._onJump)  # again, where it is the current one already
        self.table.connect("itemSelectionChanged()", self._updateButtons)
        row = qt.QHBoxLayout()
        self.removeButton = addPushButton(row, _("&Remove"), self._onRemove)
        self.removeAllButton = addPushButton(row, _("Remove &all"), self._onRemoveAll)
        self.copyButton = addPushButton(row, _("Cop&y"), self._onCopy)
        layout.addWidget(self.table)
        layout.addLayout(row)

    def _fill(self, row: int, marker: Marker) -> None:
        reading = self._read(marker.ras)
        isRead = reading is not None and reading.pick is not None
        setCell(self.table, row, LABEL, marker.label)
        setCell(self.table, row, VALUE, "" if reading is None else valueText(reading.pick))
        setCell(self.table, row, INDEX, indexText(reading.pick) if isRead else "")
        setCell(self.table, row, PLACE, ", ".join(f"{coordinate:z.1f}" for coordinate in marker.ras))
        self.table.item(row, PLACE).setToolTip(millimetres(marker.ras))

    def _updateButtons(self) -> None:
        whyNone = "" if self._markers else _("There are no markers.")
        whyNotOne = whyNone or ("" if self._chosen() else _("Select a marker first."))
        setPossible(self.removeButton, whyNotOne, _("Take the selected markers away"))
        setPossible(self.removeAllButton, whyNone, _("Take every marker away"))
        setPossible(self.copyButton, whyNone, _("Copy the table, for a report or a spreadsheet"))

    def _chosen(self) -> list[Marker]:
        rows = {index.row() for index in self.table.selectionModel().selectedRows()}
        return [marker for row, marker in enumerate(self._markers) if row in rows]

    def _onPoints(self, caller, event) -> None:
        self._settling.start(0)

    def _onJump(self, row: int, *_others: int) -> None:
        if row >= 0:
            jumpTo(self._markers[row].ras)

    def _onRemove(self) -> None:
        for marker in reversed(self._chosen()):
            self._node.RemoveNthControlPoint(marker.index)
        self.update()

    def _onRemoveAll(self) -> None:
        node = self._node
        self.stop()
        remove_with_companions(node)
        self.update()

    def _onCopy(self) -> None:
        qt.QApplication.clipboard().setText(self.text())
