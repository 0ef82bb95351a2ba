"""A run: every file below the sources through the engine, resumable, with reports at the end."""

import json
from collections import Counter, namedtuple
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from hashlib import sha256
from itertools import groupby
from pathlib import Path

from DicomSuiteAnonymizeLib.instance_task import (
    NOT_DICOM,
    QUARANTINED,
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
from DicomSuiteAnonymizeLib.report import CHANGES, build_report, write_reports
from DicomSuiteAnonymizeLib.run_state import RunState, prepare_target, remove_leftovers
from DicomSuiteAnonymizeLib.sources import SourceEntry, Sources, check_places
from DicomSuiteAnonymizeLib.steps import Action
from DicomSuiteLib.audit import file_sha256
from DicomSuiteLib.errors import DicomSuiteError
from DicomSuiteLib.executors import BatchFailure, open_executor, run_batches
from DicomSuiteLib.progress import ProgressReporter
from DicomSuiteLib.run_ledger import RunLedger
from DicomSuiteLib.tasks import CancelToken
from DicomSuiteLib.version import TOOL

BATCH = 64
"""Files a task; large enough that passing it to another process costs nothing, small enough to cancel soon."""


class RunOptions(namedtuple("RunOptions", ("sources", "target", "key_file", "workers", "resume", "pack"))):
    """Where a run reads and writes, and how; what it does to the files is in TaskSettings.

    `pack` asks for one ZIP archive in place of the patients' folders. Raises UsageError unless sources, target and key
    are apart from each other.
    """

    __slots__ = ()
    sources: Sources
    target: Path
    key_file: Path
    workers: int
    resume: bool
    pack: bool

    def __new__(
        cls, sources: Sources, target: Path, key_file: Path, workers: int, resume: bool, pack: bool
    ) -> "RunOptions":
        check_places(sources, target, key_file)
        return super().__new__(cls, sources, target, key_file, workers, resume, pack)


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

    def execute(self) -> RunOutcome:
        """De-identify everything; what an interrupted run has finished is not done again with `resume`.

        Raises Cancelled, and DicomSuiteError where source or target cannot be used as a whole.
        """
        self._find_files()
        return self._write() if self._settings.target else self._preview()

    def _write(self) -> RunOutcome:
        target, resume, fingerprint = self._options.target, self._options.resume, self._fingerprint()
        prepare_target(target, resume)
        with self._state.open_ledger(fingerprint, resume) as ledger:
            remove_leftovers(target)
            try:
                self._process_all(ledger)
            except KeyboardInterrupt:  # workers were stopped in the middle of a file
                remove_leftovers(target)
                raise
            report = write_reports(ledger, self._settings, target)
            paths = {entry.key: entry.path for entry in self._entries}
            quarantine_list = self._state.write_quarantine_list(ledger, paths)
        if self._options.pack:
            from DicomSuiteAnonymizeLib.archive import pack

            pack(target, self._token)
        self._state.finish(fingerprint)
        return RunOutcome(report, quarantine_list)

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
        rules = (TOOL, profile_digest(settings.profile), settings.allow_pixel_risk, settings.hash_files)
        all_of_it = rules, self._options.sources.places, sha256(settings.key).hexdigest()
        return sha256(repr(all_of_it).encode()).hexdigest()

    def _process_all(self, ledger: RunLedger) -> None:
        self._process_each(ledger)
        counts = ledger.counts()
        if counts.keys() <= {NOT_DICOM}:
            raise DicomSuiteError(
                f"{self._options.sources}: none of the {counts[NOT_DICOM]} files is DICOM. Name another folder."
            )
        self._settle_equal_names(ledger)

    def _process_each(self, ledger: RunLedger) -> None:
        finished = self._still_there(ledger)
        waiting = [entry for entry in self._entries if entry.key not in finished]
        unreadable = [
            FileResult(entry.key, QUARANTINED, "", json.dumps({"reason": f"cannot be read: {entry.unreadable}"}))
            for entry in waiting
            if entry.unreadable
        ]
        ledger.record(unreadable)
        tasks = [
            FileTask(entry.path, entry.key, self._ranks.get(entry.path)) for entry in waiting if not entry.unreadable
        ]
        done = len(finished) + len(unreadable)
        counts = Counter({WRITTEN: 0, QUARANTINED: len(unreadable)})
        batches = [tasks[start : start + BATCH] for start in range(0, len(tasks), BATCH)]
        with closing(self._results(ledger, batches)) as results:
            for rows in results:
                done += len(rows)
                counts.update(row.status for row in rows)
                self._progress.update(
                    done, len(self._entries), written=counts[WRITTEN], quarantined=counts[QUARANTINED]
                )
        self._progress.finish()

    def _results(self, ledger: RunLedger, batches: list[list[FileTask]]) -> Iterator[list[FileResult]]:
        """Run the batches; each is in the ledger, as a whole, before it is yielded.

        The files of a batch that brings its process down run one by one, so that only the culprit is refused.
        """
        known: set[str] = set()
        suspects: list[list[FileTask]] = []
        workers = self._options.workers
        function = partial(process_batch, self._settings)
        with open_executor(workers) as executor:
            for _, result in run_batches(executor, function, batches, token=self._token, window=2 * workers):
                if isinstance(result, BatchFailure) and len(result.batch) > 1:
                    suspects += ([task] for task in result.batch)
                    continue
                rows, changes = _crashed(result) if isinstance(result, BatchFailure) else result
                new = changes.keys() - known
                known |= new
                ledger.record([FileResult(name, CHANGES, "", json.dumps(changes[name])) for name in new] + rows)
                yield rows
        if suspects:
            yield from self._results(ledger, suspects)

    def _still_there(self, ledger: RunLedger) -> frozenset[str]:
        """Keys of files that need no more work: recorded, and their outputs still exist."""
        target = self._options.target
        keys = {entry.key for entry in self._entries}
        finished = set()
        for row in ledger.rows():
            if row.status == CHANGES:
                continue
            if row.key not in keys:
                raise DicomSuiteError(
                    f"{self._options.sources}: files have gone since the run was interrupted. Put them back, or start "
                    "afresh with a new output folder."
                )
            if row.status != WRITTEN or (target / row.output).is_file():
                finished.add(row.key)
        return frozenset(finished)

    def _settle_equal_names(self, ledger: RunLedger) -> None:
        """Files with equal headers got one name: write them once more, numbered by their content.

        They are one batch, thus recorded together: an interruption leaves all of them settled or none.
        """
        if not ledger.has_equal_outputs():
            return
        paths = {entry.key: entry.path for entry in self._entries}
        batches = []
        for output, group in groupby(ledger.rows_by_output(), key=lambda row: without_copy_number(row.output)):
            rows = list(group) if output else []
            if len({row.output for row in rows}) < len(rows):
                ordered = sorted((_content(paths[row.key]), row.key) for row in rows)
                keys = [key for _, key in ordered]
                batches.append(
                    [FileTask(paths[key], key, self._ranks.get(paths[key]), copy) for copy, key in enumerate(keys, 1)]
                )
        with closing(self._results(ledger, batches)) as results:
            for _ in results:
                pass


def _content(path: str) -> str:
    try:
        return file_sha256(path)
    except OSError as error:
        raise DicomSuiteError(f"{path} can no longer be read: {error.strerror}. --resume finishes the run.") from error


def _crashed(failure: BatchFailure) -> BatchResult:
    """The row for a file that brings its process down."""
    reason = json.dumps({"reason": f"not processed: {failure.reason}"})
    return [FileResult(task.key, QUARANTINED, "", reason) for task in failure.batch], {}
