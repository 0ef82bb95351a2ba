"""The parts of the module's panel, and how they work together: a volume, a mode, a view, and what is taken along."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import slicer
from slicer.i18n import tr as _

from DicomSuiteGui.loaded_volumes import describedVolume, firstFileOf
from DicomSuiteGui.scene_changes import SceneChanges
from DicomSuiteGui.tool_buttons import setPossible
from DicomSuiteLib.errors import DicomSuiteError
from DicomSuiteLib.volumes import Volume
from DicomSuiteRenderGui.compare_panel import ComparePanel
from DicomSuiteRenderGui.crop_roi import cropRoi, existingRoi, hideRoi
from DicomSuiteRenderGui.export_panel import ExportPanel, ExportSource
from DicomSuiteRenderGui.histogram_panel import HistogramPanel
from DicomSuiteRenderGui.inspector_panel import InspectorPanel
from DicomSuiteRenderGui.levels_panel import LevelsPanel
from DicomSuiteRenderGui.measurements_panel import MeasurementsPanel
from DicomSuiteRenderGui.metadata_panel import MetadataPanel
from DicomSuiteRenderGui.mode_display import ModeDisplay
from DicomSuiteRenderGui.mode_words import modeLabel
from DicomSuiteRenderGui.modes_panel import ModesPanel
from DicomSuiteRenderGui.view_targets import ViewTarget, shownViews
from DicomSuiteRenderGui.volume_watch import VolumeWatch
from DicomSuiteRenderGui.window_panel import WindowPanel
from DicomSuiteRenderLib.applied_mode import AppliedMode
from DicomSuiteRenderLib.built_in_modes import built_in_modes
from DicomSuiteRenderLib.markups_measurements import box_of_roi
from DicomSuiteRenderLib.native_mode import in_native_values
from DicomSuiteRenderLib.own_nodes import remove_orphans
from DicomSuiteRenderLib.render_mode import RenderMode, ValueScale


class ModulePanel:
    """Fills the places that the .ui file has left for the parts."""

    def __init__(self, ui) -> None:
        self._ui = ui
        self._parameters: Any = None
        self._volumeNode: Any = None
        self._wanted: RenderMode | None = None
        self._isCropped = False
        self._isEntered = False
        self._obstacle = ""
        self._boxToolTips = {box: box.toolTip for box in (ui.removeTableBox, ui.cropBox)}
        self._target = ViewTarget()
        self._changes = SceneChanges(self._onSceneSettled)
        self._watch = VolumeWatch()
        self._watch.displayChanged.connect(self._onDisplayChanged)
        self._watch.voxelsChanged.connect(self._readVolume)
        self.display = ModeDisplay()
        self.modes = ModesPanel(lambda: self.display.current(self._volumeNode, self._viewNode))
        self.levels = LevelsPanel()
        self.window = WindowPanel()
        self.histogram = HistogramPanel()
        self.inspector = InspectorPanel()
        self.measurements = MeasurementsPanel()
        self.compare = ComparePanel()
        self.metadata = MetadataPanel()
        self.export = ExportPanel(self._exportSource)
        self._followers = (
            self.window, self.histogram, self.inspector, self.measurements, self.compare, self.metadata
        )  # fmt: skip
        self._place()
        self.modes.chosen.connect(self.showMode)
        self.modes.resetAsked.connect(self._onReset)
        self.histogram.modeWanted.connect(self.showMode)
        self.levels.changed.connect(self._onLevels)
        self.display.changed.connect(self._onDisplay)
        ui.viewBox.connect("currentNodeChanged(vtkMRMLNode*)", self._onOtherView)
        ui.volumeBox.connect("nodeActivated(vtkMRMLNode*)", self._onVolumePicked)

    def enter(self) -> None:
        """The module is shown."""
        self._isEntered = True
        layout = slicer.app.layoutManager()
        if layout is not None:
            layout.connect("layoutChanged(int)", self._onLayout)
        self._changes.follow()
        self._watch.follow(self._volumeNode)
        for part in (self.modes, self.export, *self._followers):
            part.enter()
        self.modes.paint(self._volumeNode)
        self._onDisplay()

    def exit(self) -> None:
        """Another module is shown; what was begun goes on."""
        if not self._isEntered:
            return
        self._isEntered = False
        layout = slicer.app.layoutManager()
        if layout is not None:
            layout.disconnect("layoutChanged(int)", self._onLayout)
        self._changes.stop()
        self._watch.follow(None)
        for part in (self.modes, *self._followers):
            part.exit()

    def cleanup(self) -> None:
        """Let go of everything that outlives the panel."""
        self.exit()
        for part in (self.levels, self.export, *self._followers):
            part.cleanup()
        self.sceneCloses()
        self._ui.viewBox.disconnect("currentNodeChanged(vtkMRMLNode*)", self._onOtherView)
        self._ui.volumeBox.disconnect("nodeActivated(vtkMRMLNode*)", self._onVolumePicked)

    def sceneCloses(self) -> None:
        """Hold nothing of the scene any more."""
        self.export.cleanup()
        self.display.forget()
        self._target.close()
        self._setVolume(None)

    def setParameters(self, parameters: Any) -> None:
        """Follow the parameters."""
        self._parameters = parameters
        if parameters is None:
            return
        if parameters.volume is not self._volumeNode:
            self._setVolume(parameters.volume)
        for part in (self.export, *self._followers):
            part.setParameters(parameters)
        self._followChoices()

    def showVolume(self) -> None:
        """Show the volume in the slice views."""
        if slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode"):
            slicer.util.setSliceViewerLayers(background=self._volumeNode, fit=True)

    def showMode(self, mode: RenderMode, keepsCamera: bool = False) -> None:
        """Show the volume as a mode says, in the chosen view; one is brought up where there is none."""
        self._wanted = mode
        self._parameters.removeTable = mode.removes_table
        try:
            viewNode = self._target.opened(self._ui.viewBox.currentNode())
            crop = cropRoi(self._volumeNode) if self._parameters.crop else None
        except DicomSuiteError as error:
            self.display.say(str(error))
            self._onDisplay()
            return
        self.display.show(mode, self._volumeNode, viewNode, crop, keepsCamera)

    @property
    def _viewNode(self) -> Any:
        return self._target.current(self._ui.viewBox.currentNode())

    @property
    def _applied(self) -> AppliedMode | None:
        return self.display.shown(self._volumeNode, self._viewNode)

    def _place(self) -> None:
        ui = self._ui
        for place, part in (
            (ui.modesPlace, self.modes),
            (ui.activityPlace, self.display),
            (ui.windowPlace, self.window),
            (ui.histogramPlace, self.histogram),
            (ui.surfacesPlace, self.levels),
            (ui.inspectorPlace, self.inspector),
            (ui.measurementsPlace, self.measurements),
            (ui.comparePlace, self.compare),
            (ui.metadataPlace, self.metadata),
            (ui.exportPlace, self.export),
        ):
            place.layout().addWidget(part.widget)

    def _setVolume(self, volumeNode: Any) -> None:
        self._volumeNode = volumeNode
        self._watch.follow(volumeNode if self._isEntered else None)
        if not self.display.isBusy:
            self.display.say("")  # it was about the former volume
        self._readVolume()
        self._onDisplay()

    def _readVolume(self) -> None:
        """What the voxels are; also when they have changed."""
        volume = None
        try:
            node = self._volumeNode
            volume = None if node is None else describedVolume(node, firstFileOf(node))
            self._obstacle = _whyNoModes(volume)
        except DicomSuiteError as error:
            self._obstacle = str(error)
        for part in self._followers:  # a node that is just being made has no voxels yet
            part.setVolume(self._volumeNode if volume is not None else None)
        self.modes.setModality(volume.modality if volume is not None else "")
        if self._isEntered:
            self.modes.paint(self._volumeNode if volume is not None else None)
        self._setRange(volume)
        self._update()

    def _setRange(self, volume: Volume | None) -> None:
        if volume is not None:
            low, high = self._volumeNode.GetImageData().GetScalarRange()
            self.levels.setRange(low, max(high, low + 1), _("HU") if volume.modality == "CT" else "")

    def _update(self) -> None:
        """Enable what can be done now, and say why the rest cannot."""
        ui, views = self._ui, shownViews()
        ui.viewBox.visible = ui.viewBoxLabel.visible = len(views) > 1
        ui.noticeLabel.text = self._notice(len(views))
        ui.noticeLabel.visible = bool(ui.noticeLabel.text)
        self.modes.setObstacle(self._obstacle)
        self.modes.setResettable(self.display.isResettable(self._viewNode))
        setPossible(self.levels.widget, self._obstacle, "")
        for box, toolTip in self._boxToolTips.items():
            setPossible(box, self._obstacle, toolTip)
        self.export.update()

    def _notice(self, views: int) -> str:
        if self._volumeNode is not None and self._obstacle:
            return self._obstacle
        if self._target.isInMemory:
            return _("There are no views here. What a mode makes of the volume can be exported.")
        return "" if views else _("The layout has no 3D view; a mode brings one up.")

    def _followChoices(self) -> None:
        """Show the mode again where table or crop box were ticked or unticked."""
        wanted, parameters = self._wanted, self._parameters
        isOtherCrop, self._isCropped = parameters.crop != self._isCropped, parameters.crop
        if self._volumeNode is not None and not parameters.crop and isOtherCrop:
            hideRoi(self._volumeNode)
        if wanted is not None and (isOtherCrop or wanted.removes_table != parameters.removeTable):
            self.showMode(replace(wanted, removes_table=parameters.removeTable), keepsCamera=True)

    def _onDisplay(self) -> None:
        """Mark what is shown, unless something else is on its way."""
        applied = self._applied
        if not self.display.isBusy:
            self._wanted = applied and applied.mode
        key = applied.mode.key if applied else ""
        self.modes.setShown(key)
        if applied is not None:
            self.levels.setLevels(in_native_values(applied.mode, applied.window).levels)
        if self._parameters is not None and self._volumeNode is not None and self._parameters.mode != key:
            self._parameters.mode = key
        self._update()

    def _onReset(self) -> None:
        if self._volumeNode is not None:
            hideRoi(self._volumeNode)
        self._wanted = None
        self._parameters.crop = False
        self.display.reset(self._viewNode)

    def _onLevels(self) -> None:
        """The surfaces as edited, with what else the view shows; without a mode, with what belongs to bone."""
        applied = self._applied
        mode = in_native_values(applied.mode, applied.window) if applied else built_in_modes()[0]
        if mode.look is None and not self.levels.levels:
            self._onReset()
            return
        mode = replace(mode, levels=self.levels.levels, scale=ValueScale.NATIVE)
        self.showMode(mode, keepsCamera=applied is not None)

    def _onDisplayChanged(self) -> None:
        if not self.display.isBusy:
            self.display.followWindow(self._volumeNode, self._viewNode)

    def _onVolumePicked(self, volumeNode: Any) -> None:
        """The user has chosen another volume, and wants to see it."""
        if volumeNode is not None and not self.compare.isSideBySide:
            self._parameters.volume = volumeNode
            self.showVolume()

    def _onOtherView(self, viewNode: Any) -> None:
        self._onDisplay()

    def _onLayout(self, layout: int) -> None:
        self._onDisplay()

    def _onSceneSettled(self) -> None:
        if self._parameters is not None and self._parameters.volume is not self._volumeNode:
            self._setVolume(self._parameters.volume)
            remove_orphans()
        self._onDisplay()

    def _exportSource(self) -> ExportSource | None:
        if self._volumeNode is None or self._obstacle:
            return None
        applied = self._applied
        words = modeLabel(applied.mode) if applied else _("3D view")
        roi = existingRoi(self._volumeNode) if self._parameters.crop else None
        box = None if roi is None else box_of_roi(roi)
        return ExportSource(
            self._volumeNode, self._openView, words, self.levels.levels, box, self._parameters.removeTable
        )

    def _openView(self, size: tuple[int, int]) -> Any:
        return self._target.drawn(self._target.opened(self._ui.viewBox.currentNode()), size)


def _whyNoModes(volume: Volume | None) -> str:
    if volume is None:
        return _("Choose a volume first.")
    if min(volume.voxels.shape) < 2:
        return _("This is a single image: 3D needs two or more voxels along every axis. The slice views show it.")
    return ""
