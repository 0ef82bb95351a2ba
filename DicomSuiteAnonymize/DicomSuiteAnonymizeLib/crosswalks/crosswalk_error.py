"""Why a crosswalk cannot be used, in words that name the file and the remedy, and quote nothing that is stored."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from DicomSuiteLib.errors import DicomSuiteError

TYPE_CHECKING = False  # typing is not imported: the command's start is short
if TYPE_CHECKING:
    import sqlite3


class CrosswalkError(DicomSuiteError):
    """The crosswalk cannot be used: of another key, damaged, readable by others, or refused by the disk."""


@contextmanager
def crosswalk_errors(path: Path) -> Iterator[None]:
    """Raise CrosswalkError for what SQLite says in the block, and for stored entries that are not what they must be.

    The latter raise ValueError, as do texts of SQLite that are none because the file is damaged.
    """
    import sqlite3

    try:
        yield
    except sqlite3.ProgrammingError:
        raise  # our own mistake, not the disk's
    except sqlite3.Error as error:
        raise CrosswalkError(f"Crosswalk {path} {_advice(error)}") from error
    except (ValueError, RecursionError) as error:
        raise CrosswalkError(f"Crosswalk {path} {_DAMAGED}") from error


_DAMAGED = "is damaged or was altered. Put a copy in its place that was made before, or name another crosswalk."


def _advice(error: sqlite3.Error) -> str:
    from DicomSuiteLib.sqlite_trouble import Trouble, trouble_of

    trouble = trouble_of(error)
    if trouble is Trouble.OTHER:
        return f"cannot be used ({error.sqlite_errorname}). Check the disk, then repeat the command."
    return {
        Trouble.DAMAGED: _DAMAGED,
        Trouble.FULL: "cannot be written: the disk is full. Free some space, then repeat the command.",
        Trouble.BUSY: "is in use by another program. Wait for it or stop it, then repeat the command.",
        Trouble.FORBIDDEN: "or its folder cannot be written. Change their permissions, or name another crosswalk.",
    }[trouble]
