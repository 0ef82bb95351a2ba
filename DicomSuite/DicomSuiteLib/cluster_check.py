"""Whether a cluster is fit for a run, before the run begins: the same programs, the same folders, on every worker."""

from __future__ import annotations

import os
import uuid
from hashlib import sha256
from pathlib import Path

from DicomSuiteLib.dask_executor import ClusterError
from DicomSuiteLib.dask_worker import programs
from DicomSuiteLib.unfinished_files import PART_SUFFIX
from DicomSuiteLib.version import VERSION

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from DicomSuiteLib.dask_executor import DaskExecutor

SAMPLE_BYTES = 65536


def check_cluster(executor: DaskExecutor, sample: str, target: str) -> None:
    """Raise ClusterError unless every worker does what this computer does, reads `sample` and writes into `target`.

    Parameters: absolute paths of one of the source's files and of the existing output folder; "" is not checked.
    """
    _check_programs(executor)
    if sample:
        _check_sample(executor, sample)
    if target:
        _check_target(executor, target)


def check_outcome(unread: Iterable[str], written: Iterable[str]) -> None:
    """Raise ClusterError where a worker did not read files that are readable here, or its outputs are not here.

    Such a worker has joined the cluster after `check_cluster`.
    """
    if any(os.access(path, os.R_OK) for path in unread) or not all(map(os.path.isfile, written)):
        raise ClusterError(
            "A worker has joined the cluster that does not see the same folders as this computer. Take it away or give "
            "it the folders under the same names; --resume finishes the run."
        )


def _check_programs(executor: DaskExecutor) -> None:
    here = programs()
    for worker, there in executor.everywhere(programs).items():
        if isinstance(there, Exception):
            raise ClusterError(f"Worker {worker} has no DicomSuite that it can import. Install DicomSuite {VERSION}.")
        for program, version in here.items():
            if there[program] != version:
                raise ClusterError(
                    f"Worker {worker} has {program} {there[program]}, this computer {version}: the results would "
                    "not be the same. Install what is installed here."
                )


def _check_sample(executor: DaskExecutor, path: str) -> None:
    here = _digest(path)
    for worker, there in executor.everywhere(_digest, path).items():
        if there != here:
            raise ClusterError(
                f"Worker {worker} does not read {path} as this computer does. Put the files into a folder that all of "
                "the cluster sees under the same name."
            )


def _check_target(executor: DaskExecutor, folder: str) -> None:
    mark = uuid.uuid4().hex
    own = Path(folder, f".{mark}{PART_SUFFIX}")
    answers = {}
    try:
        own.write_text(mark, encoding="ascii")
        answers = executor.everywhere(_leave_mark, folder, mark)
        for worker, answer in answers.items():
            if not (isinstance(answer, str) and _reads(Path(folder, answer), mark)):
                raise ClusterError(
                    f"Worker {worker} cannot write into {folder}, or another folder has this name there. Choose an "
                    "output folder that all of the cluster sees under the same name, and may write to."
                )
    except OSError as error:
        raise ClusterError(f"{folder}: {error.strerror}. Choose another output folder.") from error
    finally:
        for name in (own.name, *(answer for answer in answers.values() if isinstance(answer, str))):
            Path(folder, name).unlink(missing_ok=True)


def _digest(path: str) -> str:
    """Of a file's size and beginning; "" where it cannot be read."""
    try:
        with open(path, "rb") as file:
            return f"{os.fstat(file.fileno()).st_size} {sha256(file.read(SAMPLE_BYTES)).hexdigest()}"
    except OSError:
        return ""


def _leave_mark(folder: str, mark: str) -> str | None:
    """On a worker: name of a file that it has written, for its caller to read and remove; None where it cannot."""
    name = f".{mark}-{uuid.uuid4().hex}{PART_SUFFIX}"
    try:
        if not _reads(Path(folder, f".{mark}{PART_SUFFIX}"), mark):
            return None
        Path(folder, name).write_text(mark, encoding="ascii")
    except OSError:
        return None
    return name


def _reads(path: Path, text: str) -> bool:
    try:
        return path.read_text(encoding="ascii") == text
    except OSError:
        return False
