"""The home module: studies, jobs, recent results, settings and installation of DicomSuite."""

import slicer
from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.parameterNodeWrapper import parameterNodeWrapper
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleLogic,
    ScriptedLoadableModuleTest,
)

from DicomSuiteGui import job_runner
from DicomSuiteGui.dicom_database import dicomDatabase
from DicomSuiteGui.home_panel import HomePanel
from DicomSuiteGui.job_filter import JobFilter
from DicomSuiteGui.module_widget import ModuleWidget
from DicomSuiteLib.study_list import Study, read_studies


class DicomSuite(ScriptedLoadableModule):
    """What Slicer shows about the module."""

    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        self.parent.title = _("DicomSuite")
        self.parent.categories = [translate("qSlicerAbstractCoreModule", "Informatics")]
        self.parent.dependencies = ["DICOM"]
        self.parent.contributors = ["DicomSuite contributors"]
        self.parent.helpText = _(
            "Start here: choose studies from Slicer's DICOM database and take them to the module for the job, follow "
            "jobs that run in the background, and open what they have written. Nothing is ever uploaded, and files "
            "in the database are never changed."
        )
        self.parent.acknowledgementText = _(
            "Made by the DicomSuite contributors on top of 3D Slicer, CTK, pydicom and the DICOM standard."
        )


@parameterNodeWrapper
class DicomSuiteParameterNode:
    """How the module is looked at; saved with the scene, so nothing about patients or places.

    measureSizes - Whether the studies' sizes on disk are shown.
    jobFilter - Which jobs are shown.
    """

    measureSizes: bool = True
    jobFilter: JobFilter = JobFilter.ALL


class DicomSuiteWidget(ModuleWidget):
    """The module's panel."""

    def makeLogic(self) -> "DicomSuiteLogic":
        """The module's logic."""
        return DicomSuiteLogic()

    def makePanel(self) -> HomePanel:
        """The parts of the panel."""
        return HomePanel(self.ui)

    def onReload(self) -> None:
        """Load the libraries afresh too; jobs that run are cancelled."""
        job_runner.closeRunner()
        super().onReload()


class DicomSuiteLogic(ScriptedLoadableModuleLogic):
    """What the module does without a window."""

    def getParameterNode(self) -> DicomSuiteParameterNode:
        """The scene's parameter node."""
        return DicomSuiteParameterNode(super().getParameterNode())

    def studies(self) -> list[Study]:
        """Every study of the DICOM database; a large one takes seconds."""
        database = dicomDatabase()
        return list(read_studies(database)) if database.isOpen else []


class DicomSuiteTest(ScriptedLoadableModuleTest):
    """Small real checks, for Reload & Test and for Slicer's own test runs."""

    def setUp(self) -> None:
        """Start with an empty scene."""
        slicer.mrmlScene.Clear()

    def runTest(self) -> None:
        """Run every check."""
        for test in (self.test_parametersHaveControls, self.test_jobRunsInTheBackground):
            self.setUp()
            test()

    def test_parametersHaveControls(self) -> None:
        """Every parameter has a bound control, and every bound control a parameter."""
        widget = slicer.util.getModuleWidget("DicomSuite")
        bound = {
            child.property("SlicerParameterName")
            for child in slicer.util.findChildren(widget.parent)
            if child.property("SlicerParameterName")
        }
        self.assertEqual(bound, set(DicomSuiteParameterNode.__annotations__))

    def test_jobRunsInTheBackground(self) -> None:
        """A child process finds the library, and its end is noticed."""
        import time

        from DicomSuiteGui.job_runner import childEnvironment
        from DicomSuiteLib.child_process import ChildProcess, Ended
        from DicomSuiteLib.python_interpreter import dicomsuite_command

        child = ChildProcess(dicomsuite_command(("--version",)), environment=childEnvironment())
        deadline = time.monotonic() + 60
        while not child.wait(0) and time.monotonic() < deadline:
            slicer.app.processEvents()
        self.assertEqual(child.events()[-1], Ended(0, was_cancelled=False))
