"""Pictures of the home module with a few studies and jobs, for the README; everything in them is synthetic."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from application import ROOT, cleanup, loadModule, moduleWidget, processEvents, waitUntil
from DicomSuiteGui.job_runner import closeRunner, runner
from DicomSuiteLib.job_store import JobStore
from DicomSuiteLib.jobs import CANCELLED_BY_USER, JobRequest
from DicomSuiteLib.private_folder import private_folder
from DicomSuiteLib.synthetic_study import write_synthetic_study
from DicomSuiteLib.tasks import State
from panel_screenshots import write_pictures

PATIENTS = 5


def take(folder: Path) -> list[Path]:
    """Write home-350-light.png and so on into `folder`; needs no network and leaves nothing else behind."""
    with TemporaryDirectory() as scratch, _home(Path(scratch, "home")), _studies(Path(scratch)):
        elsewhere = _write_jobs(Path(scratch, "Results"))
        for path in sorted(ROOT.glob("DicomSuite*/DicomSuite*.py")):
            loadModule(path.stem)
        widget = moduleWidget("DicomSuite")
        try:
            waitUntil(lambda: not widget.panel.studies.isReading)
            widget.panel.studies.table.selectRow(1)
            refused = next(job for job in runner().jobs() if job.result)
            widget.panel.jobs.select(refused.id)
            processEvents(0.5)
            return write_pictures(widget, folder, "home")
        finally:
            cleanup(widget)
            closeRunner()
            elsewhere()


@contextmanager
def _home(folder: Path) -> Iterator[None]:
    """A home folder without the jobs of whoever takes the pictures."""
    folder.mkdir()
    with patch.dict(os.environ, HOME=str(folder), USERPROFILE=str(folder)):
        closeRunner()
        yield


@contextmanager
def _studies(scratch: Path) -> Iterator[None]:
    from DICOMLib import DICOMUtils

    with DICOMUtils.TemporaryDICOMDatabase(str(scratch / "database")) as database:
        for seed in range(PATIENTS):
            DICOMUtils.importDicom(str(write_synthetic_study(scratch / f"study{seed}", seed=seed).folder), database)
        yield


def _write_jobs(results: Path) -> Callable[[], None]:
    """Record jobs in each state as another Slicer would; call what is returned to let it end."""
    store = JobStore(private_folder() / "jobs.sqlite")
    now = time.time()
    for number, (title, state, changes) in enumerate(_jobs(results, now)):
        output = results / str(number)
        output.mkdir(parents=True)
        (output / "report.html").touch()
        arguments = ("anonymize", "-", str(output))
        job = store.add(JobRequest("anonymize", title, arguments, str(output)))
        store.save(replace(job, state=state, **changes))
    return store.close


def _jobs(results: Path, now: float) -> tuple[tuple[str, State, dict], ...]:
    refused = results / "refused.csv"
    results.mkdir()
    refused.write_text("source,path,reason\n1,/data/study1/US/capture.dcm,may show text in its pixels\n")
    counts = {"written": 340, "quarantined": 2}
    done = {"done": 342, "total": 342, "exit_code": 3, "log": ("342 files", "report written")}
    return (
        ("De-identify 1 study", State.SUCCESS,
         {"started": now - 9000, "finished": now - 8971, "done": 41, "total": 41, "counts": {"written": 41}}),
        ("De-identify 12 studies", State.FAILED,
         {"started": now - 7000, "finished": now - 6930, "reason": "the disk is full; free some space, then resume"}),
        ("De-identify 2 studies", State.CANCELLED,
         {"started": now - 5000, "finished": now - 4996, "reason": CANCELLED_BY_USER}),
        ("De-identify 3 studies", State.SUCCESS,
         {"started": now - 600, "finished": now - 598, "counts": counts, "reason": "2 refused",
          "result": {"quarantine_list": str(refused)}, **done}),
        ("De-identify 4 studies", State.RUNNING,
         {"started": now - 21, "done": 860, "total": 1912, "rate": 41.0, "remaining_s": 25.7}),
        ("De-identify 1 study", State.PENDING, {}),
    )  # fmt: skip
