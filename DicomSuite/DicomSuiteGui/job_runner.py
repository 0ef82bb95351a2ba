"""Runs the jobs of this Slicer, one at a time in the order of submission, without ever blocking its windows."""

from __future__ import annotations

import logging
import os
import shutil
import time
from collections.abc import Mapping
from dataclasses import replace
from functools import reduce

import qt
import slicer

from DicomSuiteGui.stored_settings import storedSettings
from DicomSuiteLib.child_process import KEPT_LINES, ChildProcess, Ended, Event, LogLine, Part, Progress, Result
from DicomSuiteLib.ephemeral_folder import remove_ephemeral_folder
from DicomSuiteLib.errors import DicomSuiteError
from DicomSuiteLib.job_store import JobStore
from DicomSuiteLib.jobs import CANCELLED_BY_EXIT, CANCELLED_BY_USER, Job, JobRequest, outcome, repeated
from DicomSuiteLib.plain_signal import Signal
from DicomSuiteLib.python_interpreter import SLICERS_PYTHON, dicomsuite_command, dicomsuite_environment
from DicomSuiteLib.tasks import State

POLL_MS = 50
HEADWAY_S = 0.005
"""How long each poll waits so that the threads of a child come forward: Slicer's event loop keeps Python's lock."""
CLOSING_S = 2.0
"""How long closing waits for a cancelled child; longer than the grace that it is given."""


class JobRunner:
    """The jobs of `store`, run as child processes with `environment`.

    For example: `runner().submit(JobRequest("inspect", _("List series"), ("inspect", folder)))`.
    `changed` is emitted with a new snapshot of the job, `removed` with the id of a job that was forgotten.
    """

    def __init__(self, store: JobStore, environment: Mapping[str, str]) -> None:
        self.changed = Signal()
        self.removed = Signal()
        self._store = store
        self._environment = environment
        self._jobs = {job.id: job for job in reversed(store.jobs())}  # the oldest first
        self._running: tuple[str, ChildProcess] | None = None
        self._timer = qt.QTimer()
        self._timer.setInterval(POLL_MS)
        self._timer.connect("timeout()", self._poll)

    def jobs(self) -> list[Job]:
        """Return every job, the newest first."""
        return list(reversed(self._jobs.values()))

    def job(self, jobId: str) -> Job | None:
        """Return a job, or None where it was removed."""
        return self._jobs.get(jobId)

    @property
    def isBusy(self) -> bool:
        """Whether a job of this Slicer waits or runs."""
        return any(job.is_live and job.is_own for job in self._jobs.values())

    def submit(self, request: JobRequest) -> Job:
        """Queue a job; raises JobStoreError where it cannot be recorded."""
        job = self._store.add(request)
        self._publish(job)
        self._timer.start()
        return job

    def rerun(self, jobId: str) -> Job:
        """Queue a new job that asks for the same as this one, and writes beside what that one has written."""
        taken = {job.request.output for job in self._jobs.values()}
        return self.submit(repeated(self.request(jobId), taken))

    def request(self, jobId: str) -> JobRequest:
        """What a job asks for, with its input, which is left on disk for jobs of earlier sessions."""
        request = self._jobs[jobId].request
        return replace(request, input_text=request.input_text or self._store.input_text(jobId))

    def cancel(self, jobId: str) -> None:
        """Cancel a job of this Slicer; one that runs ends soon after, one that has ended stays as it is."""
        job = self._jobs[jobId]
        if self._running is not None and self._running[0] == jobId:
            self._running[1].cancel()
        elif job.state is State.PENDING and job.is_own:
            self._record(replace(job, state=State.CANCELLED, reason=CANCELLED_BY_USER, finished=time.time()))

    def remove(self, jobId: str) -> None:
        """Forget a job that has ended."""
        if not self._jobs[jobId].is_live:
            self._store.remove(jobId)
            del self._jobs[jobId]
            self.removed.emit(jobId)

    def clearFinished(self) -> None:
        """Forget every job that has ended."""
        self._store.clear_finished()
        for job in [job for job in self._jobs.values() if not job.is_live]:
            del self._jobs[job.id]
            self.removed.emit(job.id)

    def refresh(self) -> None:
        """Take over what other Slicers of this user have recorded meanwhile."""
        self._store.bury_the_dead()
        stored = {job.id: job for job in reversed(self._store.jobs())}
        gone = self._jobs.keys() - stored.keys()
        known, self._jobs = self._jobs, {}
        for jobId, job in stored.items():
            self._jobs[jobId] = known[jobId] if job.is_own and jobId in known else job
        for jobId in gone:
            self.removed.emit(jobId)
        for jobId, job in self._jobs.items():
            if known.get(jobId) != job:
                self.changed.emit(job)

    def close(self) -> None:
        """Cancel what waits and runs, record why, and close the store; waits up to CLOSING_S for the child."""
        self._timer.stop()
        if self._running is not None:
            jobId, child = self._running
            child.cancel()
            child.wait(CLOSING_S)
            last = reduce(_after, child.events(), self._jobs[jobId])
            if last.state is State.SUCCESS:  # it was faster than the cancel
                self._record(last)
            self._running = None
        for job in [job for job in self._jobs.values() if job.is_live and job.is_own]:
            self._record(replace(job, state=State.CANCELLED, reason=CANCELLED_BY_EXIT, finished=time.time()))
        self._store.close()

    def _poll(self) -> None:
        if self._running is None:
            self._startNext()
        if self._running is None:
            self._timer.stop()
            return
        jobId, child = self._running
        child.wait(HEADWAY_S)
        events = child.events()
        if not events:
            return
        job = reduce(_after, events, self._jobs[jobId])
        if job.is_live:
            self._publish(job)
        else:
            self._running = None
            self._record(job)

    def _startNext(self) -> None:
        waiting = next((job for job in self._jobs.values() if job.state is State.PENDING and job.is_own), None)
        if waiting is None:
            return
        request = waiting.request
        try:
            command = dicomsuite_command(request.arguments)
        except DicomSuiteError as error:
            self._record(replace(waiting, state=State.FAILED, reason=str(error), finished=time.time()))
            return
        child = ChildProcess(command, request.input_text, environment=self._environment, output=request.output)
        self._running = (waiting.id, child)
        self._record(replace(waiting, state=State.RUNNING, started=time.time()))

    def _record(self, job: Job) -> None:
        try:
            self._store.save(job)
        except DicomSuiteError as error:  # the job itself goes on; only its record is lost
            logging.error(str(error))
        self._publish(job)

    def _publish(self, job: Job) -> None:
        self._jobs[job.id] = job
        self.changed.emit(job)


def _after(job: Job, event: Event) -> Job:
    """The job as it is after one event of its child."""
    match event:
        case Progress():
            pace = {"rate": event.rate, "remaining_s": event.remaining_s}
            return replace(job, done=event.done, total=event.total, counts=event.counts, **pace)
        case LogLine():
            return replace(job, log=(*job.log, event.text)[-KEPT_LINES:])
        case Part():
            return job  # what a job finds is in its output
        case Result():
            return replace(job, result=event.facts)
        case Ended():
            return _ended(job, event)


def _ended(job: Job, end: Ended) -> Job:
    last = job.log[-1].removeprefix("dicomsuite: ") if job.log else ""
    state, reason = outcome(end.exit_code, job.counts, last)
    if end.was_cancelled and state is not State.SUCCESS:
        state, reason = State.CANCELLED, CANCELLED_BY_USER
    return replace(
        job, state=state, reason=reason, exit_code=end.exit_code, finished=time.time(), remaining_s=None
    )


_runner: JobRunner | None = None


def runner() -> JobRunner:
    """The runner of this process, made on first use; closed by `closeRunner` and when the application quits.

    Raises DicomSuiteError where the jobs cannot be stored.
    """
    global _runner
    if _runner is None:
        _runner = JobRunner(JobStore(storedSettings().jobs_path()), childEnvironment())
        slicer.app.connect("aboutToQuit()", _onAboutToQuit)
    return _runner


def closeRunner() -> None:
    """Cancel what runs and let go of the store; the next call of `runner` opens it afresh."""
    global _runner
    if _runner is not None:
        slicer.app.disconnect("aboutToQuit()", _onAboutToQuit)
        closing, _runner = _runner, None
        closing.close()


def _onAboutToQuit() -> None:
    closeRunner()
    remove_ephemeral_folder()


def childEnvironment() -> dict[str, str]:
    """The environment for `dicomsuite` children of this application.

    PythonSlicer, a launcher, wants the one in which Slicer was started; a bare interpreter that of Slicer itself.
    """
    hasLauncher = shutil.which(SLICERS_PYTHON) is not None
    return dicomsuite_environment(slicer.util.startupEnvironment() if hasLauncher else os.environ)
