"""The job that a panel has started last, followed also while another module is shown."""

from __future__ import annotations

from DicomSuiteGui.job_runner import JobRunner, runner
from DicomSuiteLib.jobs import Job, JobRequest
from DicomSuiteLib.plain_signal import Signal


class FollowedJob:
    """Knows the job as it stands; `changed` is emitted when it goes on, and `ended` after that when it has ended."""

    def __init__(self) -> None:
        self.changed = Signal()
        self.ended = Signal()
        self.job: Job | None = None
        self._jobs: JobRunner | None = None

    @property
    def isBusy(self) -> bool:
        """Whether the job is still to end."""
        return self.job is not None and self.job.is_live

    def follow(self) -> None:
        """Begin, or go on.

        Raises
        ------
        DicomSuiteError
            If there can be no jobs.
        """
        self.stop()
        self._jobs = runner()
        self._jobs.changed.connect(self._onChanged)
        if self.job is not None:
            self.job = self._jobs.job(self.job.id)

    def adopt(self, kind: str) -> None:
        """Where none was started here, take the job of this kind that this application runs already."""
        if self.job is None:
            own = (job for job in self._jobs.jobs() if job.request.kind == kind and job.is_live and job.is_own)
            self.job = next(own, None)

    def stop(self) -> None:
        """Follow none; the job goes on."""
        if self._jobs is not None:
            self._jobs.changed.disconnect(self._onChanged)
            self._jobs = None

    def start(self, request: JobRequest) -> None:
        """Run a job and follow it from now on.

        Raises
        ------
        DicomSuiteError
            If it cannot be run.
        """
        self.job = runner().submit(request)

    def cancel(self) -> None:
        """Stop the job."""
        runner().cancel(self.job.id)

    def forget(self) -> None:
        """Show nothing of the job that was started last."""
        self.job = None

    def _onChanged(self, job: Job) -> None:
        if self.job is None or job.id != self.job.id:
            return
        hasEnded = self.isBusy and not job.is_live
        self.job = job
        self.changed.emit()
        if hasEnded:
            self.ended.emit()
