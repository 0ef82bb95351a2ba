"""The run ledger: which items of a run are finished, kept on disk so that an interrupted run can go on.

SQLite in WAL mode with synchronous=NORMAL: a commit is one append without waiting for the disk, a killed
process loses at most the batch it was recording, a power cut at most the last few, and neither damages the
file. Others can read it while the run writes.
"""

from __future__ import annotations

import os
from collections import namedtuple
from collections.abc import Mapping
from contextlib import contextmanager

from DicomSuiteLib.errors import DicomSuiteError
from DicomSuiteLib.sqlite_schema import make_if_empty

TYPE_CHECKING = False  # typing is not imported: see the start-up budget in test_cli.py
if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator
    from types import TracebackType
    from typing import Self

APPLICATION_ID = 0x44534C47  # "DSLG", in SQLite's header: this database is a run ledger
SCHEMA_VERSION = 1
BUSY_TIMEOUT_S = 30.0
CACHE_KIB = 16384
LOG_PAGES = 4000  # 16 MB: folding the log into the file more often costs half as much time again

SCHEMA = (
    "CREATE TABLE run (fingerprint TEXT NOT NULL)",
    "CREATE TABLE item (key TEXT NOT NULL UNIQUE, status TEXT NOT NULL, output TEXT NOT NULL, payload TEXT NOT NULL)",
)
UPSERT = (
    "INSERT INTO item (key, status, output, payload) VALUES (?, ?, ?, ?) ON CONFLICT (key) DO UPDATE "
    "SET status = excluded.status, output = excluded.output, payload = excluded.payload"
)


class LedgerError(DicomSuiteError):
    """The ledger cannot be used: damaged, of another run, or refused by the disk."""


class LedgerRow(namedtuple("LedgerRow", ("key", "status", "output", "payload"))):
    """One finished item, four strings: opaque key, status, output's relative path or "", JSON text."""

    __slots__ = ()


class RunLedger:
    """The finished items of one run.

    Parameters: `path` of the ledger, created with mode 0600 if absent; `fingerprint` a digest of the settings
    that shape the output. Without a fingerprint an existing ledger is opened for reading only.

    Raises LedgerError if the file holds a run with another fingerprint, is damaged or not a ledger, or if the
    disk refuses. Use it from the thread that opened it.
    """

    def __init__(self, path: str | os.PathLike[str], fingerprint: str | None = None) -> None:
        self._path = os.path.abspath(path)
        with self._explain():
            self._connection = self._connect(read_only=fingerprint is None)
            try:
                if fingerprint is not None:
                    self._prepare(fingerprint)
                self._check(fingerprint)
            except BaseException:
                self._connection.close()
                raise

    @property
    def fingerprint(self) -> str:
        """The fingerprint stored when the run began."""
        return self._value("SELECT fingerprint FROM run")

    def record(self, results: Iterable[tuple[str, str, str, str]]) -> None:
        """Store (key, status, output, payload) of finished items, all or none; a known key's row is replaced.

        A key is an opaque digest, never a path, and a payload holds no patient data.
        """
        with self._explain(), self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany(UPSERT, results)

    def forget(self, keys: Iterable[str]) -> None:
        """Remove the rows of items that are none any more, all or none."""
        with self._explain(), self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany("DELETE FROM item WHERE key = ?", ((key,) for key in keys))

    def done(self) -> Mapping[str, LedgerRow]:
        """Return a live view, key -> row, of what is finished; it reads from disk and keeps nothing."""
        return _RowsByKey(self)

    def rows(self) -> Iterator[LedgerRow]:
        """Return every row in the order of the keys, without loading them all."""
        return self._rows("ORDER BY key")

    def rows_by_output(self) -> Iterator[LedgerRow]:
        """Return every row in the order of the outputs, then of the keys, without loading them all."""
        return self._rows("ORDER BY output, key")

    def rows_with_status(self, status: str) -> Iterator[LedgerRow]:
        """Return the rows of one status in the order of the keys."""
        return self._rows("WHERE status = ? ORDER BY key", (status,))

    def has_equal_outputs(self) -> bool:
        """Whether two items have the same output, that of items without one left aside."""
        query = "SELECT EXISTS (SELECT 1 FROM item WHERE output <> '' GROUP BY output HAVING COUNT(*) > 1)"
        return bool(self._value(query))

    def counts(self) -> dict[str, int]:
        """Return how many items have each status."""
        return dict(self._select("SELECT status, COUNT(*) FROM item GROUP BY status ORDER BY status"))

    def close(self) -> None:
        """Fold the write-ahead log into the file and close it; closing again changes nothing."""
        with self._explain():
            self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _connect(self, *, read_only: bool) -> sqlite3.Connection:
        import sqlite3
        from pathlib import Path

        if not read_only:
            self._create()
        mode = "ro" if read_only else "rw"
        uri = f"{Path(self._path).as_uri()}?mode={mode}"
        return sqlite3.connect(uri, uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None)

    def _create(self) -> None:
        """Make the file if there is none; SQLite itself would let others read it."""
        try:
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))
        except OSError as error:
            raise LedgerError(f"{self._path}: the run ledger cannot be opened ({error.strerror})") from error

    def _prepare(self, fingerprint: str) -> None:
        """Make an empty database a ledger."""
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        self._connection.execute(f"PRAGMA wal_autocheckpoint = {LOG_PAGES}")
        statements = [*((statement, ()) for statement in SCHEMA), ("INSERT INTO run VALUES (?)", (fingerprint,))]
        make_if_empty(self._connection, APPLICATION_ID, SCHEMA_VERSION, statements)

    def _check(self, fingerprint: str | None) -> None:
        if self._value("PRAGMA application_id") != APPLICATION_ID:
            raise LedgerError(f"{self._path}: is not a run ledger; choose another place for the ledger")
        version = self._value("PRAGMA user_version")
        if version != SCHEMA_VERSION:
            raise LedgerError(
                f"{self._path}: was written by another version of DicomSuite (ledger version {version}, "
                f"this one reads {SCHEMA_VERSION}); resume with that version or start afresh elsewhere"
            )
        if fingerprint is not None and fingerprint != self.fingerprint:
            raise LedgerError(
                f"{self._path}: belongs to a run with other settings; "
                "repeat the settings of that run to go on with it, or choose another output folder"
            )

    def _value(self, query: str) -> object:
        with self._explain():
            return self._connection.execute(query).fetchone()[0]

    def _select(self, query: str, parameters: tuple[str, ...] = ()) -> Iterator[tuple]:
        with self._explain():
            yield from self._connection.execute(query, parameters)

    def _rows(self, clauses: str, parameters: tuple[str, ...] = ()) -> Iterator[LedgerRow]:
        query = f"SELECT key, status, output, payload FROM item {clauses}"
        return map(LedgerRow._make, self._select(query, parameters))

    @contextmanager
    def _explain(self) -> Iterator[None]:
        """Turn what SQLite says into a LedgerError that says what to do."""
        import sqlite3

        try:
            yield
        except sqlite3.ProgrammingError:
            raise  # our own mistake (e.g. used after close), not the disk's
        except sqlite3.Error as error:
            raise LedgerError(f"{self._path}: {_advice(error)}") from error


class _RowsByKey(Mapping):
    """The finished items by key, read from the ledger one at a time."""

    def __init__(self, ledger: RunLedger) -> None:
        self._ledger = ledger

    def __getitem__(self, key: str) -> LedgerRow:
        for row in self._ledger._rows("WHERE key = ?", (key,)):
            return row
        raise KeyError(key)

    def __iter__(self) -> Iterator[str]:
        return (key for (key,) in self._ledger._select("SELECT key FROM item ORDER BY key"))

    def __len__(self) -> int:
        return self._ledger._value("SELECT COUNT(*) FROM item")


def _advice(error: sqlite3.Error) -> str:
    from DicomSuiteLib.sqlite_trouble import Trouble, trouble_of

    return {
        Trouble.DAMAGED: "is damaged or not a run ledger; delete it and start the run afresh",
        Trouble.FULL: "the disk is full; free some space, then resume the run",
        Trouble.BUSY: "another program is using the run ledger; wait for it or stop it, then resume the run",
        Trouble.FORBIDDEN: "the run ledger cannot be opened here; check that the folder exists and can be written",
        Trouble.OTHER: f"the run ledger cannot be used ({error}); check the disk and its free space, then resume",
    }[trouble_of(error)]
