"""What a finished job has left on disk: its report, its folder, the list of what it refused."""

import csv
import os
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from DicomSuiteLib.jobs import Job
from DicomSuiteLib.tasks import State

LISTED_FILES = 200
"""Refused files that are shown; the list itself is a file that can be opened."""

PICTURE_BYTES = 1 << 20
"""Larger pictures would hold up the windows while they are decoded."""

_REPORT = "report.html"


@dataclass(frozen=True)
class RefusedFile:
    """A file that was set aside, and why; the path may name a patient."""

    path: str
    reason: str


@dataclass(frozen=True)
class Finding:
    """A job's result on disk: paths of report, folder and picture, "" where there is none."""

    job: Job
    report: str
    folder: str
    picture: str


def has_result(job: Job) -> bool:
    """Whether the job ended well and what it wrote still exists."""
    return job.state is State.SUCCESS and bool(job.request.output) and os.path.exists(job.request.output)


def report_of(job: Job) -> str:
    """Path of the job's report for people: as the command named it, else report.html in its output; "" if none."""
    named = job.result.get("report") or os.path.join(job.request.output, _REPORT)
    return named if job.request.output and os.path.isfile(named) else ""


def folder_of(job: Job) -> str:
    """The folder that holds the job's output; "" where it does not exist."""
    output = job.request.output
    folder = output if os.path.isdir(output) else os.path.dirname(output)
    return folder if output and os.path.isdir(folder) else ""


def place_of(job: Job) -> str:
    """What to open of the job's result: its report, else its folder; "" where neither exists."""
    return report_of(job) or folder_of(job)


def picture_of(job: Job) -> str:
    """Path of a small picture that shows the result, where the command named one; else ""."""
    picture = job.result.get("picture") or ""
    return picture if os.path.isfile(picture) and os.path.getsize(picture) <= PICTURE_BYTES else ""


def refused_files(job: Job, most: int = LISTED_FILES) -> list[RefusedFile]:
    """The first `most` files that the job set aside; none where it keeps no list of them."""
    path = job.result.get("quarantine_list")
    if not path:
        return []
    try:
        with open(path, encoding="utf-8", errors="replace", newline="") as file:  # only to be shown; Qt wants Unicode
            rows = csv.DictReader(file)
            return [RefusedFile(row["path"], row["reason"]) for row in islice(rows, most)]
    except OSError:  # a later run into the same folder has taken the list away
        return []


def findings(jobs: Iterable[Job], most: int) -> list[Finding]:
    """The first `most` of `jobs` whose result still exists, and where; may wait for a slow disk."""
    found = (Finding(job, report_of(job), folder_of(job), picture_of(job)) for job in jobs if has_result(job))
    return list(islice(found, most))
