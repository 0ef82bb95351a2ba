"""Where the result goes, how far an export is, and how it can be stopped and resumed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import qt
from slicer.i18n import tr as _

from DicomSuiteAnonymizeGui.result_panel import ResultPanel
from DicomSuiteAnonymizeLib.command_lines import resumed
from DicomSuiteGui.export_frame import ExportFrame
from DicomSuiteGui.followed_job import FollowedJob
from DicomSuiteGui.job_runner import runner
from DicomSuiteGui.new_folder import newFolder
from DicomSuiteGui.plain_label import plainLabel, showText
from DicomSuiteGui.push_buttons import addPushButton
from DicomSuiteLib.errors import DicomSuiteError
from DicomSuiteLib.jobs import Job, JobRequest
from DicomSuiteLib.plain_signal import Signal
from DicomSuiteLib.tasks import State

KIND = "anonymize"
_FOLDER_KIND = "deidentified"


class ExportPanel:
    """The folder, the buttons and the progress of the job that was started last.

    Emitted without arguments: `requested` when the user asks for an export, `ended` when one was written.
    """

    def __init__(self) -> None:
        self.requested = Signal()
        self.ended = Signal()
        self._followed = FollowedJob()
        self._followed.changed.connect(self._show)
        self._followed.ended.connect(self._onEnded)
        self._reason = self._trouble = ""
        self._importWhenDone = False
        self.result = ResultPanel()
        self._build()

    def enter(self) -> None:
        """Follow the jobs, from now on also while another module is shown; an export that runs already is shown."""
        self._trouble = ""
        try:
            self._followed.follow()
            self._followed.adopt(KIND)
            self.frame.offerFolder()
        except DicomSuiteError as error:
            self._trouble = str(error)
        self._show()

    def cleanup(self) -> None:
        """Let go of everything that outlives the panel."""
        self._followed.stop()
        self.result.cleanup()

    def setReason(self, reason: str) -> None:
        """Enable the export, or say why there is nothing to export."""
        self._reason = reason
        self._show()

    def setExtras(self, text: str) -> None:
        """Say what an export does beyond the profile; "" for nothing."""
        showText(self.extrasLabel, text)

    def newTarget(self) -> Path:
        """A folder that does not exist yet, in the folder that the user has chosen."""
        return newFolder(self.frame.folder, _FOLDER_KIND)

    def start(self, request: JobRequest, importWhenDone: bool) -> None:
        """Run an export and show how far it is."""
        self._importWhenDone = importWhenDone
        self.result.clear()
        try:
            self._followed.start(request)
        except DicomSuiteError as error:
            self.showStatus(str(error))
            return
        self._show()

    @property
    def job(self) -> Job | None:
        """The export that was started last, as it stands."""
        return self._followed.job

    @property
    def isBusy(self) -> bool:
        """Whether the export that was started last is still to end."""
        return self._followed.isBusy

    def _build(self) -> None:
        self.frame = ExportFrame()
        self.frame.folderChanged.connect(self._show)
        self.frame.exportAsked.connect(self.requested.emit)
        self.frame.cancelAsked.connect(self._onCancel)
        self.frame.cancelButton.toolTip = _("Stop; what is finished stays, and nothing half-written is left")
        self.resumeButton = addPushButton(self.frame.buttons, _("Resume"), self._onResume)
        self.resumeButton.toolTip = _("Finish the export where it stopped")
        self.widget = qt.QWidget()
        layout = qt.QVBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        self.extrasLabel = plainLabel()
        layout.addWidget(self.extrasLabel)
        layout.addWidget(self.frame.widget)
        layout.addWidget(self.result.widget)

    def _onEnded(self) -> None:
        if self.job.state is not State.SUCCESS:
            return
        self.ended.emit()
        if self._importWhenDone:
            self.result.importResult()

    def _onCancel(self) -> None:
        self._followed.cancel()
        self.frame.cancelButton.enabled = False
        self.showStatus(_("Cancelling…"))

    def _onResume(self) -> None:
        request = runner().request(self.job.id)
        self.start(replace(request, arguments=resumed(request.arguments)), self._importWhenDone)

    def _show(self) -> None:
        job = self.job
        self.frame.show(self._whyNot(), _("De-identify the selection into a new folder"), isBusy=self.isBusy)
        self.resumeButton.visible = job is not None and job.state in (State.CANCELLED, State.FAILED)
        if job is None:
            self.showStatus("")
            self.result.clear()
            return
        self.frame.setProgress(job.done, job.total)
        self.showStatus(_statusText(job))
        if not self.isBusy:
            self.result.show(job)

    def _whyNot(self) -> str:
        if self._trouble or self._reason:
            return self._trouble or self._reason
        if self.isBusy:
            return _("An export is running.")
        return self.frame.whyNoFolder

    def showStatus(self, text: str) -> None:
        """Say how far the export is, or why there is none; "" for nothing."""
        self.frame.say(text)


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
