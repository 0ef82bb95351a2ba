"""Lays segmentation masks over a volume: the module's four classes; the work is in DicomSuiteRTOverlayLib."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import slicer
from slicer import vtkMRMLScalarVolumeNode
from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.parameterNodeWrapper import WithinRange, parameterNodeWrapper
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleLogic,
    ScriptedLoadableModuleTest,
)

from DicomSuiteGui.volume_module_widget import VolumeModuleWidget


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


class DicomSuiteRTOverlayWidget(VolumeModuleWidget):
    """The module's panel. For example: `slicer.util.getModuleWidget("DicomSuiteRTOverlay").useSeries(uids)`."""

    def makeLogic(self):
        """The module's logic."""
        return DicomSuiteRTOverlayLogic()

    def makePanel(self):
        """The parts of the panel."""
        from DicomSuiteRTOverlayGui.module_panel import ModulePanel  # Slicer's start has no time for SciPy

        return ModulePanel(self.ui)

    def enter(self):
        """The user opens the module."""
        scene = slicer.mrmlScene
        for event in (scene.NodeAddedEvent, scene.NodeRemovedEvent):
            if not self.hasObserver(scene, event, self.onNodesChanged):
                self.addObserver(scene, event, self.onNodesChanged)
        super().enter()

    def exit(self):
        """The user goes to another module."""
        scene = slicer.mrmlScene
        for event in (scene.NodeAddedEvent, scene.NodeRemovedEvent):
            self.removeObserver(scene, event, self.onNodesChanged)
        super().exit()

    def onSceneEndClose(self, caller, event):
        """Nothing is left of the scene."""
        self.panel.sceneClosed()
        super().onSceneEndClose(caller, event)

    def onSceneEndImport(self, caller, event):
        """A scene was loaded, perhaps with masks that lie on a volume."""
        self.panel.restore()
        super().onSceneEndImport(caller, event)

    def onNodesChanged(self, caller, event):
        """Something was added or removed."""
        if not caller.IsClosing() and not caller.IsImporting():
            self.panel.sceneChanged()

    def useSeries(self, seriesInstanceUIDs):
        """Choose the volume that was loaded from one of these series, and tick the masks among them."""
        self.useVolumeOf(seriesInstanceUIDs)
        self.panel.masks.useSeries(seriesInstanceUIDs)


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
