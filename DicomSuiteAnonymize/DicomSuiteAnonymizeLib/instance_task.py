"""The task that every executor runs: a batch of files in, new files and result rows out."""

import json
import os
from collections import namedtuple
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

from DicomSuiteAnonymizeLib.elements import Unsupported
from DicomSuiteAnonymizeLib.engine import Engine, NotDicom, Rewritten
from DicomSuiteAnonymizeLib.errors import AnonymizeError
from DicomSuiteAnonymizeLib.output_file import parts_sha256, write_parts
from DicomSuiteAnonymizeLib.profile import Profile
from DicomSuiteAnonymizeLib.rewriter import rewrite_bytes
from DicomSuiteAnonymizeLib.source_file import SourceFile
from DicomSuiteLib.audit import file_sha256
from DicomSuiteLib.errors import DicomSuiteError

WRITTEN, QUARANTINED, NOT_DICOM = "written", "quarantined", "not DICOM"
PART_SUFFIX = ".part"
_INSTANCE_LETTERS = 16
_TOGETHER = 16
_MOST_IN_MEMORY = 8 * 1024 * 1024
"""Bytes of rewritten files that may wait for being written."""


class TaskSettings(
    namedtuple("TaskSettings", ("profile", "key", "target", "allow_pixel_risk", "hash_files"), defaults=(False, False))
):
    """All that shapes an instance's output; small, hashable and picklable.

    `target` is the output folder, "" to write nothing. `hash_files` asks for digests of whole files instead of
    everything but bulk values, which costs as much as copying.
    """

    __slots__ = ()
    profile: Profile
    key: bytes
    target: str
    allow_pixel_risk: bool
    hash_files: bool


class FileTask(namedtuple("FileTask", ("path", "key", "rank", "copy"), defaults=(None, 1))):
    """One source file: its path, the run's opaque key for it, its place in the series if needed (from 0).

    `copy` numbers files whose output would have one name, because their headers are the same.
    """

    __slots__ = ()


class FileResult(namedtuple("FileResult", ("key", "status", "output", "payload"))):
    """A row of the run ledger; `payload` is JSON text without any value of the source."""

    __slots__ = ()


BatchResult = tuple[list[FileResult], dict[str, list]]
"""Rows, and the elements of every change set that they name."""


def process_batch(settings: TaskSettings, batch: list[FileTask]) -> BatchResult:
    """De-identify the files of a batch. Raises output_file.TargetError where the output cannot be written at all."""
    work = _Batch(settings)
    try:
        for task in batch:
            work.add(task)
        work.write_waiting()
    finally:
        work.close()
    return work.rows, work.changes


@lru_cache(maxsize=1)
def _engine(profile: Profile, key: bytes) -> Engine:
    return Engine(profile, key)


class _Waiting(namedtuple("_Waiting", ("task", "source", "rewritten", "name"))):
    """A file that is rewritten in memory and not written yet."""

    __slots__ = ()


class _Batch:
    """Rewrites the headers of several files, then writes these files.

    One after the other, each file's pixels would push the engine out of the processor's caches, and the next header
    would take twice as long.
    """

    def __init__(self, settings: TaskSettings) -> None:
        self.rows: list[FileResult] = []
        self.changes: dict[str, list] = {}
        self._settings = settings
        self._engine = _engine(settings.profile, settings.key)
        self._waiting: list[_Waiting] = []
        self._in_memory = 0

    def add(self, task: FileTask) -> None:
        """Rewrite a file; it is written later."""
        with self._refusing(task):
            source = SourceFile(task.path)
            try:
                rewritten = _rewrite(source, task, self._engine)
                if rewritten.risk and not self._settings.allow_pixel_risk:
                    raise AnonymizeError(f"pixel risk: {rewritten.risk}")
                name = output_name(self._engine, rewritten, source.size, task.copy)
            except BaseException:
                source.close()
                raise
            self._waiting.append(_Waiting(task, source, rewritten, name))
            self._in_memory += sum(len(part) for part in rewritten.parts if type(part) is bytes)
        if len(self._waiting) >= _TOGETHER or self._in_memory > _MOST_IN_MEMORY:
            self.write_waiting()

    def write_waiting(self) -> None:
        """Write the files that were rewritten."""
        for task, source, rewritten, name in self._waiting:
            with self._refusing(task):
                payload = _write(source, rewritten, self._settings, name, task.path)
                self.changes[rewritten.changes.id] = rewritten.changes.elements
                self.rows.append(FileResult(task.key, WRITTEN, name, payload))
        self.close()

    def close(self) -> None:
        """Close the sources of files that are still waiting."""
        for waiting in self._waiting:
            waiting.source.close()
        self._waiting = []
        self._in_memory = 0

    @contextmanager
    def _refusing(self, task: FileTask) -> Iterator[None]:
        """Make a row of what goes wrong with one file; only a target that takes no more files ends the batch."""
        try:
            yield
        except NotDicom:
            self.rows.append(FileResult(task.key, NOT_DICOM, "", "{}"))
        except AnonymizeError as error:
            self._refuse(task, str(error))
        except DicomSuiteError:
            raise
        except OSError as error:
            self._refuse(task, f"cannot be read: {error.strerror or type(error).__name__}")
        except Exception as error:  # one bad file never stops a run, and its values stay out of the report
            self._refuse(task, f"unexpected {type(error).__name__} at {_place(error)}; please report it")

    def _refuse(self, task: FileTask, reason: str) -> None:
        self.rows.append(FileResult(task.key, QUARANTINED, "", json.dumps({"reason": reason})))


def _rewrite(source: SourceFile, task: FileTask, engine: Engine) -> Rewritten:
    if source.size == 0:
        raise AnonymizeError("empty: the file has 0 bytes")
    try:
        return rewrite_bytes(source, engine, task.rank)
    except Unsupported:
        from DicomSuiteAnonymizeLib.dataset_rewriter import rewrite_dataset

        return rewrite_dataset(source, engine, task.rank)


def output_name(engine: Engine, rewritten: Rewritten, size: int, copy: int) -> str:
    """Path below the output folder, from pseudonyms alone; differs for files that differ in any header byte."""
    identity = rewritten.subject.identity
    content = b"\0".join((rewritten.sop_instance, rewritten.digest.encode(), b"%d" % size))
    instance = engine.pseudonyms.code(b"instance file", content, _INSTANCE_LETTERS).decode()
    suffix = "" if copy == 1 else f"-{copy}"
    return f"{identity.patient.decode()}/ST-{identity.study}/SE-{identity.series}/IM-{instance}{suffix}.dcm"


def without_copy_number(name: str) -> str:
    """What the outputs of files with equal headers have in common."""
    folder, _, file = name.rpartition("/")
    return f"{folder}/{file[: len('IM-') + _INSTANCE_LETTERS]}" if name else ""


def _write(source: SourceFile, rewritten: Rewritten, settings: TaskSettings, name: str, path: str) -> str:
    if settings.target:
        write_parts(source, rewritten.parts, f"{settings.target}/{name}")
    digests = rewritten.digest, parts_sha256(rewritten.parts)
    if settings.hash_files and settings.target:
        digests = file_sha256(path), file_sha256(f"{settings.target}/{name}")
    return json.dumps(
        {
            "sha256_in": digests[0],
            "sha256_out": digests[1],
            "hashed": "file" if settings.hash_files else "header",
            "changes": rewritten.changes.id,
        }
    )


def _place(error: Exception) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "?" if trace is None else f"{os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno}"
