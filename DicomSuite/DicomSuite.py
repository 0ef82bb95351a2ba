"""The home module: studies, jobs, recent results, settings and installation of DicomSuite."""

import sys

import slicer
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

from DicomSuiteGui import job_runner
from DicomSuiteGui.dicom_database import dicomDatabase
from DicomSuiteGui.installation_panel import InstallationPanel
from DicomSuiteGui.job_filter import JobFilter
from DicomSuiteGui.jobs_panel import JobsPanel
from DicomSuiteGui.quick_actions import QuickActionsPanel
from DicomSuiteGui.results_panel import ResultsPanel
from DicomSuiteGui.settings_panel import SettingsPanel
from DicomSuiteGui.studies_panel import StudiesPanel
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


class DicomSuiteWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    """Puts the panels together and tells them when they are looked at."""

    def __init__(self, parent=None) -> None:
        ScriptedLoadableModuleWidget.__init__(self, parent)
        VTKObservationMixin.__init__(self)
        self.logic = None
        self._parameterNode = None
        self._parameterNodeGuiTag = None

    def setup(self) -> None:
        """Build the panels; called when the module is opened for the first time."""
        ScriptedLoadableModuleWidget.setup(self)
        self.uiWidget = uiWidget = slicer.util.loadUI(self.resourcePath("UI/DicomSuite.ui"))
        self.layout.addWidget(uiWidget)
        self.ui = slicer.util.childWidgetVariables(uiWidget)
        uiWidget.setMRMLScene(slicer.mrmlScene)
        self.logic = DicomSuiteLogic()
        self._setupPanels()
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.StartCloseEvent, self.onSceneStartClose)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.EndCloseEvent, self.onSceneEndClose)
        self.initializeParameterNode()
        if self.parent.isEntered:  # a reload of the module that is shown, which is not entered again
            self.enter()

    def cleanup(self) -> None:
        """Let go of everything outside the module; called when the application closes and before a reload."""
        self.setParameterNode(None)
        self.removeObservers()
        if self.logic is not None:
            self.studies.close()
            self.jobs.close()
            self.results.deactivate()
            self.settings.close()

    def enter(self) -> None:
        """Follow parameter node, database and jobs while the module is shown."""
        self.initializeParameterNode()
        self.studies.activate()
        self._followJobs()
        self.settings.refresh()
        self.quickActions.update()

    def exit(self) -> None:
        """Follow nothing while another module is shown."""
        self.setParameterNode(None)
        self.studies.deactivate()
        self.jobs.deactivate()
        self.results.deactivate()

    def onSceneStartClose(self, caller, event) -> None:
        """The parameter node is about to be reset."""
        self.setParameterNode(None)

    def onSceneEndClose(self, caller, event) -> None:
        """A new parameter node is needed if the module is shown."""
        if self.parent.isEntered:
            self.initializeParameterNode()

    def initializeParameterNode(self) -> None:
        """Use the scene's parameter node, which is made if there is none."""
        self.setParameterNode(self.logic.getParameterNode())

    def setParameterNode(self, parameterNode: DicomSuiteParameterNode | None) -> None:
        """Tie the controls to a parameter node, or to none."""
        if self._parameterNode:
            self._parameterNode.disconnectGui(self._parameterNodeGuiTag)
        self._parameterNode = parameterNode
        if self._parameterNode:
            self._parameterNodeGuiTag = self._parameterNode.connectGui(self.ui)

    def onReload(self) -> None:
        """Load the libraries afresh too; jobs that run are cancelled."""
        job_runner.closeRunner()
        for name in [name for name in sys.modules if name.partition(".")[0] in ("DicomSuiteGui", "DicomSuiteLib")]:
            del sys.modules[name]
        ScriptedLoadableModuleWidget.onReload(self)

    def _setupPanels(self) -> None:
        self.studies = StudiesPanel(self.ui.measureSizesCheckBox)
        self.quickActions = QuickActionsPanel(self.studies)
        self.jobs = JobsPanel(self.ui.jobFilterComboBox)
        self.results = ResultsPanel()
        self.settings = SettingsPanel(self.ui)
        self.installation = InstallationPanel()
        self.ui.studiesCollapsibleButton.layout().insertWidget(0, self.studies.widget)
        self.ui.studiesCollapsibleButton.layout().addWidget(self.quickActions.widget)
        self.ui.jobsCollapsibleButton.layout().addWidget(self.jobs.widget)
        self.ui.resultsCollapsibleButton.layout().addWidget(self.results.widget)
        self.ui.installationCollapsibleButton.layout().addWidget(self.installation.widget)
        self.settings.storeMoved.connect(self._followJobs)
        self.jobs.changed.connect(self.settings.update)
        self.ui.clearJobsButton.connect("clicked()", self._onClearJobs)

    def _followJobs(self) -> None:
        self.jobs.activate()
        self.results.activate()

    def _onClearJobs(self) -> None:
        with slicer.util.tryWithErrorDisplay(_("The list of jobs could not be cleared.")):
            job_runner.runner().clearFinished()


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
