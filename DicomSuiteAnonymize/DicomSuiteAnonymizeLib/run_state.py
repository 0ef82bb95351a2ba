"""What a run keeps on the key's side: the ledger it resumes from, and the list of refused files with their paths.

The output folder is handed on, so nothing that names a source is ever in it.
"""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from DicomSuiteAnonymizeLib.instance_task import QUARANTINED
from DicomSuiteLib.errors import DicomSuiteError, UsageError
from DicomSuiteLib.run_ledger import RunLedger
from DicomSuiteLib.unfinished_files import is_unfinished


class RunState:
    """Folder beside the key file that belongs to one output folder."""

    def __init__(self, key_file: Path, target: Path) -> None:
        name = sha256(os.fsencode(target.resolve())).hexdigest()[:16]
        self.folder = key_file.resolve().parent / "runs" / name
        self._target = target
        self._ledger = self.folder / "ledger.sqlite"
        self._arrivals = self.folder / "arrivals.sqlite"
        self._finished = self.folder / "finished"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other runs out of the output folder in the block, however it ends; a kill ends it, too.

        Raises UsageError where another run is at work there.
        """
        import sqlite3

        from DicomSuiteLib.instance_lock import InstanceLock
        from DicomSuiteLib.sqlite_trouble import Trouble, trouble_of

        with self._explained():
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = InstanceLock(self.folder / "lock")
        try:
            lock.hold()
        except sqlite3.Error as error:
            if trouble_of(error) is Trouble.BUSY:
                raise UsageError(
                    f"Another run is writing into {self._target}. Wait for its end, or choose a new folder."
                ) from error
            raise DicomSuiteError(
                f"{lock.path} cannot be locked ({error.sqlite_errorname}). Put the key file where you can write."
            ) from error
        try:
            yield
        finally:
            lock.release()

    def open_ledger(self, fingerprint: str, resume: bool) -> RunLedger:
        """The interrupted run's ledger with `resume`, else a new one; for a run that has `locked` the folder.

        Raises UsageError where the output folder holds something else than a run with this fingerprint.
        """
        with self._explained():
            if not resume:
                self._finished.unlink(missing_ok=True)
                self._remove_ledger()
            elif not (self._ledger.exists() or self._has_finished(fingerprint) or _is_empty(self._target)):
                raise UsageError(
                    f"{self._target} holds no run with these sources, settings and key that could be resumed. "
                    "Repeat those of the interrupted run, or choose a new folder."
                )
        return RunLedger(self._ledger, fingerprint)

    def finish(self, fingerprint: str) -> None:
        """The run is complete: only what it was remains, so that resuming it is no error but another run is."""
        with self._explained():
            self._finished.write_text(fingerprint, encoding="ascii")
            self._remove_ledger()

    def _has_finished(self, fingerprint: str) -> bool:
        return self._finished.exists() and self._finished.read_text(encoding="ascii") == fingerprint

    def open_arrivals(self, fingerprint: str) -> RunLedger:
        """What a run that follows its folders notes of the files that it has read; it goes with the ledger."""
        return RunLedger(self._arrivals, fingerprint)

    def _remove_ledger(self) -> None:
        for path in (self._ledger, self._arrivals):
            for suffix in ("", "-wal", "-shm"):
                path.with_name(path.name + suffix).unlink(missing_ok=True)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise DicomSuiteError(f"{self.folder}: {error.strerror}. Put the key file where you can write.") from error

    def write_quarantine_list(self, ledger: RunLedger, paths: Mapping[str, str]) -> Path | None:
        """Refused files with path and reason, readable by the user alone; None where there are none."""
        path = self.folder / "quarantined.csv"
        refused = list(ledger.rows_with_status(QUARANTINED))
        with self._explained():
            path.unlink(missing_ok=True)
            if not refused:
                return None
            import csv

            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with open(descriptor, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
                table = csv.writer(file)
                table.writerow(("source", "path", "reason"))
                table.writerows((row.key, paths.get(row.key, ""), json.loads(row.payload)["reason"]) for row in refused)
        return path


def prepare_target(target: Path, resume: bool) -> None:
    """Make the output folder; an old one must be empty, or be resumed."""
    try:
        target.mkdir(parents=True, exist_ok=True)
        empty = _is_empty(target)
    except FileExistsError:
        raise UsageError(f"{target} is a file: name a folder for the output.") from None
    except OSError as error:
        raise DicomSuiteError(f"{target}: {error.strerror}. Choose an output folder that you can write to.") from error
    if not os.access(target, os.W_OK):
        raise DicomSuiteError(f"{target} is read-only. Choose an output folder that you can write to.")
    if not (empty or resume):
        raise UsageError(
            f"{target} is not empty. Choose a new folder, or --resume to finish a run that was interrupted there."
        )


def remove_leftovers(target: Path) -> None:
    """Remove the unfinished files that an interruption has left."""
    for folder, _, names in os.walk(target):
        for name in filter(is_unfinished, names):
            os.unlink(os.path.join(folder, name))


def _is_empty(folder: Path) -> bool:
    return not any(folder.iterdir())
