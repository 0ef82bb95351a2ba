"""De-identifies DICOM studies: the module's four classes; the work is in DicomSuiteAnonymizeLib."""

from __future__ import annotations

from pathlib import Path

import slicer
from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.parameterNodeWrapper import parameterNodeWrapper
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleLogic,
    ScriptedLoadableModuleTest,
)

from DicomSuiteAnonymizeGui.module_panel import ModulePanel
from DicomSuiteAnonymizeGui.options_panel import parameterName
from DicomSuiteAnonymizeGui.output_kind import OutputKind
from DicomSuiteAnonymizeGui.selection import SourceKind
from DicomSuiteAnonymizeLib.private_attributes.safe_attributes import MR_DIFFUSION_TIMING
from DicomSuiteAnonymizeLib.profiles.profile import OnLeak
from DicomSuiteAnonymizeLib.profiles.profile_editor import ProfileEditor
from DicomSuiteAnonymizeLib.ps315 import Option
from DicomSuiteGui.module_widget import ModuleWidget


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
    retainDiffusionTiming: bool = False
    retainUIDs: bool = False
    retainDeviceIdentity: bool = False
    retainInstitutionIdentity: bool = False
    retainPatientCharacteristics: bool = False
    retainLongFullDates: bool = False
    retainLongModifiedDates: bool = False
    cleanDescriptors: bool = False
    cleanStructuredContent: bool = False
    cleanGraphics: bool = False
    cleanPixelData: bool = False
    cleanRecognizableVisualFeatures: bool = False
    refuseLeaks: bool = False
    allowPixelRisk: bool = False
    readText: bool = False
    otherFormats: bool = False
    writeCrosswalk: bool = False
    encryptCrosswalk: bool = False
    refuseUnknownPatients: bool = False
    outputKind: OutputKind = OutputKind.FOLDER


class DicomSuiteAnonymizeWidget(ModuleWidget):
    """The module's panel. For example: `slicer.util.getModuleWidget("DicomSuiteAnonymize").useSeries(uids)`."""

    def makeLogic(self):
        """The module's logic."""
        return DicomSuiteAnonymizeLogic()

    def makePanel(self):
        """The parts of the panel."""
        self.logic.editor.changed.connect(self._onEditorChanged)
        return ModulePanel(self.ui, self.logic.editor)

    def cleanup(self):
        """Let go of everything that outlives the panel."""
        self.logic.editor.changed.disconnect(self._onEditorChanged)
        super().cleanup()

    def useSeries(self, seriesInstanceUIDs):
        """Select these series of the DICOM database."""
        if self._parameterNode is None:
            self.initializeParameterNode()
        self._parameterNode.sourceKind = SourceKind.DATABASE
        self.panel.source.useSeries(seriesInstanceUIDs)

    def _onParametersChanged(self, caller=None, event=None):
        self.logic.applyParameters(self._parameterNode)
        super()._onParametersChanged()

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
        lists = [MR_DIFFUSION_TIMING] if parameters.retainDiffusionTiming else []
        self.editor.set_rules(parameters.followPs315, options, onLeak, lists)
        self.storeProfile(parameters)  # choices that do not go together, as a saved scene may hold them, are put right

    def storeProfile(self, parameters):
        """Let the parameters follow the profile."""
        profile = self.editor.profile
        self._isStoring = True
        try:
            with slicer.util.NodeModify(parameters):
                parameters.followPs315 = profile.is_ps315
                parameters.refuseLeaks = profile.on_leak is OnLeak.FAIL
                parameters.retainDiffusionTiming = MR_DIFFUSION_TIMING in profile.private_lists
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
