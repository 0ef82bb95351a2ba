"""What is wrong with an SQLite database, as far as its user can do something about it."""

import enum
import sqlite3


class Trouble(enum.Enum):
    """A kind of failure that asks for one remedy."""

    DAMAGED = enum.auto()
    """The file is not the database that was written, or none at all."""
    FULL = enum.auto()
    """The disk takes no more."""
    BUSY = enum.auto()
    """Another program has not let go of it in time."""
    FORBIDDEN = enum.auto()
    """The file or its folder cannot be opened or written."""
    OTHER = enum.auto()


_BY_CODE = {
    sqlite3.SQLITE_ERROR: Trouble.DAMAGED,  # statements are fixed: a table or column that they name has gone
    sqlite3.SQLITE_CORRUPT: Trouble.DAMAGED,
    sqlite3.SQLITE_NOTADB: Trouble.DAMAGED,
    sqlite3.SQLITE_FULL: Trouble.FULL,
    sqlite3.SQLITE_BUSY: Trouble.BUSY,
    sqlite3.SQLITE_LOCKED: Trouble.BUSY,
    sqlite3.SQLITE_READONLY: Trouble.FORBIDDEN,
    sqlite3.SQLITE_CANTOPEN: Trouble.FORBIDDEN,
    sqlite3.SQLITE_PERM: Trouble.FORBIDDEN,
}


def trouble_of(error: sqlite3.Error) -> Trouble:
    """The kind of an error; its message, which may quote what is stored, is not looked at."""
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return Trouble.DAMAGED  # Python's own: a stored text is none
    return _BY_CODE.get(code & 0xFF, Trouble.OTHER)  # the low byte is the primary code
