"""The jobs on disk, so that they survive a restart; shared by every Slicer of the user.

A row holds paths of sources (arguments, file lists, log lines), and paths may name patients. The store
therefore lies where only the user can read it (folder 0700, file 0600), like the run ledger beside the key,
and a removed row is overwritten. SQLite in WAL mode, as the run ledger.

Each open store holds a lock that the operating system releases when its process dies. Jobs that waited or ran
in a process whose lock is free have died with it; whoever opens the store next says so.
"""

from __future__ import annotations

import dataclasses
import json
import os
import sqlite3
import time
import uuid
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from DicomSuiteLib.errors import DicomSuiteError
from DicomSuiteLib.instance_lock import InstanceLock, is_held
from DicomSuiteLib.jobs import LIVE_STATES, LOST, Job, JobRequest
from DicomSuiteLib.private_folder import make_private
from DicomSuiteLib.sqlite_schema import make_if_empty
from DicomSuiteLib.tasks import State

APPLICATION_ID = 0x44534A42  # "DSJB", in SQLite's header: this database holds jobs
SCHEMA_VERSION = 1
BUSY_TIMEOUT_S = 2.0

KEPT_JOBS = 500
"""Finished jobs that are kept; older ones are dropped when a new one is added."""
KEPT_BYTES = 32 << 20
"""What their rows may hold together (bytes), most of it lists of files, compressed."""

_LIVE = ", ".join(f"'{state}'" for state in sorted(LIVE_STATES))

SCHEMA = (
    "CREATE TABLE owner (id TEXT PRIMARY KEY)",
    "CREATE TABLE job (id TEXT PRIMARY KEY, owner TEXT NOT NULL, state TEXT NOT NULL, created REAL NOT NULL, "
    "request TEXT NOT NULL, input BLOB NOT NULL, progress TEXT NOT NULL)",
)
NEWEST_FIRST = "ORDER BY created DESC, id"
INSERT = "INSERT INTO job (id, owner, state, created, request, input, progress) VALUES (?, ?, ?, ?, ?, ?, ?)"
UPDATE = "UPDATE job SET state = ?, progress = ? WHERE id = ?"
DROP_OLD = (
    f"DELETE FROM job WHERE id IN (SELECT id FROM (SELECT id, ROW_NUMBER() OVER newest AS number, "
    f"SUM(LENGTH(request) + LENGTH(input) + LENGTH(progress)) OVER newest AS bytes FROM job "
    f"WHERE state NOT IN ({_LIVE}) WINDOW newest AS ({NEWEST_FIRST})) WHERE number > ? OR bytes > ?)"
)

OWNERS = f"SELECT id FROM owner UNION SELECT owner FROM job WHERE state IN ({_LIVE})"

_IN_COLUMNS = {"id", "request", "created", "state", "is_own"}
_IN_PROGRESS = [field.name for field in dataclasses.fields(Job) if field.name not in _IN_COLUMNS]


class JobStoreError(DicomSuiteError):
    """The store cannot be used: damaged, of another version, or refused by the disk."""


class JobStore:
    """The jobs in the database `path`, whose folder is made private; for one thread.

    Raises JobStoreError where the file is no job store or the disk refuses.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._owner = uuid.uuid4().hex
        make_private(path.parent)
        self._lock = InstanceLock(self._lock_file(self._owner))
        with self._explain():
            self._connection = self._connect()
            try:
                self._prepare()
                self._lock.hold()
                self._write("INSERT INTO owner VALUES (?)", (self._owner,))
                self.bury_the_dead()
            except BaseException:
                self.close()
                raise

    def add(self, request: JobRequest) -> Job:
        """Store a new job that waits; the oldest finished ones go where there are too many."""
        job = Job(uuid.uuid4().hex, request, time.time())
        asked = json.dumps({**dataclasses.asdict(request), "input_text": ""})
        # JSON's escapes carry what SQLite's text does not: file names that are no valid Unicode.
        packed = zlib.compress(json.dumps(request.input_text).encode("ascii"), 1)
        self._write(INSERT, (job.id, self._owner, job.state, job.created, asked, packed, _progress(job)))
        self._write(DROP_OLD, (KEPT_JOBS, KEPT_BYTES))
        return job

    def save(self, job: Job) -> None:
        """Store where a job stands that was added before."""
        self._write(UPDATE, (job.state, _progress(job), job.id))

    def jobs(self) -> list[Job]:
        """Return every job, the newest first; without their inputs, which may hold a million paths (`input_text`)."""
        return self._jobs()

    def input_text(self, job_id: str) -> str:
        """What a job reads from its standard input; "" where the job is not stored any more."""
        with self._explain():
            row = self._connection.execute("SELECT input FROM job WHERE id = ?", (job_id,)).fetchone()
        return json.loads(zlib.decompress(row[0])) if row else ""

    def remove(self, job_id: str) -> None:
        """Forget a job; its bytes are overwritten."""
        self._write("DELETE FROM job WHERE id = ?", (job_id,))

    def clear_finished(self) -> None:
        """Forget every job that has ended."""
        self._write(f"DELETE FROM job WHERE state NOT IN ({_LIVE})")

    def bury_the_dead(self) -> None:
        """Mark jobs whose Slicer has died as failed; those of Slicers that live stay as they are."""
        with self._explain():
            owners = [owner for (owner,) in self._connection.execute(OWNERS)]
        for owner in owners:
            if owner != self._owner and not is_held(self._lock_file(owner)):
                self._bury(owner)

    def close(self) -> None:
        """Close the database and release this process's lock; closing again changes nothing."""
        with self._explain():
            if self._lock.is_held_here:
                self._write("DELETE FROM owner WHERE id = ?", (self._owner,))
                self._lock.release()
            self._connection.close()

    def _bury(self, owner: str) -> None:
        for job in self._jobs(f"WHERE owner = ? AND state IN ({_LIVE})", (owner,)):
            self.save(replace(job, state=State.FAILED, reason=LOST, finished=time.time()))
        self._write("DELETE FROM owner WHERE id = ?", (owner,))
        self._lock_file(owner).unlink(missing_ok=True)

    def _jobs(self, condition: str = "", parameters: tuple = ()) -> list[Job]:
        query = f"SELECT id, owner, state, created, request, progress FROM job {condition} {NEWEST_FIRST}"
        with self._explain():
            return [self._job(*row) for row in self._connection.execute(query, parameters)]

    def _job(self, job_id: str, owner: str, state: str, created: float, request: str, progress: str) -> Job:
        asked, stands = json.loads(request), json.loads(progress)
        asked["arguments"] = tuple(asked["arguments"])
        stands["log"] = tuple(stands["log"])
        is_own = owner == self._owner
        return Job(job_id, JobRequest(**asked), created, State(state), is_own=is_own, **stands)

    def _lock_file(self, owner: str) -> Path:
        return self._path.with_name(f"{self._path.name}-{owner}.lock")

    def _connect(self) -> sqlite3.Connection:
        try:
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))
        except OSError as error:
            raise JobStoreError(f"{self._path}: {error.strerror}; make this folder writable for you.") from error
        return sqlite3.connect(self._path, timeout=BUSY_TIMEOUT_S, isolation_level=None)

    def _prepare(self) -> None:
        """Make an empty database a job store, and refuse what is neither."""
        make_if_empty(self._connection, APPLICATION_ID, SCHEMA_VERSION, [(statement, ()) for statement in SCHEMA])
        if self._value("PRAGMA application_id") != APPLICATION_ID:
            raise JobStoreError(f"{self._path}: holds no jobs of DicomSuite; move it elsewhere.")
        if self._value("PRAGMA user_version") != SCHEMA_VERSION:
            raise JobStoreError(f"{self._path}: was written by another version of DicomSuite; move it elsewhere.")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.execute("PRAGMA secure_delete = ON")

    def _value(self, query: str) -> object:
        return self._connection.execute(query).fetchone()[0]

    def _write(self, statement: str, parameters: tuple = ()) -> None:
        with self._explain():
            self._connection.execute(statement, parameters)

    @contextmanager
    def _explain(self) -> Iterator[None]:
        """Turn what SQLite says into a JobStoreError that says what to do."""
        try:
            yield
        except sqlite3.ProgrammingError:
            raise  # our own mistake (e.g. used after close), not the disk's
        except sqlite3.Error as error:
            raise JobStoreError(
                f"{self._path}: {error}. Free some space, or move this file elsewhere to start with no jobs."
            ) from error


def _progress(job: Job) -> str:
    return json.dumps({name: getattr(job, name) for name in _IN_PROGRESS})
