"""Measures what the user draws in the views, and the voxels between two values; a table of it, and a CSV file."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import qt
import slicer
from slicer.i18n import tr as _

from DicomSuiteGui.crosshair import jumpTo
from DicomSuiteGui.push_buttons import addPushButton
from DicomSuiteGui.scene_changes import SceneChanges
from DicomSuiteGui.shown_views import whyNoViews
from DicomSuiteGui.stored_settings import storedSettings
from DicomSuiteGui.tool_buttons import setPossible
from DicomSuiteLib.errors import DicomSuiteError
from DicomSuiteLib.geometry import RAS_SIGNS
from DicomSuiteLib.node_roles import remove_with_companions
from DicomSuiteRenderGui.drawn_measures import ROI, Tool, drawings, newDrawing, tools
from DicomSuiteRenderGui.inspection_nodes import InspectionRole, roleOf
from DicomSuiteRenderGui.live_measures import LiveMeasures
from DicomSuiteRenderGui.measure_table import MeasureTable, Row
from DicomSuiteRenderGui.placing import Placing
from DicomSuiteRenderGui.scene_volumes import SceneVolumes
from DicomSuiteRenderGui.threshold_form import ThresholdForm
from DicomSuiteRenderLib.markups_measurements import measure_markups
from DicomSuiteRenderLib.measurement_table import write_measurements
from DicomSuiteRenderLib.measurements import Measurement

_COLUMNS = 2


class MeasurementsPanel:
    """Follows the drawings from `enter` to `exit`; they stay in the scene, thresholds as long as their volume does."""

    def __init__(self) -> None:
        self._volumeNode: Any = None
        self._isEntered = False
        self._thresholds: list[tuple[Any, Measurement]] = []
        self._volumes = SceneVolumes(self._applySource)
        self._live = LiveMeasures(self._show)
        self._changes = SceneChanges(self._onSceneChanged)
        self._placing = Placing(self._onPlacingEnded)
        self._tools = tools()
        self._build()
        self._show()

    def setVolume(self, node: Any) -> None:
        """Take the statistics from this volume."""
        if node is not self._volumeNode:
            self._volumeNode = node
            self._volumes.forget()
            self._applySource()

    def setParameters(self, parameters: Any) -> None:
        """No parameter concerns the measurements."""

    def enter(self) -> None:
        """The module is shown."""
        self._isEntered = True
        self._changes.follow()
        self._applySource()
        self._onSceneChanged()

    def exit(self) -> None:
        """Another module is shown."""
        self._isEntered = False
        self._placing.stop()
        self._changes.stop()
        self._live.stop()
        self.threshold.stop()
        self._volumes.forget()

    def cleanup(self) -> None:
        """Let go of everything that outlives the panel."""
        self.exit()

    @property
    def isMeasuring(self) -> bool:
        """Whether something is still to be told."""
        return self._live.isMeasuring or self.threshold.isMeasuring

    @property
    def measurements(self) -> list[Measurement]:
        """What the table tells, in its order."""
        return [row.measurement for row in self._rows() if row.measurement is not None]

    def saveTo(self, path: Path) -> None:
        """Write the table as CSV; says so, or why it cannot be written."""
        try:
            write_measurements(path, self.measurements)
        except DicomSuiteError as error:
            self._say(str(error))
        else:
            self._say(_("{count} measurements saved.").format(count=len(self.measurements)))

    def _build(self) -> None:
        self.widget = qt.QWidget()
        layout = qt.QVBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(self._buildTools())
        self.threshold = ThresholdForm(self._onThreshold, self._say)
        layout.addWidget(self.threshold.widget)
        self.table = MeasureTable()
        self.table.selected.connect(self._onSelected)
        self.table.renamed.connect(self._onRenamed)
        layout.addWidget(self.table.widget)
        row = qt.QHBoxLayout()
        self.removeButton = addPushButton(row, _("&Remove"), self._onRemove)
        self.removeAllButton = addPushButton(row, _("Remove a&ll"), self._onRemoveAll)
        self.saveButton = addPushButton(row, _("&Save as CSV…"), self._onSave)
        layout.addLayout(row)
        self.statusLabel = qt.QLabel()
        self.statusLabel.wordWrap = True
        self.statusLabel.textFormat = qt.Qt.PlainText
        self.statusLabel.visible = False
        layout.addWidget(self.statusLabel)

    def _buildTools(self) -> qt.QGridLayout:
        grid = qt.QGridLayout()
        self.toolButtons: dict[str, qt.QPushButton] = {}
        for number, tool in enumerate(self._tools):
            button = qt.QPushButton(tool.label)
            button.checkable = True
            button.connect("clicked()", partial(self._onTool, tool))
            grid.addWidget(button, number // _COLUMNS, number % _COLUMNS)
            self.toolButtons[tool.className] = button
        return grid

    def _applySource(self) -> None:
        """Give the volume to whatever measures its voxels."""
        node, source, scalarRange = self._volumeNode, None, (0.0, 0.0)
        if self._isEntered and node is not None:
            try:
                source = self._volumes.volume(node), self._volumes.unit(node)
                scalarRange = node.GetImageData().GetScalarRange()
            except DicomSuiteError as error:
                self._say(str(error))
        self._live.setSource(source)
        self.threshold.setSource(source, scalarRange)

    def _rows(self) -> list[Row]:
        drawn = [Row(one.node.GetName(), one.node, one.measurement, one.trouble) for one in self._live.drawn]
        return [*drawn, *(Row(measured.name, None, measured) for _volume, measured in self._thresholds)]

    def _show(self) -> None:
        self.table.show(self._rows())
        self._updateButtons()

    def _updateButtons(self) -> None:
        noViews = whyNoViews()
        for tool in self._tools:
            setPossible(self.toolButtons[tool.className], noViews, f"{tool.toolTip}. {tool.hint}")
        whyNone = "" if self._rows() else _("Nothing was measured yet.")
        whyNotOne = whyNone or ("" if self.table.chosen else _("Select a measurement first."))
        setPossible(self.removeButton, whyNotOne, _("Take the selected measurements away"))
        setPossible(self.removeAllButton, whyNone, _("Take away every measurement that was made here"))
        setPossible(self.saveButton, whyNone, _("Every number, in full precision, as a table for a spreadsheet"))

    def _say(self, text: str) -> None:
        self.statusLabel.text = text
        self.statusLabel.visible = bool(text)

    def _onSceneChanged(self) -> None:
        scene = slicer.mrmlScene
        self._thresholds = [pair for pair in self._thresholds if scene.IsNodePresent(pair[0])]
        nodes = drawings()
        self.threshold.setBoxes([node for node in nodes if node.IsA(ROI)])
        self._live.follow(nodes)

    def _onTool(self, tool: Tool) -> None:
        wasPlaced = self._placing.node
        self._placing.stop()
        if wasPlaced is None or not wasPlaced.IsA(tool.className):
            self._placing.start(newDrawing(tool), isPersistent=False)
            self._say(tool.hint)
        self._updateTools()

    def _onPlacingEnded(self, node: Any) -> None:
        """What was not finished is not left in the scene."""
        self._say("")
        try:
            measure_markups(node)
        except DicomSuiteError as error:
            if node.GetNumberOfDefinedControlPoints() > 0:
                self._say(str(error))
            if slicer.mrmlScene.IsNodePresent(node):
                remove_with_companions(node)
        self._updateTools()

    def _updateTools(self) -> None:
        placed = self._placing.node
        for className, button in self.toolButtons.items():
            button.checked = placed is not None and placed.IsA(className)

    def _onThreshold(self, measurement: Measurement) -> None:
        self._thresholds.append((self._volumeNode, measurement))
        self._say("")
        self._show()

    def _onSelected(self) -> None:
        self._updateButtons()
        chosen = self.table.chosen
        points = chosen[0].measurement.points if len(chosen) == 1 and chosen[0].measurement is not None else ()
        if points:
            jumpTo(tuple((np.mean(points, axis=0) * RAS_SIGNS).tolist()))

    def _onRenamed(self, number: int, name: str) -> None:
        row = self._rows()[number]
        if row.node is not None:
            row.node.SetName(name)
        else:
            index = number - len(self._live.drawn)
            volume, measurement = self._thresholds[index]
            self._thresholds[index] = volume, replace(measurement, name=name)
        self._show()

    def _onRemove(self) -> None:
        self._take(self.table.chosen)

    def _onRemoveAll(self) -> None:
        self._take([row for row in self._rows() if row.node is None or roleOf(row.node) is InspectionRole.MEASUREMENT])

    def _take(self, rows: list[Row]) -> None:
        gone = [row.measurement for row in rows if row.node is None]
        self._thresholds = [pair for pair in self._thresholds if not any(pair[1] is one for one in gone)]
        self._live.follow([])
        for row in rows:
            if row.node is not None:
                remove_with_companions(row.node)
        self._onSceneChanged()
        self._say("")

    def _onSave(self) -> None:
        start = storedSettings().output_path() / _("measurements.csv")
        path = qt.QFileDialog.getSaveFileName(
            slicer.util.mainWindow(), _("Save the measurements"), str(start), f"{_('Table')} (*.csv)"
        )
        if path:
            self.saveTo(Path(path))
