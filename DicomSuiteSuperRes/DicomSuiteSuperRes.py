"""Makes thin slices of thick ones: the module's four classes; the work is in DicomSuiteSuperResLib."""

from __future__ import annotations

from typing import Annotated, Union

import slicer
from slicer import vtkMRMLLabelMapVolumeNode, vtkMRMLScalarVolumeNode, vtkMRMLSegmentationNode
from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.parameterNodeWrapper import WithinRange, parameterNodeWrapper
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleLogic,
    ScriptedLoadableModuleTest,
)

from DicomSuiteGui.volume_module_widget import VolumeModuleWidget
from DicomSuiteSuperResGui.choices import BrainMethod, ComputeDevice, ThickAxis, ValueScale

_Mask = Union[vtkMRMLLabelMapVolumeNode, vtkMRMLSegmentationNode, None]  # noqa: UP007 - Slicer binds no other spelling


class DicomSuiteSuperRes(ScriptedLoadableModule):
    """What the application shows of the module."""

    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        parent.title = _("Super Resolution")
        parent.categories = [translate("qSlicerAbstractCoreModule", "Filtering")]
        parent.dependencies = ["DICOM", "Plots", "Segmentations", "Tables", "Volumes"]
        parent.contributors = ["DicomSuite contributors"]
        parent.helpText = _(
            "Makes a volume with thin slices of one with thick slices, by a small network that was measured against "
            "real scans, or by your own model. Size, memory and time are told beforehand; every result says that it "
            "is derived and by which model. Volumes can be prepared, compared, measured and exported."
        )
        parent.acknowledgementText = _(
            "Made by the DicomSuite contributors on top of 3D Slicer, PyTorch, MONAI, SimpleITK and the DICOM standard."
        )


@parameterNodeWrapper
class DicomSuiteSuperResParameterNode:
    """What is saved with the scene; spacing in mm. Files of the user's own models are not in it."""

    volume: vtkMRMLScalarVolumeNode
    axis: ThickAxis = ThickAxis.AUTO
    ownSpacing: bool = False
    spacing: Annotated[float, WithinRange(0.05, 20.0)] = 1.0
    brainMethod: BrainMethod = BrainMethod.NONE
    biasField: bool = False
    normalisation: ValueScale = ValueScale.NONE
    register: bool = False
    makePair: bool = False
    pairFactor: Annotated[int, WithinRange(2, 8)] = 4
    backProjections: Annotated[int, WithinRange(0, 10)] = 0
    device: ComputeDevice = ComputeDevice.AUTO
    fast: bool = False
    compareFirst: vtkMRMLScalarVolumeNode
    compareSecond: vtkMRMLScalarVolumeNode
    reference: vtkMRMLScalarVolumeNode
    mask: _Mask
    exportDicom: bool = True
    importDicom: bool = False
    exportNrrd: bool = False
    exportNifti: bool = False

    @property
    def model(self) -> str:
        """Name of the bundled model, "" for the first one; its box lists what there is, so nothing is bound to it."""
        return self.parameterNode.GetParameter("model")

    @model.setter
    def model(self, name: str) -> None:
        self.parameterNode.SetParameter("model", name)


class DicomSuiteSuperResWidget(VolumeModuleWidget):
    """The module's panel. For example: `slicer.util.getModuleWidget("DicomSuiteSuperRes").useSeries(uids)`."""

    def makeLogic(self):
        """The module's logic."""
        return DicomSuiteSuperResLogic()

    def makePanel(self):
        """The parts of the panel."""
        from DicomSuiteSuperResGui.module_panel import ModulePanel  # Slicer's start has no time for SciPy

        return ModulePanel(self.ui)

    def useSeries(self, seriesInstanceUIDs):
        """Choose the volume that was loaded from one of these series, and show it."""
        if self.useVolumeOf(seriesInstanceUIDs):
            self.panel.showVolume()

    def onSceneStartClose(self, caller, event):
        """The nodes that the panel holds are about to go."""
        super().onSceneStartClose(caller, event)
        self.panel.sceneCloses()


class DicomSuiteSuperResLogic(ScriptedLoadableModuleLogic):
    """What the module does without a window."""

    def getParameterNode(self):
        """The scene's parameter node, typed."""
        return DicomSuiteSuperResParameterNode(super().getParameterNode())


class DicomSuiteSuperResTest(ScriptedLoadableModuleTest):
    """Reload and Test: the module's essentials in the running application, on a synthetic head."""

    def setUp(self):
        """Begin with an empty scene."""
        slicer.mrmlScene.Clear()

    def runTest(self):
        """Run every check."""
        self.setUp()
        self.test_thin_slices_of_a_synthetic_head_are_planned()

    def test_thin_slices_of_a_synthetic_head_are_planned(self):
        from DicomSuiteLib.synthetic_head import synthetic_head
        from DicomSuiteLib.volume_nodes import node_of_volume, volume_of_node
        from DicomSuiteSuperResLib.bundled_models import bundled_models
        from DicomSuiteSuperResLib.output_plan import plan
        from DicomSuiteSuperResLib.pairs import PairRequest, make_pair

        pair = make_pair(synthetic_head(), PairRequest(4))  # needs no torch, which not every Slicer has
        node = node_of_volume(pair.low, "head")
        planned = plan(volume_of_node(node).grid, bundled_models()[0])
        self.assertEqual(planned.size, pair.high.grid.size)
