"""A lock that a process holds while it lives, and that the operating system releases however it dies."""

import contextlib
import sqlite3
from pathlib import Path


class InstanceLock:
    """Holds an exclusive lock on a small file from `hold` to `release`, or to the end of the process.

    The lock is SQLite's, which works the same on every platform and also between connections of one process.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._connection: sqlite3.Connection | None = None

    @property
    def is_held_here(self) -> bool:
        """Tell whether this object holds the lock."""
        return self._connection is not None

    def hold(self) -> None:
        """Take the lock; raises sqlite3.Error where someone has it or the file cannot be made."""
        self._connection = _lock(self.path)

    def release(self) -> None:
        """Give the lock back and remove its file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
            self.path.unlink(missing_ok=True)


def is_held(path: Path) -> bool:
    """Tell whether a living process holds the lock in this file."""
    if not path.exists():
        return False
    try:
        _lock(path).close()
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return True
        raise
    return False


def _lock(path: Path) -> sqlite3.Connection:
    # Whoever closes may be another thread, e.g. the one that ends the process.
    connection = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("BEGIN EXCLUSIVE")
    except sqlite3.Error:
        with contextlib.suppress(sqlite3.Error):
            connection.close()
        raise
    return connection
