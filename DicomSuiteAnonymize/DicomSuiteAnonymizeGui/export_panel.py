"""Where the result goes, how far an export is, and how it can be stopped and resumed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import ctk
import qt
from slicer.i18n import tr as _

from DicomSuiteAnonymizeGui.result_panel import ResultPanel
from DicomSuiteAnonymizeLib.command_lines import resumed
from DicomSuiteGui.job_runner import JobRunner, runner
from DicomSuiteGui.stored_settings import storedSettings
from DicomSuiteLib.errors import DicomSuiteError
from DicomSuiteLib.jobs import Job, JobRequest
from DicomSuiteLib.plain_signal import Signal
from DicomSuiteLib.tasks import State

KIND = "anonymize"


class ExportPanel:
    """The folder, the buttons and the progress of the job that was started last.

    `requested` is emitted without arguments when the user asks for an export.
    """

    def __init__(self) -> None:
        self.requested = Signal()
        self._jobs: JobRunner | None = None
        self._job: Job | None = None
        self._reason = self._trouble = ""
        self._importWhenDone = False
        self._offered = ""
        self.result = ResultPanel()
        self._build()

    def enter(self) -> None:
        """Follow the jobs, from now on also while another module is shown; an export that runs already is shown."""
        self._unfollow()
        self._trouble = ""
        try:
            self._jobs = runner()
            self._offerFolder()
        except DicomSuiteError as error:
            self._trouble = str(error)
            self._show()
            return
        self._jobs.changed.connect(self._onJobChanged)
        if self._job is None:
            live = (job for job in self._jobs.jobs() if job.request.kind == KIND and job.is_live and job.is_own)
            self._job = next(live, None)
        else:
            self._job = self._jobs.job(self._job.id)
        self._show()

    def cleanup(self) -> None:
        """Let go of everything that outlives the panel."""
        self._unfollow()
        self.result.cleanup()

    def setReason(self, reason: str) -> None:
        """Enable the export, or say why there is nothing to export."""
        self._reason = reason
        self._show()

    def newTarget(self) -> Path:
        """A folder that does not exist yet, in the folder that the user has chosen."""
        parent = Path(self.folderEdit.currentPath)
        name = f"deidentified-{datetime.now():%Y%m%d-%H%M%S}"
        candidates = (parent / (name if number == 1 else f"{name}-{number}") for number in range(1, 1000))
        return next(path for path in candidates if not path.exists())

    def start(self, request: JobRequest, importWhenDone: bool) -> None:
        """Run an export and show how far it is."""
        self._importWhenDone = importWhenDone
        self.result.clear()
        try:
            self._job = runner().submit(request)
        except DicomSuiteError as error:
            self.showStatus(str(error))
            return
        self._show()

    @property
    def job(self) -> Job | None:
        """The export that was started last, as it stands."""
        return self._job

    @property
    def isBusy(self) -> bool:
        """Whether the export that was started last is still to end."""
        return self._job is not None and self._job.is_live

    def _build(self) -> None:
        self.widget = qt.QWidget()
        layout = qt.QVBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        form = qt.QFormLayout()
        self.folderEdit = ctk.ctkPathLineEdit()
        self.folderEdit.filters = ctk.ctkPathLineEdit.Dirs | ctk.ctkPathLineEdit.Writable
        self.folderEdit.showHistoryButton = False
        self.folderEdit.toolTip = _("Each export makes a new folder in this one")
        self.folderEdit.connect("currentPathChanged(QString)", lambda path: self._show())
        self.folderEdit.connect("validInputChanged(bool)", lambda isValid: self._show())  # it was emptied
        form.addRow(_("&Into:"), self.folderEdit)
        row = qt.QHBoxLayout()
        self.exportButton = qt.QPushButton(_("Export"))
        self.exportButton.connect("clicked()", self.requested.emit)
        self.cancelButton = qt.QPushButton(_("Cancel"))
        self.cancelButton.connect("clicked()", self._onCancel)
        self.resumeButton = qt.QPushButton(_("Resume"))
        self.resumeButton.toolTip = _("Finish the export where it stopped")
        self.resumeButton.connect("clicked()", self._onResume)
        row.addWidget(self.exportButton, 1)
        row.addWidget(self.resumeButton)
        row.addWidget(self.cancelButton)
        self.progressBar = qt.QProgressBar()
        self.progressBar.accessibleName = _("Progress of the export")
        self.statusLabel = qt.QLabel()
        self.statusLabel.wordWrap = True
        layout.addLayout(form)
        layout.addLayout(row)
        for widget in (self.progressBar, self.statusLabel, self.result.widget):
            layout.addWidget(widget)

    def _unfollow(self) -> None:
        if self._jobs is not None:
            self._jobs.changed.disconnect(self._onJobChanged)
            self._jobs = None

    def _offerFolder(self) -> None:
        """Follow the settings, unless the user has chosen a folder here."""
        if self.folderEdit.currentPath in ("", self._offered):
            self._offered = str(storedSettings().output_path())
            self.folderEdit.currentPath = self._offered

    def _onJobChanged(self, job: Job) -> None:
        if self._job is None or job.id != self._job.id:
            return
        hasEnded = self._job.is_live and not job.is_live
        self._job = job
        self._show()
        if hasEnded and job.state is State.SUCCESS and self._importWhenDone:
            self.result.importResult()

    def _onCancel(self) -> None:
        runner().cancel(self._job.id)
        self.cancelButton.enabled = False
        self.showStatus(_("Cancelling…"))

    def _onResume(self) -> None:
        request = runner().request(self._job.id)
        self.start(replace(request, arguments=resumed(request.arguments)), self._importWhenDone)

    def _show(self) -> None:
        job = self._job
        reason = self._whyNot()
        self.exportButton.enabled = not reason
        self.exportButton.toolTip = reason or _("De-identify the selection into a new folder")
        isLive = self.isBusy
        self.cancelButton.visible = self.progressBar.visible = isLive
        self.cancelButton.enabled = isLive
        self.cancelButton.toolTip = _("Stop; what is finished stays, and nothing half-written is left")
        self.resumeButton.visible = job is not None and job.state in (State.CANCELLED, State.FAILED)
        if job is None:
            self.statusLabel.visible = False
            self.result.clear()
            return
        self.progressBar.maximum = job.total
        self.progressBar.value = job.done
        self.showStatus(_statusText(job))
        if not isLive:
            self.result.show(job)

    def _whyNot(self) -> str:
        if self._trouble or self._reason:
            return self._trouble or self._reason
        if self.isBusy:
            return _("An export is running.")
        return "" if self.folderEdit.currentPath else _("Choose a folder for the result.")

    def showStatus(self, text: str) -> None:
        """Say how far the export is, or why there is none; "" for nothing."""
        self.statusLabel.text = text
        self.statusLabel.visible = bool(text)


def _statusText(job: Job) -> str:
    match job.state:
        case State.PENDING:
            return _("Waiting for another job to end…")
        case State.RUNNING if not job.total:
            return _("Starting…")
        case State.RUNNING if job.remaining_s is None:
            return _("{done} of {total} files").format(done=job.done, total=job.total)
        case State.RUNNING:
            return _("{done} of {total} files, {rate} files/s, {seconds} s left").format(
                done=job.done, total=job.total, rate=round(job.rate), seconds=round(job.remaining_s)
            )
        case State.CANCELLED:
            return _("Cancelled after {done} of {total} files: {reason}.").format(
                done=job.done, total=job.total, reason=job.reason
            )
        case State.FAILED:
            return _("Failed: {reason}").format(reason=job.reason)
    return ""
