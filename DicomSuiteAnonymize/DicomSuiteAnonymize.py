"""De-identifies DICOM studies: the module's four classes; the work is in DicomSuiteAnonymizeLib."""

from __future__ import annotations

import sys
from pathlib import Path

import slicer
import vtk
from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.parameterNodeWrapper import parameterNodeWrapper
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleLogic,
    ScriptedLoadableModuleTest,
    ScriptedLoadableModuleWidget,
)
from slicer.util import VTKObservationMixin

from DicomSuiteAnonymizeGui.module_panel import ModulePanel
from DicomSuiteAnonymizeGui.options_panel import parameterName
from DicomSuiteAnonymizeGui.output_kind import OutputKind
from DicomSuiteAnonymizeGui.selection import SourceKind
from DicomSuiteAnonymizeLib.profile import OnLeak
from DicomSuiteAnonymizeLib.profile_editor import ProfileEditor
from DicomSuiteAnonymizeLib.ps315 import Option


class DicomSuiteAnonymize(ScriptedLoadableModule):
    """What the application shows of the module."""

    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        parent.title = _("DICOM Anonymize")
        parent.categories = [translate("qSlicerAbstractCoreModule", "Informatics")]
        parent.dependencies = ["DICOM"]
        parent.contributors = ["DicomSuite contributors"]
        parent.helpText = _(
            "De-identifies studies of the DICOM database, or a folder, by the rules of DICOM PS3.15. Choose what to "
            "export, look at what would change, and export. The originals are never changed; files that may show a "
            "patient's identity in their pixels are set aside, with the reason."
        )
        parent.acknowledgementText = _(
            "The action table is taken from DICOM PS3.15. DICOM is a registered trademark of NEMA."
        )


@parameterNodeWrapper
class DicomSuiteAnonymizeParameterNode:
    """What is saved with the scene: choices that tell nothing about a patient, a path or a key."""

    sourceKind: SourceKind = SourceKind.DATABASE
    followPs315: bool = True
    retainSafePrivate: bool = False
    retainUIDs: bool = False
    retainDeviceIdentity: bool = False
    retainInstitutionIdentity: bool = False
    retainPatientCharacteristics: bool = False
    retainLongFullDates: bool = False
    retainLongModifiedDates: bool = False
    cleanDescriptors: bool = False
    cleanStructuredContent: bool = False
    cleanGraphics: bool = False
    refuseLeaks: bool = False
    allowPixelRisk: bool = False
    outputKind: OutputKind = OutputKind.FOLDER


class DicomSuiteAnonymizeWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    """The module's panel. For example: `slicer.util.getModuleWidget("DicomSuiteAnonymize").useSeries(uids)`."""

    def __init__(self, parent=None):
        ScriptedLoadableModuleWidget.__init__(self, parent)
        VTKObservationMixin.__init__(self)
        self.logic = None
        self._parameterNode = None
        self._parameterNodeGuiTag = None

    def setup(self):
        """Build the panel; called once."""
        ScriptedLoadableModuleWidget.setup(self)
        self.uiWidget = slicer.util.loadUI(self.resourcePath("UI/DicomSuiteAnonymize.ui"))
        self.layout.addWidget(self.uiWidget)
        self.uiWidget.setMRMLScene(slicer.mrmlScene)
        self.ui = slicer.util.childWidgetVariables(self.uiWidget)
        self.logic = DicomSuiteAnonymizeLogic()
        self.panel = ModulePanel(self.ui, self.logic.editor)
        self.logic.editor.changed.connect(self._onEditorChanged)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.StartCloseEvent, self.onSceneStartClose)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.EndCloseEvent, self.onSceneEndClose)
        self.initializeParameterNode()
        if self.parent.isEntered:  # a reload of the module that is shown, which is not entered again
            self.panel.enter()

    def cleanup(self):
        """Let go of everything that outlives the panel."""
        self.setParameterNode(None)
        self.removeObservers()
        self.logic.editor.changed.disconnect(self._onEditorChanged)
        self.panel.cleanup()

    def enter(self):
        """The user opens the module."""
        self.initializeParameterNode()
        self.panel.enter()

    def exit(self):
        """The user goes to another module."""
        self.setParameterNode(None)

    def onReload(self):
        """Reload the library with the module."""
        packages = ("DicomSuiteAnonymizeLib", "DicomSuiteAnonymizeGui")
        for name in [name for name in sys.modules if name.partition(".")[0] in packages]:
            del sys.modules[name]
        ScriptedLoadableModuleWidget.onReload(self)

    def onSceneStartClose(self, caller, event):
        """The parameter node is about to go."""
        self.setParameterNode(None)

    def onSceneEndClose(self, caller, event):
        """A new scene needs a new parameter node, where the module is shown."""
        if self.parent.isEntered:
            self.initializeParameterNode()

    def initializeParameterNode(self):
        """Use the scene's parameter node."""
        self.setParameterNode(self.logic.getParameterNode())

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
        """Select these series of the DICOM database."""
        if self._parameterNode is None:
            self.initializeParameterNode()
        self._parameterNode.sourceKind = SourceKind.DATABASE
        self.panel.source.useSeries(seriesInstanceUIDs)

    def _onParametersChanged(self, caller=None, event=None):
        self.logic.applyParameters(self._parameterNode)
        self.panel.setParameters(self._parameterNode)

    def _onEditorChanged(self):
        if self._parameterNode is not None:
            self.logic.storeProfile(self._parameterNode)


class DicomSuiteAnonymizeLogic(ScriptedLoadableModuleLogic):
    """Keeps parameters and profile in step; no Qt."""

    def __init__(self):
        ScriptedLoadableModuleLogic.__init__(self)
        self.editor = ProfileEditor()
        self._isStoring = False

    def getParameterNode(self):
        """The scene's parameter node, typed."""
        return DicomSuiteAnonymizeParameterNode(super().getParameterNode())

    def applyParameters(self, parameters):
        """Let the profile follow the parameters; modified dates give way where both kinds of dates are chosen."""
        if self._isStoring:
            return
        options = {option for option in Option if getattr(parameters, parameterName(option))}
        if Option.RETAIN_FULL_DATES in options:
            options.discard(Option.RETAIN_MODIFIED_DATES)
        onLeak = OnLeak.FAIL if parameters.refuseLeaks else OnLeak.REPLACE
        self.editor.set_rules(parameters.followPs315, options, onLeak)
        self.storeProfile(parameters)  # choices that do not go together, as a saved scene may hold them, are put right

    def storeProfile(self, parameters):
        """Let the parameters follow the profile."""
        profile = self.editor.profile
        self._isStoring = True
        try:
            with slicer.util.NodeModify(parameters):
                parameters.followPs315 = profile.is_ps315
                parameters.refuseLeaks = profile.on_leak is OnLeak.FAIL
                for option in Option:
                    setattr(parameters, parameterName(option), option in profile.options)
        finally:
            self._isStoring = False


class DicomSuiteAnonymizeTest(ScriptedLoadableModuleTest):
    """Reload and Test: the panel's essentials in the running application, on a synthetic study."""

    def setUp(self):
        """Begin with an empty scene."""
        slicer.mrmlScene.Clear()

    def runTest(self):
        """Run every check."""
        self.setUp()
        self.test_parameters_and_profile_follow_each_other()
        self.setUp()
        self.test_synthetic_study_is_deidentified()

    def test_parameters_and_profile_follow_each_other(self):
        logic = DicomSuiteAnonymizeLogic()
        parameters = logic.getParameterNode()
        parameters.retainUIDs = True
        logic.applyParameters(parameters)
        self.assertEqual(logic.editor.profile.options, {Option.RETAIN_UIDS})
        logic.editor.undo()
        logic.storeProfile(parameters)
        self.assertFalse(parameters.retainUIDs)

    def test_synthetic_study_is_deidentified(self):
        from DicomSuiteLib import cli
        from DicomSuiteLib.synthetic_study import write_synthetic_study

        folder = Path(slicer.util.tempDirectory())
        study = write_synthetic_study(folder / "study")
        target, key = folder / "out", folder / "secret" / "key"
        arguments = ["anonymize", str(study.folder), str(target), "--key-file", str(key), "--progress", "none"]
        self.assertEqual(cli.main([*arguments, "--workers", "1"]), 3)  # the ultrasound is quarantined
        self.assertEqual(cli.main(["verify", str(target), "--against", str(study.folder)]), 0)
