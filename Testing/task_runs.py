"""The task that every run consists of, with its sources' own paths as keys: what became of which file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from DicomSuiteAnonymizeLib.instance_task import WRITTEN, FileResult, FileTask, TaskSettings, process_batch
from DicomSuiteAnonymizeLib.profiles.profile import Profile
from rewriting import KEY


@dataclass(frozen=True)
class Pair:
    """A source and what was written for it."""

    source: Path
    output: Path


def run_tasks(sources: Iterable[Path], target: Path, profile: Profile, key: bytes = KEY) -> list[FileResult]:
    """A row for each source, in their order; no two outputs have one name, even where their headers are equal."""
    settings = TaskSettings(profile, key, str(target), allow_pixel_risk=True)
    tasks = [FileTask(str(path), str(path), None, number) for number, path in enumerate(sources, 2)]
    return process_batch(settings, tasks)[0]


def pairs_of(rows: Iterable[FileResult], target: Path) -> list[Pair]:
    """The written files among the rows."""
    return [Pair(Path(row.key), target / row.output) for row in rows if row.status == WRITTEN]
