"""A run: every file below the sources through the engine, resumable, with reports at the end."""

import errno
import json
import os
from collections import Counter, namedtuple
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from hashlib import sha256
from itertools import groupby
from pathlib import Path

from DicomSuiteAnonymizeLib.instance_task import (
    NOT_DICOM,
    QUARANTINED,
    TAKEN,
    WRITTEN,
    BatchResult,
    FileResult,
    FileTask,
    TaskSettings,
    process_batch,
    without_copy_number,
)
from DicomSuiteAnonymizeLib.keys import Pseudonyms
from DicomSuiteAnonymizeLib.markers import profile_digest
from DicomSuiteAnonymizeLib.ps315 import Option
from DicomSuiteAnonymizeLib.report import CHANGES, build_report, write_reports
from DicomSuiteAnonymizeLib.run_state import RunState, prepare_target, remove_leftovers
from DicomSuiteAnonymizeLib.sources import SourceEntry, Sources, check_places
from DicomSuiteAnonymizeLib.steps import Action
from DicomSuiteLib.audit import file_sha256
from DicomSuiteLib.errors import DicomSuiteError
from DicomSuiteLib.executors import BatchFailure, open_executor, run_batches
from DicomSuiteLib.progress import ProgressReporter
from DicomSuiteLib.run_ledger import LedgerRow, RunLedger
from DicomSuiteLib.tasks import CancelToken
from DicomSuiteLib.version import TOOL

TYPE_CHECKING = False  # typing is not imported: see the start-up budget in test_cli.py
if TYPE_CHECKING:
    from DicomSuiteAnonymizeLib.crosswalks.crosswalk import Crosswalk, CrosswalkPlace
    from DicomSuiteAnonymizeLib.faces.face_order import FaceOrder
    from DicomSuiteLib.executors import Executor

BATCH = 64
"""Files a task; large enough that passing it to another process costs nothing, small enough to cancel soon."""


UNREAD = "cannot be read: "
"""How the reason begins why a file is refused that the system did not give out."""

UNSEEN = frozenset(f"{UNREAD}{os.strerror(code)}" for code in (errno.ENOENT, errno.EACCES))
"""Why files are refused on a computer that does not see them, or must not."""


class RunOptions(
    namedtuple(
        "RunOptions",
        ("sources", "target", "key_file", "workers", "resume", "pack", "cluster", "crosswalk"),
    )
):
    """Where a run reads and writes, and how; what it does to the files is in TaskSettings.

    `pack` asks for one ZIP archive in place of the patients' folders; `cluster` is the address or the file of a dask
    scheduler, "" for `workers` processes on this computer; `crosswalk` is where the way back is stored, None for
    nowhere. Raises UsageError unless sources, target and key are apart from each other.
    """

    __slots__ = ()
    sources: Sources
    target: Path
    key_file: Path
    workers: int
    resume: bool
    pack: bool
    cluster: str
    crosswalk: "CrosswalkPlace | None"

    def __new__(
        cls,
        sources: Sources,
        target: Path,
        key_file: Path,
        workers: int,
        resume: bool,
        pack: bool,
        cluster: str = "",
        crosswalk: "CrosswalkPlace | None" = None,
    ) -> "RunOptions":
        check_places(sources, target, key_file)
        return super().__new__(cls, sources, target, key_file, workers, resume, pack, cluster, crosswalk)


class RunOutcome(namedtuple("RunOutcome", ("report", "quarantine_list"))):
    """`report` is the content of report.json; `quarantine_list` names the refused files with their paths."""

    __slots__ = ()
    report: dict
    quarantine_list: Path | None


class Run:
    """One run over many files; `execute` may be called once."""

    def __init__(self, options: RunOptions, settings: TaskSettings, progress: ProgressReporter, token: CancelToken):
        self._options = options
        self._settings = settings
        self._progress = progress
        self._token = token
        self._state = RunState(options.key_file, options.target)
        self._entries: list[SourceEntry] = []
        self._ranks: dict[str, int] = {}
        self._faces: dict[str, FaceOrder] = {}
        self._done = self._total = 0
        self._counts = Counter({WRITTEN: 0, QUARANTINED: 0})
        self._crosswalk: Crosswalk | None = None

    def execute(self) -> RunOutcome:
        """De-identify everything; what an interrupted run has finished is not done again with `resume`.

        Raises Cancelled, and DicomSuiteError where source or target cannot be used as a whole.
        """
        self._find_files()
        if not self._settings.target:
            return self._preview()
        with self._state.locked():
            return self._write()

    def _write(self) -> RunOutcome:
        target, resume, fingerprint = self._options.target, self._options.resume, self._fingerprint()
        prepare_target(target, resume)
        with self._state.open_ledger(fingerprint, resume) as ledger, self._open_crosswalk(fingerprint, ledger):
            remove_leftovers(target)
            try:
                self._process_all(ledger)
            finally:  # workers may have been stopped, or have died, in the middle of a file
                remove_leftovers(target)
            outcome = self._report(ledger)
        if self._options.pack:
            from DicomSuiteAnonymizeLib.archive import pack

            pack(target, self._token)
        self._finish(fingerprint)
        return outcome

    @contextmanager
    def _open_crosswalk(self, fingerprint: str, ledger: RunLedger) -> "Iterator[None]":
        """Store in the block what leads back, where that is asked for."""
        place = self._options.crosswalk
        if place is None:
            yield
            return
        from DicomSuiteAnonymizeLib.crosswalks.crosswalk import Crosswalk

        with Crosswalk(place.path, self._settings.key, encrypted=place.encrypted) as self._crosswalk:
            self._crosswalk.begin_run(fingerprint, resumed=bool(ledger.counts()))
            yield

    def _report(self, ledger: RunLedger) -> RunOutcome:
        report = write_reports(ledger, self._settings, self._options.target)
        return RunOutcome(report, self._state.write_quarantine_list(ledger, self._paths()))

    def _finish(self, fingerprint: str) -> None:
        self._state.finish(fingerprint)

    def _paths(self) -> dict[str, str]:
        """The paths of the files by their keys."""
        return {entry.key: entry.path for entry in self._entries}

    def _preview(self) -> RunOutcome:
        from tempfile import TemporaryDirectory

        with TemporaryDirectory() as folder, RunLedger(Path(folder, "ledger.sqlite"), self._fingerprint()) as ledger:
            self._process_all(ledger)
            return RunOutcome(build_report(ledger, self._settings), None)

    def _find_files(self) -> None:
        pseudonyms = Pseudonyms(self._settings.key)
        self._entries = list(self._options.sources.entries(pseudonyms))
        if not self._entries:
            raise DicomSuiteError(f"{self._options.sources} holds no files: name the folder with the DICOM files.")
        if any(edit.action is Action.RENUMBER for edit in self._settings.profile.edits):
            from DicomSuiteLib.series import find_series

            series = find_series(self._options.sources.roots).series
            self._ranks = {str(path): rank for one in series for rank, path in enumerate(one.files)}

    def _fingerprint(self) -> str:
        """Digest of all that shapes the output; a run can only be resumed with the same."""
        settings = self._settings
        rules = (TOOL, profile_digest(settings.profile), settings.allow_pixel_risk, settings.hash_files, settings.given)
        rules += (self._options.crosswalk, settings.pixels, bool(settings.other_formats), settings.faces)
        all_of_it = rules, self._options.sources.places, sha256(settings.key).hexdigest()
        return sha256(repr(all_of_it).encode()).hexdigest()

    def _process_all(self, ledger: RunLedger) -> None:
        self._check_sources(ledger)
        with open_executor(self._options.workers, self._options.cluster) as executor:
            self._check_cluster(executor, self._entries)
            finished = self._still_there(ledger)
            self._done, self._total = len(finished), len(self._entries)
            self._judge_faces(executor)
            self._process(ledger, executor, [entry for entry in self._entries if entry.key not in finished])
            self._progress.finish()
            counts = ledger.counts()
            if counts.keys() <= {NOT_DICOM}:
                raise DicomSuiteError(
                    f"{self._options.sources}: none of the {counts[NOT_DICOM]} files is DICOM. Name another folder."
                )
            self._settle_equal_names(ledger, executor)

    def _judge_faces(self, executor: "Executor") -> None:
        """Decide what is to be done to the faces in all files, where the profile has them taken out."""
        if Option.CLEAN_FACES not in self._settings.profile.options:
            return
        from DicomSuiteAnonymizeLib.faces.face_order import FaceSettings
        from DicomSuiteAnonymizeLib.faces.face_phase import face_orders
        from DicomSuiteLib.series import find_series

        settings, pseudonyms = self._settings.faces or FaceSettings(), Pseudonyms(self._settings.key)
        series = find_series(self._options.sources.roots).series

        def show(judged: int) -> None:
            self._progress.update(self._done, self._total, judged=judged)

        self._faces = face_orders(series, settings, pseudonyms, executor, self._token, show)

    def _check_cluster(self, executor: "Executor", entries: list[SourceEntry]) -> None:
        """Raise ClusterError where the run is on a cluster, and that is not fit for it."""
        if self._options.cluster:
            from DicomSuiteLib.cluster_check import check_cluster

            sample = next((entry.path for entry in entries if not entry.unreadable), "")
            check_cluster(executor, sample, self._settings.target)

    def _check_outcome(self, tasks: list[FileTask], rows: list[FileResult]) -> None:
        """Raise ClusterError where the worker that made the rows sees other folders than this computer."""
        if not self._options.cluster:
            return
        from DicomSuiteLib.cluster_check import check_outcome

        unread = {row.key for row in rows if row.status == QUARANTINED and json.loads(row.payload)["reason"] in UNSEEN}
        written = [f"{self._settings.target}/{row.output}" for row in rows if row.status == WRITTEN]
        # One output is enough: all of a batch are written by one worker, and asking a file server takes time.
        check_outcome([task.path for task in tasks if task.key in unread], written[:1] if self._settings.target else ())

    def _process(self, ledger: RunLedger, executor: "Executor", entries: list[SourceEntry]) -> None:
        """De-identify the entries, and say how far the run is."""
        unreadable = [
            FileResult(entry.key, QUARANTINED, "", json.dumps({"reason": f"{UNREAD}{entry.unreadable}"}))
            for entry in entries
            if entry.unreadable
        ]
        ledger.record(unreadable)
        self._count(unreadable)
        tasks = [self._task(entry) for entry in entries if not entry.unreadable]
        batches = [tasks[start : start + BATCH] for start in range(0, len(tasks), BATCH)]
        with closing(self._results(ledger, executor, batches)) as results:
            for rows in results:
                self._count(rows)
                self._show_progress(executor)

    def _task(self, entry: SourceEntry) -> FileTask:
        return FileTask(entry.path, entry.key, self._ranks.get(entry.path), face=self._faces.get(entry.path))

    def _count(self, rows: list[FileResult]) -> None:
        self._done += len(rows)
        self._counts.update(row.status for row in rows)

    def _show_progress(self, executor: "Executor") -> None:
        self._progress.update(self._done, self._total, **self._progress_counts(executor))

    def _progress_counts(self, executor: "Executor") -> dict[str, int]:
        """Further numbers worth showing."""
        counts = {"written": self._counts[WRITTEN], "quarantined": self._counts[QUARANTINED]}
        return counts | ({"workers": executor.size} if self._options.cluster else {})

    def _results(
        self, ledger: RunLedger, executor: "Executor", batches: list[list[FileTask]]
    ) -> Iterator[list[FileResult]]:
        """Run the batches; each is in the ledger, as a whole, before it is yielded.

        The files of a batch that brings its process down run one by one, so that only the culprit is refused.
        """
        known: set[str] = set()
        suspects: list[list[FileTask]] = []
        function = partial(process_batch, self._settings)
        for index, result in run_batches(executor, function, batches, token=self._token):
            if isinstance(result, BatchFailure) and len(result.batch) > 1:
                suspects += ([task] for task in result.batch)
                continue
            rows, changes, notes = _crashed(result) if isinstance(result, BatchFailure) else result
            self._check_outcome(batches[index], rows)
            rows = self._kept(ledger, rows)
            if notes is not None:
                self._crosswalk.record(notes)
            new = changes.keys() - known
            known |= new
            ledger.record([FileResult(name, CHANGES, "", json.dumps(changes[name])) for name in new] + rows)
            yield rows
        if suspects:
            yield from self._results(ledger, executor, suspects)

    def _kept(self, ledger: RunLedger, rows: list[FileResult]) -> list[FileResult]:
        """The results that belong into the ledger."""
        return rows

    def _check_sources(self, ledger: RunLedger) -> None:
        """Raise DicomSuiteError where a file has gone that an interrupted run has dealt with."""
        keys = {entry.key for entry in self._entries}
        if any(row.status != CHANGES and row.key not in keys for row in ledger.rows()):
            raise DicomSuiteError(
                f"{self._options.sources}: files have gone since the run was interrupted. Put them back, or start "
                "afresh with a new output folder."
            )

    def _still_there(self, ledger: RunLedger) -> set[str]:
        """Keys of files that need no more work: recorded, and their outputs still exist."""
        target = self._options.target
        return {
            row.key
            for row in ledger.rows()
            if row.status not in (CHANGES, TAKEN) and (row.status != WRITTEN or (target / row.output).is_file())
        }

    def _settle_equal_names(self, ledger: RunLedger, executor: "Executor") -> None:
        """Files with equal headers got one name: write them once more, numbered.

        They are in one batch, thus recorded together: an interruption leaves all of them settled or none.
        """
        if not (ledger.has_equal_outputs() or TAKEN in ledger.counts()):
            return
        batches: list[list[FileTask]] = []
        for output, group in groupby(ledger.rows_by_output(), key=lambda row: without_copy_number(row.output)):
            rows = list(group) if output else []
            if len({row.output for row in rows}) < len(rows) or any(row.status == TAKEN for row in rows):
                tasks = self._numbered(rows)
                if batches and len(batches[-1]) + len(tasks) <= BATCH:
                    batches[-1] += tasks
                else:
                    batches.append(tasks)
        with closing(self._results(ledger, executor, batches)) as results:
            for _ in results:
                pass

    def _numbered(self, rows: list[LedgerRow]) -> list[FileTask]:
        """What writes files with equal headers once more, numbered by their content."""
        paths = self._paths()
        ordered = sorted((_content(paths[row.key]), row.key) for row in rows)
        return [
            FileTask(paths[key], key, self._ranks.get(paths[key]), copy, self._faces.get(paths[key]))
            for copy, (_, key) in enumerate(ordered, 1)
        ]


def _content(path: str) -> str:
    try:
        return file_sha256(path)
    except OSError as error:
        raise DicomSuiteError(f"{path} can no longer be read: {error.strerror}. --resume finishes the run.") from error


def _crashed(failure: BatchFailure) -> BatchResult:
    """The row for a file that brings its process down."""
    reason = json.dumps({"reason": f"not processed: {failure.reason}"})
    return BatchResult([FileResult(task.key, QUARANTINED, "", reason) for task in failure.batch], {})
