"""Measures of every segment, and the comparison of two segmentations: numbers in tables, differences in the views."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from DicomSuiteGui.query_activity import QueryActivity
from DicomSuiteGui.table_look import makeCompact
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteRTOverlayGui.mask_sources import nodeMask
from DicomSuiteRTOverlayGui.overlay_query import OverlayAnswer, Question, asGiven
from DicomSuiteRTOverlayGui.own_nodes import Role, ownNodes, removeOwnNodes
from DicomSuiteRTOverlayGui.placed_nodes import addSegmentation, fillFrom
from DicomSuiteRTOverlayGui.table_nodes import readTable, showInTable
from DicomSuiteRTOverlayLib.read_segments import ReadSegments, read_segments

_DIGITS = 4
COMPARISON = (Role.DIFFERENCES, Role.PAIR_MEASURES)


class MeasuresPanel:
    """Two buttons, two lists to choose what is compared, and the essential columns of the tables."""

    def __init__(self, activity: QueryActivity) -> None:
        self._activity = activity
        self._volumeNode = None
        self._segmentations: list[Any] = []
        self._build()

    def setContents(self, volumeNode: Any, segmentations: Sequence[Any]) -> None:
        """Offer these segmentations on this volume, and show the tables that the scene holds."""
        self._volumeNode, self._segmentations = volumeNode, list(segmentations)
        chosen = [_chosen(box) for box in (self.firstBox, self.secondBox)]
        first = _fillBox(self.firstBox, self._segmentations, chosen[0], "")
        _fillBox(self.secondBox, self._segmentations, chosen[1], first)
        self._showTables()
        self.update()

    def update(self) -> None:
        """Enable what can be done now, and say why the rest cannot."""
        reason = self._activity.reason or ("" if self._segmentations else _("Place a mask first."))
        self.measureButton.enabled = not reason
        self.measureButton.toolTip = reason or _("Volumes, surfaces, places and voxel values of every segment")
        reason = self._activity.reason or self._whyNotCompare()
        self.compareButton.enabled = not reason
        self.compareButton.toolTip = reason or _("Measure how the two differ, and colour the differences")
        isCompared = bool(ownNodes(COMPARISON))
        self.endButton.enabled = isCompared
        self.endButton.toolTip = (
            _("Remove the differences and show both as before") if isCompared else _("Nothing is compared.")
        )
        self.tableButton.enabled = bool(ownNodes([Role.MEASURES, Role.PAIR_MEASURES]))
        self.tableButton.toolTip = (
            _("All columns, in a table view") if self.tableButton.enabled else _("Nothing was measured yet.")
        )

    def _build(self) -> None:
        self.widget = qt.QWidget()
        self.layout = qt.QVBoxLayout(self.widget)
        self.layout.setContentsMargins(0, 0, 0, 0)
        row = qt.QHBoxLayout()
        self.measureButton = _button(row, _("&Measure"), self._onMeasure)
        self.tableButton = _button(row, _("Open &table"), self._onTable)
        self.layout.addLayout(row)
        self.measuresTable = _table(_("Measures of the segments"))
        self.layout.addWidget(self.measuresTable)
        form = qt.QFormLayout()
        self.firstBox, self.secondBox = qt.QComboBox(), qt.QComboBox()
        for label, box in ((_("Compare A:"), self.firstBox), (_("with B:"), self.secondBox)):
            box.sizeAdjustPolicy = qt.QComboBox.AdjustToMinimumContentsLengthWithIcon
            box.connect("currentIndexChanged(int)", lambda index: self.update())
            form.addRow(label, box)
        self.secondBox.toolTip = _("The reference, to which A is compared")
        self.layout.addLayout(form)
        row = qt.QHBoxLayout()
        self.compareButton = _button(row, _("&Compare"), self._onCompare)
        self.endButton = _button(row, _("End comparison"), self._onEnd)
        self.layout.addLayout(row)
        self.pairsTable = _table(_("How the two differ"))
        self.layout.addWidget(self.pairsTable)

    def _whyNotCompare(self) -> str:
        if len(self._segmentations) < 2:
            return _("Place two masks on this volume first.")
        return _("Choose two different masks.") if self.firstBox.currentIndex == self.secondBox.currentIndex else ""

    def _compared(self) -> list[Any]:
        return [self._segmentations[box.currentIndex] for box in (self.firstBox, self.secondBox)]

    def _onMeasure(self) -> None:
        nodes = list(self._segmentations)
        options = ("--stats", *asGiven(len(nodes)))
        question = Question(self._volumeNode, [nodeMask(node) for node in nodes], options, _readStats)
        self._activity.ask(question, lambda answer: self._showMeasures(answer, nodes), self.layout)

    def _showMeasures(self, answer: OverlayAnswer, nodes: Sequence[Any]) -> None:
        table = answer.content
        for row in table["rows"]:
            row["mask"] = nodes[row["mask"] - 1].GetName()
        showInTable(_("Measures"), Role.MEASURES, table)
        self._showTables()
        self.update()

    def _onCompare(self) -> None:
        nodes = self._compared()
        options = ("--compare", "1", "2", *asGiven(2))
        question = Question(self._volumeNode, [nodeMask(node) for node in nodes], options, _readComparison)
        volumeNode = self._volumeNode
        self._activity.ask(question, lambda answer: self._showComparison(answer, nodes, volumeNode), self.layout)

    def _showComparison(self, answer: OverlayAnswer, nodes: Sequence[Any], volumeNode: Any) -> None:
        table, differences = answer.content
        self._onEnd()
        node = addSegmentation(_("Differences"), Role.DIFFERENCES, volumeNode)
        fillFrom(node, differences, volumeNode)
        showInTable(_("Comparison"), Role.PAIR_MEASURES, table)
        for compared in filter(slicer.mrmlScene.IsNodePresent, nodes):
            compared.GetDisplayNode().SetVisibility2DFill(False)  # the colours of the differences lie below
        self._showTables()
        self.update()

    def _onEnd(self) -> None:
        removeOwnNodes(COMPARISON)
        for node in self._segmentations:
            node.GetDisplayNode().SetVisibility2DFill(True)
        self._showTables()
        self.update()

    def _showTables(self) -> None:
        _show(self.measuresTable, Role.MEASURES, _measureColumns())
        _show(self.pairsTable, Role.PAIR_MEASURES, _pairColumns())

    def _onTable(self) -> None:
        layoutManager = slicer.app.layoutManager()
        if layoutManager is not None:
            layoutManager.setLayout(slicer.modules.tables.logic().GetLayoutWithTable(layoutManager.layout))
        newest = ownNodes([Role.MEASURES, Role.PAIR_MEASURES])[-1]
        logic = slicer.app.applicationLogic()
        logic.GetSelectionNode().SetActiveTableID(newest.GetID())
        logic.PropagateTableSelection()


def _readStats(facts: Mapping[str, Any], folder: Path, grid: SliceGrid) -> Mapping[str, Any]:
    return readTable(folder / "stats.json")


def _readComparison(
    facts: Mapping[str, Any], folder: Path, grid: SliceGrid
) -> tuple[Mapping[str, Any], ReadSegments]:
    from DicomSuiteRTOverlayLib.overlay_run import COMPARISON_FILE  # it brings the whole command

    return readTable(folder / "comparison.json"), read_segments(folder / COMPARISON_FILE)


def _measureColumns() -> dict[str, str]:
    """Columns that are shown here, and what they are called."""
    return {
        "segment": _("Segment"),
        "voxel_volume_ml": _("mL"),
        "hu_mean": _("mean HU"),
        "hu_sd": _("sd HU"),
        "intensity_mean": _("mean"),
        "intensity_sd": _("sd"),
    }


def _pairColumns() -> dict[str, str]:
    return {
        "first": _("Segment"),
        "dice": _("Dice"),
        "hd95_boundary_mm": _("HD95 mm"),
        "volume_difference_percent_of_second": _("volume %"),
    }


def _button(layout: qt.QHBoxLayout, text: str, function: Any) -> qt.QPushButton:
    button = qt.QPushButton(text)
    button.connect("clicked()", function)
    layout.addWidget(button)
    return button


def _table(name: str) -> qt.QTableWidget:
    table = qt.QTableWidget()
    makeCompact(table, name)
    table.minimumHeight = table.maximumHeight = 110
    table.visible = False
    return table


def _chosen(box: qt.QComboBox) -> str:
    """ID of the node that is chosen; "" for none."""
    return box.itemData(box.currentIndex) if box.currentIndex >= 0 else ""


def _fillBox(box: qt.QComboBox, nodes: Sequence[Any], chosen: str, other: str) -> str:
    """List segmentations; the choice stays where it can, and else is not the other box's. Returns its ID."""
    ids = [node.GetID() for node in nodes]
    if chosen not in ids or chosen == other:
        chosen = next((one for one in ids if one != other), other)
    wasBlocked = box.blockSignals(True)
    box.clear()
    for node in nodes:
        box.addItem(node.GetName(), node.GetID())
    box.currentIndex = ids.index(chosen) if ids else -1
    box.blockSignals(wasBlocked)
    return chosen


def _show(table: qt.QTableWidget, role: Role, columns: Mapping[str, str]) -> None:
    """Show some columns of the table node of this role, or nothing where there is none."""
    node = next(iter(ownNodes([role])), None)
    table.visible = node is not None
    if node is None:
        return
    arrays = {name: node.GetTable().GetColumnByName(name) for name in columns}
    present = [name for name, array in arrays.items() if array is not None]
    table.setColumnCount(len(present))
    table.setHorizontalHeaderLabels([columns[name] for name in present])
    table.setRowCount(node.GetNumberOfRows())
    for column, name in enumerate(present):
        for row in range(node.GetNumberOfRows()):
            text = _text(arrays[name].GetValue(row))
            item = qt.QTableWidgetItem(text)
            item.setToolTip(text)
            table.setItem(row, column, item)
        mode = qt.QHeaderView.Stretch if column == 0 else qt.QHeaderView.ResizeToContents
        table.horizontalHeader().setSectionResizeMode(column, mode)


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return _("undefined") if math.isnan(value) else f"{value:.{_DIGITS}g}"
