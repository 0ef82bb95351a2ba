"""The parts of the home module's panel, and how they work together."""

import slicer
from slicer.i18n import tr as _

from DicomSuiteGui import job_runner
from DicomSuiteGui.installation_panel import InstallationPanel
from DicomSuiteGui.jobs_panel import JobsPanel
from DicomSuiteGui.quick_actions import QuickActionsPanel
from DicomSuiteGui.results_panel import ResultsPanel
from DicomSuiteGui.settings_panel import SettingsPanel
from DicomSuiteGui.studies_panel import StudiesPanel


class HomePanel:
    """Puts the panels into the places of the .ui file and tells them when they are looked at."""

    def __init__(self, ui) -> None:
        self.studies = StudiesPanel(ui.measureSizesCheckBox)
        self.quickActions = QuickActionsPanel(self.studies)
        self.jobs = JobsPanel(ui.jobFilterComboBox)
        self.results = ResultsPanel()
        self.settings = SettingsPanel(ui)
        self.installation = InstallationPanel()
        ui.studiesCollapsibleButton.layout().insertWidget(0, self.studies.widget)
        ui.studiesCollapsibleButton.layout().addWidget(self.quickActions.widget)
        ui.jobsCollapsibleButton.layout().addWidget(self.jobs.widget)
        ui.resultsCollapsibleButton.layout().addWidget(self.results.widget)
        ui.installationCollapsibleButton.layout().addWidget(self.installation.widget)
        self.settings.storeMoved.connect(self._followJobs)
        self.jobs.changed.connect(self.settings.update)
        ui.clearJobsButton.connect("clicked()", self._onClearJobs)

    def setParameters(self, parameters) -> None:
        """The controls that the parameters are bound to are all that follows them."""

    def enter(self) -> None:
        """Follow database and jobs while the module is shown."""
        self.studies.activate()
        self._followJobs()
        self.settings.refresh()
        self.quickActions.update()

    def exit(self) -> None:
        """Follow nothing while another module is shown."""
        self.studies.deactivate()
        self.jobs.deactivate()
        self.results.deactivate()

    def cleanup(self) -> None:
        """Let go of everything that outlives the panel."""
        self.studies.close()
        self.jobs.close()
        self.results.deactivate()
        self.settings.close()

    def _followJobs(self) -> None:
        self.jobs.activate()
        self.results.activate()

    def _onClearJobs(self) -> None:
        with slicer.util.tryWithErrorDisplay(_("The list of jobs could not be cleared.")):
            job_runner.runner().clearFinished()
