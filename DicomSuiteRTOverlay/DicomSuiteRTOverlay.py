"""Lays segmentation masks over a volume: the module's four classes; the work is in DicomSuiteRTOverlayLib."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import slicer
import vtk
from slicer import vtkMRMLScalarVolumeNode
from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.parameterNodeWrapper import WithinRange, parameterNodeWrapper
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleLogic,
    ScriptedLoadableModuleTest,
    ScriptedLoadableModuleWidget,
)
from slicer.util import VTKObservationMixin

from DicomSuiteRTOverlayGui.mask_sources import isLabelmap, volumeOfSeries


class DicomSuiteRTOverlay(ScriptedLoadableModule):
    """What the application shows of the module."""

    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        parent.title = _("RT Overlay")
        parent.categories = [translate("qSlicerAbstractCoreModule", "Informatics")]
        parent.dependencies = ["DICOM", "Segmentations", "Volumes"]
        parent.contributors = ["DicomSuite contributors"]
        parent.helpText = _(
            "Lays segmentation masks over the volume they belong to: NRRD, NIfTI, MetaImage, DICOM RTSTRUCT and SEG. "
            "A mask lands where it belongs, or the panel says why it cannot; where the header does not tell, the "
            "likeliest places are shown to choose from. Masks can be measured, compared and exported."
        )
        parent.acknowledgementText = _(
            "Made by the DicomSuite contributors on top of 3D Slicer, VTK, highdicom and the DICOM standard."
        )


@parameterNodeWrapper
class DicomSuiteRTOverlayParameterNode:
    """What is saved with the scene; opacities in percent. Files and series that were chosen are not in it."""

    volume: vtkMRMLScalarVolumeNode
    keepShapes: bool = False
    fillOpacity: Annotated[int, WithinRange(0, 100)] = 40
    outlineOpacity: Annotated[int, WithinRange(0, 100)] = 90
    show3D: bool = False
    exportSeg: bool = False
    exportRtstruct: bool = False
    exportNrrd: bool = False
    exportSegNrrd: bool = True
    exportNifti: bool = False
    exportStl: bool = False
    exportObj: bool = False
    exportPly: bool = False


class DicomSuiteRTOverlayWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    """The module's panel. For example: `slicer.util.getModuleWidget("DicomSuiteRTOverlay").useSeries(uids)`."""

    def __init__(self, parent=None):
        ScriptedLoadableModuleWidget.__init__(self, parent)
        VTKObservationMixin.__init__(self)
        self.logic = None
        self._parameterNode = None
        self._parameterNodeGuiTag = None

    def setup(self):
        """Build the panel; called once."""
        from DicomSuiteRTOverlayGui.module_panel import ModulePanel  # Slicer's start has no time for SciPy

        ScriptedLoadableModuleWidget.setup(self)
        self.uiWidget = slicer.util.loadUI(self.resourcePath("UI/DicomSuiteRTOverlay.ui"))
        self.layout.addWidget(self.uiWidget)
        self.uiWidget.setMRMLScene(slicer.mrmlScene)
        self.ui = slicer.util.childWidgetVariables(self.uiWidget)
        self.logic = DicomSuiteRTOverlayLogic()
        self.panel = ModulePanel(self.ui)
        scene = slicer.mrmlScene
        for event, function in (
            (scene.StartCloseEvent, self.onSceneStartClose),
            (scene.EndCloseEvent, self.onSceneEndClose),
            (scene.EndImportEvent, self.onSceneEndImport),
        ):
            self.addObserver(scene, event, function)
        self.initializeParameterNode()
        if self.parent.isEntered:  # a reload of the module that is shown, which is not entered again
            self.enter()

    def cleanup(self):
        """Let go of everything that outlives the panel."""
        self.setParameterNode(None)
        self.removeObservers()
        self.panel.cleanup()

    def enter(self):
        """The user opens the module."""
        self.initializeParameterNode()
        scene = slicer.mrmlScene
        for event in (scene.NodeAddedEvent, scene.NodeRemovedEvent):
            if not self.hasObserver(scene, event, self.onNodesChanged):
                self.addObserver(scene, event, self.onNodesChanged)
        self.panel.enter()

    def exit(self):
        """The user goes to another module."""
        scene = slicer.mrmlScene
        for event in (scene.NodeAddedEvent, scene.NodeRemovedEvent):
            self.removeObserver(scene, event, self.onNodesChanged)
        self.panel.exit()
        self.setParameterNode(None)

    def onReload(self):
        """Reload the library with the module."""
        packages = ("DicomSuiteRTOverlayLib", "DicomSuiteRTOverlayGui")
        for name in [name for name in sys.modules if name.partition(".")[0] in packages]:
            del sys.modules[name]
        ScriptedLoadableModuleWidget.onReload(self)

    def onSceneStartClose(self, caller, event):
        """The parameter node is about to go."""
        self.setParameterNode(None)

    def onSceneEndClose(self, caller, event):
        """A new scene needs a new parameter node, where the module is shown."""
        self.panel.sceneClosed()
        if self.parent.isEntered:
            self.initializeParameterNode()

    def onSceneEndImport(self, caller, event):
        """A scene was loaded, and its parameter node with it."""
        self.panel.restore()
        if self.parent.isEntered:
            self.initializeParameterNode()

    def onNodesChanged(self, caller, event):
        """Something was added or removed."""
        if not caller.IsClosing() and not caller.IsImporting():
            self.panel.sceneChanged()

    def initializeParameterNode(self):
        """Use the scene's parameter node, and the first volume where none is chosen."""
        self.setParameterNode(self.logic.getParameterNode())
        if self._parameterNode.volume is None:
            volumes = slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")
            first = next((node for node in volumes if not isLabelmap(node)), None)
            if first is not None:
                self._parameterNode.volume = first

    def setParameterNode(self, parameterNode):
        """Bind the controls to `parameterNode`, or to none."""
        if self._parameterNode is not None:
            self._parameterNode.disconnectGui(self._parameterNodeGuiTag)
            # The node, not its wrapper: the mixin keeps for good what it has once observed.
            self.removeObserver(
                self._parameterNode.parameterNode, vtk.vtkCommand.ModifiedEvent, self._onParametersChanged
            )
        self._parameterNode = parameterNode
        if parameterNode is not None:
            self._parameterNodeGuiTag = parameterNode.connectGui(self.uiWidget)
            self.addObserver(parameterNode.parameterNode, vtk.vtkCommand.ModifiedEvent, self._onParametersChanged)
            self._onParametersChanged()

    def useSeries(self, seriesInstanceUIDs):
        """Choose the volume that was loaded from one of these series, and tick the masks among them."""
        if self._parameterNode is None:
            self.initializeParameterNode()
        volume = volumeOfSeries(seriesInstanceUIDs)
        if volume is not None:
            self._parameterNode.volume = volume
        self.panel.masks.useSeries(seriesInstanceUIDs)

    def _onParametersChanged(self, caller=None, event=None):
        self.panel.setParameters(self._parameterNode)


class DicomSuiteRTOverlayLogic(ScriptedLoadableModuleLogic):
    """What the module does without a window."""

    def getParameterNode(self):
        """The scene's parameter node, typed."""
        return DicomSuiteRTOverlayParameterNode(super().getParameterNode())


class DicomSuiteRTOverlayTest(ScriptedLoadableModuleTest):
    """Reload and Test: the panel's essentials in the running application, on a synthetic study."""

    def setUp(self):
        """Begin with an empty scene."""
        slicer.mrmlScene.Clear()

    def runTest(self):
        """Run every check."""
        self.setUp()
        self.test_mask_of_a_synthetic_study_is_placed()

    def test_mask_of_a_synthetic_study_is_placed(self):
        from DicomSuiteLib import cli
        from DicomSuiteLib.synthetic_study import write_synthetic_study

        folder = Path(slicer.util.tempDirectory())
        study = write_synthetic_study(folder / "study")
        words = ["overlay", str(study.ct_files[0].parent), str(study.mask_file), "--out", str(folder / "out")]
        self.assertEqual(cli.main([*words, "--progress", "none"]), 0)
