"""Shows, measures and exports volumes: the module's four classes; the work is in DicomSuiteRenderLib."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

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
from DicomSuiteRenderGui.export_choices import SliceFormat, SlicePlanes, SurfaceFormat, TurntableFormat

_PICTURE_EDGES = WithinRange(64, 8192)
"""Pixels; graphics cards render no more at once."""


class DicomSuiteRender(ScriptedLoadableModule):
    """What the application shows of the module."""

    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        parent.title = _("Render")
        parent.categories = [translate("qSlicerAbstractCoreModule", "Rendering")]
        parent.dependencies = ["Cameras", "DICOM", "Markups", "Models", "VolumeRendering", "Volumes"]
        parent.contributors = ["DicomSuite contributors"]
        parent.helpText = _(
            "Shows a volume in one click: surfaces, projections and volume rendering with everything that belongs to "
            "them. Window presets, a histogram to draw in, an inspector, measurements and comparisons; pictures, "
            "turntables, slices, surfaces and a report to take along."
        )
        parent.acknowledgementText = _("Made by the DicomSuite contributors on top of 3D Slicer and VTK.")


@parameterNodeWrapper
class DicomSuiteRenderParameterNode:
    """What is saved with the scene; sizes of pictures in pixels. Nothing in it names a patient or a file."""

    volume: vtkMRMLScalarVolumeNode
    removeTable: bool = False
    crop: bool = False
    logScale: bool = True
    exportView: bool = True
    pictureWidth: Annotated[int, _PICTURE_EDGES] = 1200
    pictureHeight: Annotated[int, _PICTURE_EDGES] = 900
    transparent: bool = False
    exportTurntable: bool = False
    turntableFrames: Annotated[int, WithinRange(2, 720)] = 36
    turntableFormat: TurntableFormat = TurntableFormat.GIF
    exportSlices: bool = False
    slicePlane: SlicePlanes = SlicePlanes.AXIAL
    sliceFormat: SliceFormat = SliceFormat.PNG
    sliceLetters: bool = True
    sliceScaleBar: bool = True
    sliceMasks: bool = True
    exportSurfaces: bool = False
    surfaceFormat: SurfaceFormat = SurfaceFormat.STL
    exportReport: bool = False

    @property
    def mode(self) -> str:
        """Key of the mode that was shown last, "" for none; a button shows it, so no control is bound to it."""
        return self.parameterNode.GetParameter("mode")

    @mode.setter
    def mode(self, key: str) -> None:
        self.parameterNode.SetParameter("mode", key)

    @property
    def compared(self) -> list[Any]:
        """The volumes that are compared, in their order; there are no controls for lists."""
        node = self.parameterNode
        count = node.GetNumberOfNodeReferences("compared")
        found = [node.GetNthNodeReference("compared", number) for number in range(count)]
        return [volume for volume in found if volume is not None]

    @compared.setter
    def compared(self, volumes: list[Any]) -> None:
        with slicer.util.NodeModify(self.parameterNode):
            self.parameterNode.RemoveNodeReferenceIDs("compared")
            for volume in volumes:
                self.parameterNode.AddNodeReferenceID("compared", volume.GetID())


class DicomSuiteRenderWidget(VolumeModuleWidget):
    """The module's panel. For example: `slicer.util.getModuleWidget("DicomSuiteRender").useSeries(uids)`."""

    def makeLogic(self):
        """The module's logic."""
        return DicomSuiteRenderLogic()

    def makePanel(self):
        """The parts of the panel."""
        from DicomSuiteRenderGui.module_panel import ModulePanel  # Slicer's start has no time for SciPy

        return ModulePanel(self.ui)

    def onSceneStartClose(self, caller, event):
        """The nodes that the panel holds are about to go."""
        super().onSceneStartClose(caller, event)
        self.panel.sceneCloses()

    def useSeries(self, seriesInstanceUIDs):
        """Choose the volume that was loaded from one of these series, and show it."""
        if self.useVolumeOf(seriesInstanceUIDs):
            self.panel.showVolume()


class DicomSuiteRenderLogic(ScriptedLoadableModuleLogic):
    """What the module does without a window."""

    def getParameterNode(self):
        """The scene's parameter node, typed."""
        return DicomSuiteRenderParameterNode(super().getParameterNode())


class DicomSuiteRenderTest(ScriptedLoadableModuleTest):
    """Reload and Test: the panel's essentials in the running application, on a synthetic study."""

    def setUp(self):
        """Begin with an empty scene."""
        slicer.mrmlScene.Clear()

    def runTest(self):
        """Run every check."""
        self.setUp()
        self.test_bone_of_a_synthetic_study_is_shown()

    def test_bone_of_a_synthetic_study_is_shown(self):
        from DicomSuiteLib.read_volume import read_volume
        from DicomSuiteLib.synthetic_study import write_synthetic_study
        from DicomSuiteLib.volume_nodes import node_of_volume
        from DicomSuiteRenderLib.apply_mode import apply_mode
        from DicomSuiteRenderLib.built_in_modes import built_in_modes
        from DicomSuiteRenderLib.offscreen_views import View3D

        study = write_synthetic_study(Path(slicer.util.tempDirectory()) / "study")
        node = node_of_volume(read_volume(study.ct_files[0].parent), "phantom")
        with View3D((64, 64)) as view:
            apply_mode(built_in_modes()[0], node, view.node)
            self.assertGreater(int(view.picture().max()), 0)
