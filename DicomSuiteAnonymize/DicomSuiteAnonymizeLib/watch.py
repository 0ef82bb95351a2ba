"""A run that goes on with what arrives: one ledger, one report, one output folder, however often it is started.

What it leaves is what a run over all the files at once would leave. The ledger stays, so that the next start goes on.
"""

import json
import os
import time
from collections import Counter, namedtuple
from contextlib import suppress
from hashlib import sha256

from DicomSuiteAnonymizeLib.arrivals import Arrivals
from DicomSuiteAnonymizeLib.instance_task import QUARANTINED, TAKEN, WRITTEN, FileResult, FileTask
from DicomSuiteAnonymizeLib.keys import Pseudonyms
from DicomSuiteAnonymizeLib.ps315 import Option
from DicomSuiteAnonymizeLib.report import CHANGES
from DicomSuiteAnonymizeLib.run import UNREAD, Run, RunOptions
from DicomSuiteAnonymizeLib.sources import FolderSources, SourceEntry
from DicomSuiteAnonymizeLib.steps import Action
from DicomSuiteLib.errors import UsageError
from DicomSuiteLib.executors import open_executor
from DicomSuiteLib.run_ledger import LedgerRow, RunLedger
from DicomSuiteLib.tasks import Cancelled, CancelToken

TYPE_CHECKING = False  # typing is not imported: see the start-up budget in test_cli.py
if TYPE_CHECKING:
    from collections.abc import Iterable

    from DicomSuiteAnonymizeLib.instance_task import TaskSettings
    from DicomSuiteLib.executors import Executor
    from DicomSuiteLib.progress import ProgressReporter

LOOK_S = 1.0
"""Least time between two looks at the folder."""
LOOKING_SHARE = 0.1
"""Most of the time that is spent on looking."""
REPORT_S = 60.0
"""Least time between two reports while files arrive; the last one is written at the end."""
READ = "read"
"""Status of the rows that note in which version a file was read."""
GONE = "the file has gone before it could be written beside another one with the same header"
FOLDER = "folder"
"""In place of the version: the row is of a folder that could not be read."""
TRIES = 3
"""How often a file that cannot be read is read again though it has not changed: a network's folder may have gone."""
_NAP_S = 0.05
"""How soon a request to stop is noticed."""


class WatchOptions(namedtuple("WatchOptions", ("settle_s", "idle_s"))):
    """How long a file must stay the same to be complete, and after how long without news the watch ends (None: never).

    In seconds. Raises UsageError for what is no time.
    """

    __slots__ = ()
    settle_s: float
    idle_s: float | None

    def __new__(cls, settle_s: float, idle_s: float | None) -> "WatchOptions":
        if not settle_s > 0:
            raise UsageError("--settle must be more than 0 seconds.")
        if idle_s is not None and not idle_s >= 0:
            raise UsageError("--idle must not be less than 0 seconds.")
        return super().__new__(cls, settle_s, idle_s)


class WatchedRun(Run):
    """A run over folders into which files arrive; ends when the token is cancelled, or nothing has come for a while.

    What cannot be known before the last file of a series has come is a UsageError.
    """

    def __init__(
        self,
        options: RunOptions,
        settings: "TaskSettings",
        progress: "ProgressReporter",
        token: CancelToken,
        watch: WatchOptions,
    ) -> None:
        _check_watchable(options, settings)
        super().__init__(options._replace(resume=True), settings, progress, token)
        self._watch = watch
        self._arrivals = Arrivals(watch.settle_s)
        self._places: dict[str, str] = {}  # path by key, also of files that have gone
        self._present: set[str] = set()  # keys of the last look
        self._first: dict[str, str] = {}  # by the key of a later version: that of the file that was there first
        self._versions: dict[str, str] = {}  # of the files that were read
        self._unread: Counter[str] = Counter()  # how often a file could not be read, by key
        self._written: set[str] = set()
        self._pseudonyms = Pseudonyms(settings.key)

    def _find_files(self) -> None:
        """Look which files there are, and give those a key of their own that have taken the place of a written one."""
        found = self._options.sources.entries(self._pseudonyms)
        roots = frozenset(map(str, self._options.sources.roots))  # one that cannot be read now may come back
        self._entries = [self._distinguished(entry) for entry in found if entry.path not in roots]
        self._present = {entry.key for entry in self._entries}
        self._places.update((entry.key, entry.path) for entry in self._entries)

    def _distinguished(self, entry: SourceEntry) -> SourceEntry:
        version = version_of(entry.path)
        if entry.key not in self._written or self._versions.setdefault(entry.key, version) == version:
            return entry
        later = sha256(f"{entry.key} {version}".encode()).hexdigest()[: len(entry.key)]
        self._first[later] = entry.key
        return entry._replace(key=later)

    def _paths(self) -> dict[str, str]:
        return self._places

    def _finish(self, fingerprint: str) -> None:
        """Leave the ledger, from which the next start goes on."""

    def _process_all(self, ledger: RunLedger) -> None:
        self._written = {row.key for row in ledger.rows_with_status(WRITTEN) if self._has_output(row)}
        with (
            self._state.open_arrivals(ledger.fingerprint) as arrivals,
            open_executor(self._options.workers, self._options.cluster) as executor,
        ):
            self._versions = {row.key: row.payload for row in arrivals.rows()}
            self._check_cluster(executor, [])
            self._find_files()
            with suppress(Cancelled):
                self._settle_equal_names(ledger, executor)  # where the last start was stopped before it could
                self._follow(ledger, arrivals, executor)
            self._token = CancelToken()  # what is half done is done, whoever asked to stop
            self._settle_equal_names(ledger, executor)
        self._progress.finish()

    def _has_output(self, row: LedgerRow) -> bool:
        return (self._options.target / row.output).is_file()

    def _follow(self, ledger: RunLedger, arrivals: RunLedger, executor: "Executor") -> None:
        """Look, take in what is complete, rest; until there is no news for long enough. Raises Cancelled."""
        reported = last_news = time.monotonic()
        is_report_old = False
        while not self._token.cancelled:
            began = time.monotonic()
            ready = self._look(began)
            looking_s = time.monotonic() - began
            if ready or self._arrivals.waiting:
                last_news = began
            elif self._watch.idle_s is not None and began - last_news >= self._watch.idle_s:
                break
            arrivals.record(self._read_now(ready))
            self._take_in(ledger, executor, ready)
            if began - last_news <= 2 * LOOK_S:  # twice, because the first may be held back
                self._show_progress(executor)
            is_report_old |= bool(ready)
            if is_report_old and began - reported >= REPORT_S:
                self._report(ledger)
                reported, is_report_old = time.monotonic(), False
            self._rest(looking_s)

    def _look(self, now: float) -> list[SourceEntry]:
        """The files that are complete, and neither written nor refused as they are."""
        self._find_files()
        return self._arrivals.complete((entry for entry in self._entries if entry.key not in self._written), now)

    def _read_now(self, ready: list[SourceEntry]) -> list[FileResult]:
        """Note the versions in which files are read, so that one that takes the place of another is noticed."""
        versions = {entry.key: FOLDER if _is_folder(entry) else version_of(entry.path) for entry in ready}
        self._versions |= versions
        return [FileResult(key, READ, "", version) for key, version in versions.items()]

    def _take_in(self, ledger: RunLedger, executor: "Executor", ready: list[SourceEntry]) -> None:
        """De-identify what is complete, and say how things stand."""
        self._forget_folders(ledger)
        again = ledger.done().keys() & {entry.key for entry in ready}
        self._recount(ledger)
        self._done -= len(again)
        self._total = self._done + len(ready) + self._arrivals.waiting
        if ready:
            if not self._written:
                self._check_cluster(executor, ready)
            self._process(ledger, executor, ready)
            self._settle_equal_names(ledger, executor)
            rows = ledger.done()
            self._written.update(entry.key for entry in ready if _is_written(rows.get(entry.key)))
            self._await_unread(filter(None, (rows.get(entry.key) for entry in ready)))
            self._recount(ledger)

    def _forget_folders(self, ledger: RunLedger) -> None:
        """Folders that can be read again are refused no more: what is in them counts."""
        readable = [key for key, version in self._versions.items() if version == FOLDER and key not in self._present]
        if readable:
            ledger.forget(readable)
            for key in readable:
                del self._versions[key]

    def _await_unread(self, rows: "Iterable[LedgerRow]") -> None:
        for row in rows:
            if row.status == QUARANTINED and json.loads(row.payload)["reason"].startswith(UNREAD):
                self._unread[row.key] += 1
                if self._unread[row.key] <= TRIES and self._versions[row.key] != FOLDER:
                    self._arrivals.await_again(row.key)

    def _kept(self, ledger: RunLedger, rows: list[FileResult]) -> list[FileResult]:
        """All but files that came once more to where they were before, and were found to be the same."""
        return [row for row in rows if not self._came_again(ledger, row)]

    def _came_again(self, ledger: RunLedger, row: FileResult) -> bool:
        if row.status != WRITTEN or row.key not in self._first:
            return False
        first = ledger.done().get(self._first[row.key])
        return first is not None and row.output == first.output

    def _recount(self, ledger: RunLedger) -> None:
        self._counts = Counter(ledger.counts())
        self._done = self._counts.total() - self._counts[CHANGES]

    def _progress_counts(self, executor: "Executor") -> dict[str, int]:
        return super()._progress_counts(executor) | {"waiting": self._arrivals.waiting}

    def _task(self, entry: SourceEntry) -> FileTask:
        return super()._task(entry)._replace(copy=0)

    def _settle_equal_names(self, ledger: RunLedger, executor: "Executor") -> None:
        gone = [row.key for row in ledger.rows_with_status(TAKEN) if not self._is_there(row)]
        ledger.record([FileResult(key, QUARANTINED, "", json.dumps({"reason": GONE})) for key in gone])
        super()._settle_equal_names(ledger, executor)

    def _numbered(self, rows: list[LedgerRow]) -> list[FileTask]:
        """What numbers files with equal headers; those whose sources have gone meanwhile keep what they have."""
        there = [row.key for row in rows if self._is_there(row)]
        if len(there) == len(rows):
            return super()._numbered(rows)
        outputs = Counter(row.output for row in rows)
        newcomers = sorted(row.key for row in rows if row.key in there and outputs[row.output] > 1)
        paths = self._paths()
        free = len(rows) - len(newcomers) + 1
        return [FileTask(paths[key], key, None, copy) for copy, key in enumerate(newcomers, free)]

    def _is_there(self, row: LedgerRow) -> bool:
        return row.key in self._present and os.path.isfile(self._places[row.key])

    def _rest(self, looking_s: float) -> None:
        """Wait for the next look, which a request to stop ends."""
        least = min(LOOK_S, self._watch.settle_s / 2)
        end = time.monotonic() + max(least, looking_s * (1 / LOOKING_SHARE - 1))
        while time.monotonic() < end and not self._token.cancelled:
            time.sleep(_NAP_S)


def version_of(path: str) -> str:
    """Size and time of a file's last change, "" where there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return ""
    return f"{found.st_size} {found.st_mtime_ns}"


def _is_folder(entry: SourceEntry) -> bool:
    return bool(entry.unreadable) and os.path.isdir(entry.path)


def _is_written(row: LedgerRow | None) -> bool:
    return row is not None and row.status == WRITTEN


def _check_watchable(options: RunOptions, settings: "TaskSettings") -> None:
    """Raise UsageError for what cannot be combined with watching."""
    sources = options.sources
    if not isinstance(sources, FolderSources) or not all(root.is_dir() for root in sources.roots):
        raise UsageError("--watch follows folders: name folders, no files or lists.")
    if not settings.target or options.pack:
        raise UsageError("--watch cannot be combined with --dry-run or --zip: it has no end.")
    if any(edit.action is Action.RENUMBER for edit in settings.profile.edits):
        raise UsageError("--watch cannot renumber instances: their order is known when the whole series is there.")
    if Option.CLEAN_FACES in settings.profile.options:
        raise UsageError(
            f"--watch cannot be combined with --clean {Option.CLEAN_FACES.cli}: a face is found in the whole series."
        )
