"""The way back for whole folders: every file that a crosswalk knows, restored into a new folder."""

from __future__ import annotations

import os
from collections import Counter, namedtuple
from collections.abc import Iterator, Sequence
from contextlib import closing
from functools import lru_cache, partial
from pathlib import Path

from DicomSuiteAnonymizeLib.crosswalks.crosswalk import Crosswalk
from DicomSuiteAnonymizeLib.crosswalks.private_table import write_private_table
from DicomSuiteAnonymizeLib.crosswalks.restored_file import restore_file
from DicomSuiteAnonymizeLib.crosswalks.restorer import RestoringEngine
from DicomSuiteAnonymizeLib.engine import NotDicom
from DicomSuiteAnonymizeLib.errors import AnonymizeError
from DicomSuiteAnonymizeLib.instance_task import NOT_DICOM, QUARANTINED, WRITTEN, rewrite, unforeseen
from DicomSuiteAnonymizeLib.output_file import write_parts
from DicomSuiteAnonymizeLib.run_state import remove_leftovers
from DicomSuiteAnonymizeLib.source_file import SourceFile
from DicomSuiteAnonymizeLib.steps import Action
from DicomSuiteLib.errors import DicomSuiteError
from DicomSuiteLib.executors import BatchFailure, open_executor, run_batches
from DicomSuiteLib.file_walk import UnreadablePath, walk_files
from DicomSuiteLib.output_file import write_json
from DicomSuiteLib.output_folder import claim_folder

TYPE_CHECKING = False  # typing is not imported: see the start-up budget in test_cli.py
if TYPE_CHECKING:
    from DicomSuiteLib.executors import Executor
    from DicomSuiteLib.progress import ProgressReporter
    from DicomSuiteLib.tasks import CancelToken

SUMMARY_FILE, REFUSED_FILE = "reidentification.json", "refused.csv"
_BATCH = 64


class RestoreSettings(namedtuple("RestoreSettings", ("crosswalk", "key", "source", "target"))):
    """Where the way back is stored, the key, and the folders to read and to write; small and picklable."""

    __slots__ = ()
    crosswalk: str
    key: bytes
    source: str
    target: str


class RestoredFile(namedtuple("RestoredFile", ("name", "status", "reason", "changes", "dates_removed"))):
    """What became of one file; `name` is its path below the source, `changes` counts (path, action, rule)."""

    __slots__ = ()
    name: str
    status: str
    reason: str
    changes: Counter
    dates_removed: bool


def restore_batch(settings: RestoreSettings, names: list[str]) -> list[RestoredFile]:
    """Restore the files of a batch. Raises output_file.TargetError where the output cannot be written at all."""
    engine = _engine(settings.crosswalk, settings.key)
    return [_restore(engine, settings, name) for name in names]


@lru_cache(maxsize=1)
def _engine(crosswalk: str, key: bytes) -> RestoringEngine:
    return RestoringEngine(Crosswalk(Path(crosswalk), key), key)


def _restore(engine: RestoringEngine, settings: RestoreSettings, name: str) -> RestoredFile:
    try:
        return _restored(engine, settings, name)
    except AnonymizeError as error:
        return _refused(name, str(error))
    except DicomSuiteError:
        raise
    except Exception as error:  # one bad file never stops a run
        return _refused(name, unforeseen(error))


def _restored(engine: RestoringEngine, settings: RestoreSettings, name: str) -> RestoredFile:
    try:
        with SourceFile(f"{settings.source}/{name}") as source:
            rewritten = rewrite(source, engine)
            write_parts(source, rewritten.parts, f"{settings.target}/{name}")
        changes = Counter({tuple(change): count for *change, count in rewritten.changes.elements})
        return RestoredFile(name, WRITTEN, "", changes, rewritten.subject.dates == b"REMOVED")
    except NotDicom:
        return _other(engine, settings, name)


def _other(engine: RestoringEngine, settings: RestoreSettings, name: str) -> RestoredFile:
    if restore_file(engine.crosswalk, settings.source, settings.target, name):
        return RestoredFile(name, WRITTEN, "", Counter([("", Action.REPLACE.value, "file name")]), False)
    return RestoredFile(name, NOT_DICOM, "", Counter(), False)


def _refused(name: str, reason: str) -> RestoredFile:
    return RestoredFile(name, QUARANTINED, reason, Counter(), False)


class Restoration:
    """All files below one folder, or one file; `execute` may be called once."""

    def __init__(
        self, source: Path, target: Path, crosswalk: Path, key: bytes, workers: int, progress: ProgressReporter
    ) -> None:
        self._root = source.absolute()
        folder = self._root if source.is_dir() else self._root.parent
        self._settings = RestoreSettings(str(crosswalk.absolute()), key, str(folder), str(target.absolute()))
        self._target = target
        self._workers = workers
        self._progress = progress
        self._total = 0
        self._statuses: Counter[str] = Counter()
        self._changes: Counter[tuple[str, str, str]] = Counter()
        self._dates_removed = 0
        self._refused: list[tuple[str, str]] = []

    def execute(self, token: CancelToken) -> dict:
        """Restore everything and return what was done, without any value; the same is written into the target.

        Raises Cancelled, UsageError where the target holds anything, and CrosswalkError where the crosswalk is not the
        key's or damaged.
        """
        with Crosswalk(Path(self._settings.crosswalk), self._settings.key) as crosswalk:
            crosswalk.check()
            claim_folder(self._target, mode=0o700)
        names = self._names()
        try:
            with open_executor(self._workers) as executor, closing(self._results(executor, names, token)) as results:
                for files in results:
                    self._count(files)
                    self._progress.update(self._statuses.total(), self._total)
        except BaseException:  # workers were stopped in the middle of a file
            remove_leftovers(self._target)
            raise
        finally:
            _engine.cache_clear()  # the crosswalk may grow before this process reads it again
        self._progress.finish()
        if self._statuses.keys() <= {NOT_DICOM}:
            raise AnonymizeError(f"{self._root}: none of the {self._total} files is DICOM. Unpack archives first.")
        return self._summary()

    def _names(self) -> list[str]:
        """Paths below the source folder; what cannot be read is refused."""
        names = []
        for found in walk_files([self._root]):
            unreadable = isinstance(found, UnreadablePath)
            name = os.path.relpath(found.path if unreadable else found, self._settings.source).replace(os.sep, "/")
            if unreadable:
                self._count([_refused(name, f"cannot be read: {found.reason}")])
            else:
                names.append(name)
        self._total = len(names) + self._statuses.total()
        if not self._total:
            raise AnonymizeError(f"{self._root} holds no files: name the folder with the de-identified files.")
        return names

    def _results(self, executor: Executor, names: list[str], token: CancelToken) -> Iterator[list[RestoredFile]]:
        """Results by batches; the files of a batch that brings its process down run one by one."""
        suspects: list[list[str]] = []
        batches = [names[start : start + _BATCH] for start in range(0, len(names), _BATCH)]
        function = partial(restore_batch, self._settings)
        for _, result in run_batches(executor, function, batches, token=token):
            if isinstance(result, BatchFailure):
                suspects += ([name] for name in result.batch)
            else:
                yield result
        for _, result in run_batches(executor, function, suspects, token=token):
            failed = isinstance(result, BatchFailure)
            yield [_refused(result.batch[0], f"not processed: {result.reason}")] if failed else result

    def _count(self, files: Sequence[RestoredFile]) -> None:
        for file in files:
            self._statuses[file.status] += 1
            self._changes.update(file.changes)
            self._dates_removed += file.dates_removed
            if file.status == QUARANTINED:
                self._refused.append((file.name, file.reason))

    def _summary(self) -> dict:
        restored: Counter[str] = Counter()
        left: Counter[tuple[str, str]] = Counter()
        for (path, action, rule), count in self._changes.items():
            if action == Action.REPLACE.value:
                restored[rule] += count
            elif action == Action.DUMMY.value:
                left[path, rule] += count
        summary = {
            "files": {
                "in": self._statuses.total(),
                "written": self._statuses[WRITTEN],
                "refused": self._statuses[QUARANTINED],
                "not_dicom": self._statuses[NOT_DICOM],
            },
            "restored": dict(sorted(restored.items())),
            "left": [{"path": path, "what": what, "count": count} for (path, what), count in sorted(left.items())],
            "dates_removed": self._dates_removed,
            "reasons": dict(sorted(Counter(reason for _, reason in self._refused).items())),
        }
        write_json(self._target / SUMMARY_FILE, summary)
        if self._refused:
            write_private_table(self._target / REFUSED_FILE, ("path", "reason"), sorted(self._refused))
        return summary
