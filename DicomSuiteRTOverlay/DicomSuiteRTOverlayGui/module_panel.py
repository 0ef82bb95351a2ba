"""The parts of the module's panel, and how they work together: masks, verdicts, look, measures, export."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from DicomSuiteGui.query_activity import QueryActivity
from DicomSuiteRTOverlayGui.choice_panel import ChoicePanel
from DicomSuiteRTOverlayGui.entries import Entry, restoredEntries
from DicomSuiteRTOverlayGui.export_panel import ExportPanel
from DicomSuiteRTOverlayGui.look import applyLook
from DicomSuiteRTOverlayGui.mask_sources import nodeMask
from DicomSuiteRTOverlayGui.masks_panel import MasksPanel
from DicomSuiteRTOverlayGui.measures_panel import MeasuresPanel
from DicomSuiteRTOverlayGui.overlay_query import OverlayAnswer, OverlayQuery, Question, asGiven
from DicomSuiteRTOverlayGui.own_nodes import Role, ownNodes, removeNode, removeOwnNodes
from DicomSuiteRTOverlayGui.placed_nodes import centreOf, takeIn, takeInAccepted
from DicomSuiteRTOverlayGui.preview import Preview
from DicomSuiteRTOverlayGui.results_panel import ResultsPanel
from DicomSuiteRTOverlayGui.surfaces import SURFACES, addSurfaces, haveSurfaces, readSurfaces


class ModulePanel:
    """Fills the places that the .ui file has left for the parts."""

    def __init__(self, ui) -> None:
        self._ui = ui
        self._parameters = None
        self._isEntered = self._isShownIn3D = False
        self._entries: list[Entry] = []
        self._settling = qt.QTimer()
        self._settling.setSingleShot(True)
        self._settling.connect("timeout()", self._onSceneSettled)
        self.activity = QueryActivity(OverlayQuery)
        self.masks = MasksPanel()
        self.results = ResultsPanel()
        self.choice = ChoicePanel()
        self.preview = Preview()
        self.measures = MeasuresPanel(self.activity)
        self.export = ExportPanel(_formatBoxes(ui))
        for place, part in (
            (ui.masksPlace, self.masks),
            (ui.resultsPlace, self.results),
            (ui.choicePlace, self.choice),
            (ui.measuresPlace, self.measures),
            (ui.exportPlace, self.export),
        ):
            place.layout().addWidget(part.widget)
        ui.placeButton.connect("clicked()", self._onPlace)
        ui.removeButton.connect("clicked()", self._onRemoveAll)
        self.masks.changed.connect(self.update)
        self.activity.changed.connect(self._onActivity)
        self.results.selectionChanged.connect(self._onOtherMask)
        self.choice.changed.connect(self._showPreview)
        self.choice.accepted.connect(self._onAccept)
        self.restore()

    def enter(self) -> None:
        """The module is shown."""
        self._isEntered = True
        self.masks.enter()
        self.export.enter()
        self._forgetGone()
        self._showPreview()

    def exit(self) -> None:
        """Another module is shown: what is not decided on is not left in the views."""
        self._isEntered = False
        self._settling.stop()
        self.preview.clear()
        self.masks.exit()

    def cleanup(self) -> None:
        """Let go of everything that outlives the panel."""
        self._settling.stop()
        self.preview.clear()
        self.activity.cleanup()
        self.masks.exit()
        self.export.cleanup()

    def restore(self) -> None:
        """Show what a scene holds that was loaded."""
        self.preview.clear()
        self.activity.cleanup()
        self._entries = restoredEntries()
        self._showEntries(None)

    def setParameters(self, parameters) -> None:
        """Follow the parameters that concern more than one control."""
        self._parameters = parameters
        self.masks.setVolume(parameters.volume)
        self._applyLook()
        wasShown, self._isShownIn3D = self._isShownIn3D, parameters.show3D
        if not wasShown:
            self._makeSurfaces(self._ui.lookPlace.layout())
        self.update()

    def sceneClosed(self) -> None:
        """Nothing is left of the scene, and what comes next may be another patient."""
        self.masks.forgetFiles()
        self.restore()

    def sceneChanged(self) -> None:
        """Nodes have come or gone, perhaps many at once."""
        self._settling.start(0)

    def update(self) -> None:
        """Enable what can be done now, and say why the rest cannot."""
        reason = self._whyNotPlace()
        self._ui.placeButton.enabled = not reason
        self._ui.placeButton.toolTip = reason or _("Find out where the ticked masks belong, and lay them there")
        isAny = bool(ownNodes())
        self._ui.removeButton.enabled = isAny and not self.activity.isBusy
        self._ui.removeButton.toolTip = self.activity.reason or (
            _("Take away every node that this module has made")
            if isAny
            else _("There is nothing of this module in the scene.")
        )
        self.choice.setObstacle(self.activity.reason)
        self.measures.setContents(self._volume, self._segmentations())
        self.export.setContents(self._volume, self._segmentations())

    @property
    def entries(self) -> tuple[Entry, ...]:
        """What became of each mask, in the order of the table."""
        return tuple(self._entries)

    @property
    def _volume(self) -> Any:
        return None if self._parameters is None else self._parameters.volume

    def _segmentations(self) -> list[Any]:
        """Those that lie on the chosen volume."""
        volume = self._volume
        volumeID = "" if volume is None else volume.GetID()
        return [
            node
            for node in ownNodes([Role.SEGMENTATION])
            if node.GetNodeReferenceID(node.GetReferenceImageGeometryReferenceRole()) == volumeID
        ]

    def _whyNotPlace(self) -> str:
        if self.activity.isBusy:
            return self.activity.reason
        if self._volume is None or self._volume.GetImageData() is None:
            return _("Choose a volume first.")
        return "" if self.masks.chosen else _("Tick or add a mask first.")

    def _onActivity(self) -> None:
        self._applyLook()
        self.update()
        self._showPreview()

    # Placing and accepting

    def _onPlace(self) -> None:
        self.preview.clear()
        question = Question(self._volume, self.masks.chosen, ("--previews", *self._resampling()))
        self.activity.ask(question, lambda answer: self._onPlaced(answer, question), self._ui.placingPlace.layout())

    def _resampling(self) -> tuple[str, ...]:
        return ("--smooth",) if self._parameters.keepShapes else ()

    def _onPlaced(self, answer: OverlayAnswer, question: Question) -> None:
        volume, sources = question.volumeNode, question.masks
        movers = len(ownNodes([Role.SLICES]))
        new = takeIn(answer, volume, sources)
        for entry in [old for old in self._entries if old.source in sources and old.volumeID == volume.GetID()]:
            self._entries.remove(entry)
            if entry.node is not None:
                removeNode(entry.node)
        self._entries += new
        waiting = next((entry for entry in new if entry.state == "waits"), new[0])
        self._showEntries(waiting)
        _lookAt(new, volume)
        isMoved = len(ownNodes([Role.SLICES])) > movers
        self.activity.sayIn(self._ui.placingPlace.layout(), _summary(new, answer, isMoved))
        self._makeSurfaces()

    def _onAccept(self) -> None:
        entry, place = self.results.selected, self.choice.place
        self.preview.clear()
        question = Question(entry.volumeNode, [entry.source], ("--accept", f"1={place}", *self._resampling()))
        self.activity.ask(question, lambda answer: self._onAccepted(entry, answer), self._ui.choicePlace.layout())

    def _onAccepted(self, entry: Entry, answer: OverlayAnswer) -> None:
        takeInAccepted(answer, entry)
        self._showEntries(entry)
        self._makeSurfaces()

    def _showEntries(self, selected: Entry | None) -> None:
        self.results.show(self._entries, selected or self.results.selected)
        self.choice.show(self.results.selected)
        self.update()

    def _onOtherMask(self) -> None:
        self.choice.show(self.results.selected)
        self._showPreview()

    def _showPreview(self) -> None:
        entry = self.results.selected
        isFree = self._isEntered and not self.activity.isBusy
        if isFree and self.choice.isTried and entry.volumeNode is not None:
            self.preview.show(entry, self.choice.geometry)
        else:
            self.preview.clear()

    def _onSceneSettled(self) -> None:
        self.masks.refresh()
        self._forgetGone()

    def _forgetGone(self) -> None:
        """Masks whose segmentation the user has removed, or whose volume before they were placed."""
        kept = [entry for entry in self._entries if (entry.node if entry.nodeID else entry.volumeNode) is not None]
        if len(kept) != len(self._entries):
            self._entries = kept
            self._showEntries(None)
        self.update()

    # Look and end

    def _applyLook(self) -> None:
        parameters = self._parameters
        if parameters is None:
            return
        applyLook(parameters.fillOpacity, parameters.outlineOpacity, parameters.show3D)

    def _makeSurfaces(self, place: qt.QLayout | None = None) -> None:
        """Where they are wanted and missing; `place` as in `QueryActivity.ask`."""
        volume, nodes = self._volume, self._segmentations()
        isWanted = self._parameters is not None and self._parameters.show3D
        if isWanted and nodes and not haveSurfaces(nodes) and not self.activity.isBusy:
            options = (*SURFACES, *asGiven(len(nodes)))
            question = Question(volume, [nodeMask(node) for node in nodes], options, readSurfaces)
            self.activity.ask(question, lambda answer: addSurfaces(answer, nodes, volume), place)

    def _onRemoveAll(self) -> None:
        self.preview.clear()
        removeOwnNodes()
        self._entries = []
        self._showEntries(None)
        self.activity.sayIn(self._ui.placingPlace.layout(), "")


def _formatBoxes(ui) -> dict[str, Any]:
    return {
        "seg": ui.exportSegBox,
        "rtstruct": ui.exportRtstructBox,
        "nrrd": ui.exportNrrdBox,
        "seg.nrrd": ui.exportSegNrrdBox,
        "nifti": ui.exportNiftiBox,
        "stl": ui.exportStlBox,
        "obj": ui.exportObjBox,
        "ply": ui.exportPlyBox,
    }


def _lookAt(entries: Sequence[Entry], volume: Any) -> None:
    """Show the volume and the middle of the first mask in the slice views."""
    composites = slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode")
    if composites and all(node.GetBackgroundVolumeID() != volume.GetID() for node in composites):
        slicer.util.setSliceViewerLayers(background=volume, fit=True)
    centre = next((centreOf(entry.node) for entry in entries if entry.node is not None), None)
    if centre is not None:
        slicer.vtkMRMLSliceNode.JumpAllSlices(slicer.mrmlScene, *centre)


def _summary(entries: Sequence[Entry], answer: OverlayAnswer, isMoved: bool) -> str:
    """What became of the masks, and what is unusual about the volume."""
    states = [entry.state for entry in entries]
    lines = [
        _("{placed} placed, {waiting} waiting for your choice, {refused} refused.").format(
            placed=states.count("placed"), waiting=states.count("waits"), refused=states.count("refused")
        )
    ]
    if isMoved:
        lines.append(
            _("The slices are not evenly spaced or tilted; a transform now shows each at its own position.")
        )
    lines += answer.facts["volume"]["notes"]
    return "\n".join(lines)
