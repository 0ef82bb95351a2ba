"""The way back from de-identified files: pseudonyms and the originals that they stand for, in an SQLite file.

The file belongs to one key and identifies patients: it is readable by its owner alone, and may be encrypted. SQLite
waits for the disk with every record, so that no file is known as de-identified before its way back is stored.
"""

from __future__ import annotations

import json
import os
import stat
from collections import namedtuple
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from DicomSuiteAnonymizeLib.crosswalks.crosswalk_error import CrosswalkError, crosswalk_errors
from DicomSuiteAnonymizeLib.crosswalks.crosswalk_notes import Notes, OriginalSubject, OriginalValue
from DicomSuiteAnonymizeLib.crosswalks.crosswalk_seal import KeySeal, OpenSeal, Seal
from DicomSuiteAnonymizeLib.keys import Pseudonyms
from DicomSuiteLib.sqlite_schema import make_if_empty

TYPE_CHECKING = False  # typing is not imported: the command's start is short
if TYPE_CHECKING:
    import sqlite3
    from types import TracebackType
    from typing import Any, Self

APPLICATION_ID = 0x44534357  # "DSCW", in SQLite's header: this database is a crosswalk
SCHEMA_VERSION = 1
BUSY_TIMEOUT_S = 30.0

_SCHEMA = (
    "CREATE TABLE crosswalk (key_check TEXT NOT NULL, encrypted INTEGER NOT NULL)",
    "CREATE TABLE run (fingerprint TEXT PRIMARY KEY) WITHOUT ROWID",
    "CREATE TABLE uid (new TEXT, original BLOB, PRIMARY KEY (new, original)) WITHOUT ROWID",
    "CREATE TABLE value (domain TEXT, new TEXT, original BLOB, PRIMARY KEY (domain, new, original)) WITHOUT ROWID",
    "CREATE TABLE subject (id INTEGER PRIMARY KEY, patient TEXT NOT NULL, study TEXT NOT NULL, series TEXT NOT NULL, "
    "original BLOB NOT NULL, UNIQUE (patient, study, series, original))",
    "CREATE INDEX subject_by_study ON subject (study)",
    "CREATE INDEX subject_by_series ON subject (series)",
    "CREATE TABLE instance (uid TEXT, subject INTEGER NOT NULL, PRIMARY KEY (uid, subject)) WITHOUT ROWID",
)

_PAIR, _VALUE, _SUBJECT = (str, bytes), (str, str, bytes), (str, str, str, bytes)
_ORIGINALS = (bytes | None, bytes | None, bytes | None, bytes, int)
"""Types of the columns that are read, and of what a subject's original is packed of."""

_SUBJECTS = "SELECT patient, study, series, original FROM subject"


class CrosswalkPlace(namedtuple("CrosswalkPlace", ("path", "encrypted"))):
    """Where a run writes its crosswalk; `encrypted` asks for encryption where the file is new."""

    __slots__ = ()
    path: Path
    encrypted: bool


class Crosswalk:
    """A crosswalk file; a context manager, used from the thread that opened it.

    Parameters: `key` is the run's; `encrypted` says whether a file that is made is to be encrypted; with None the file
    is opened for reading only and must exist.
    Raises CrosswalkError, which names the file, where it belongs to another key, is no crosswalk or damaged, can be
    read by other users, or the disk refuses; so does every method. Raises MissingPackageError where it is encrypted and
    cryptography is missing.
    """

    def __init__(self, path: Path, key: bytes, *, encrypted: bool | None = None) -> None:
        self.path = path
        if encrypted:
            KeySeal(key)  # so that nothing is made where that cannot be
        with crosswalk_errors(self.path):
            self._connection = self._connect(read_only=encrypted is None)
            try:
                if encrypted is not None:
                    self._make_if_new(key, encrypted)
                self._seal = self._checked_seal(key, encrypted)
            except BaseException:
                self._connection.close()
                raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def check(self) -> None:
        """Raise CrosswalkError unless all of the file is as it was written; takes as long as reading it."""
        findings = self._select("PRAGMA integrity_check(1)", read=_sound)
        for everything in (findings, self.uids(), self.values(), self.instances(), self.subjects()):
            for _ in everything:
                pass

    # writing

    @contextmanager
    def all_or_nothing(self) -> Iterator[None]:
        """What is recorded in the block is stored at its end, or not at all if it fails; blocks inside it are part."""
        if self._connection.in_transaction:
            yield
            return
        with crosswalk_errors(self.path), self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            yield

    def begin_run(self, fingerprint: str, *, resumed: bool) -> None:
        """Remember a run. Raises CrosswalkError where it is `resumed` and what it noted so far is not in this file."""
        list(self._select("PRAGMA quick_check(1)", read=_sound))  # now, not when half of the files are written
        known = self._select("SELECT 1 FROM run WHERE fingerprint = ?", (fingerprint,))
        if resumed and not any(known):
            raise CrosswalkError(
                f"Crosswalk {self.path}: what the interrupted run stored is not in it. Put that crosswalk back, or "
                "start afresh with a new output folder."
            )
        with self.all_or_nothing():
            self._connection.execute("INSERT OR IGNORE INTO run VALUES (?)", (fingerprint,))

    def record(self, notes: Notes) -> None:
        """Store what a batch noted, all or nothing; what is known already changes nothing."""
        connection = self._connection
        with self.all_or_nothing():
            connection.executemany("INSERT OR IGNORE INTO uid VALUES (?, ?)", map(self._uid_row, notes.uids))
            connection.executemany("INSERT OR IGNORE INTO value VALUES (?, ?, ?)", map(self._value_row, notes.values))
            subjects = {subject: self._subject_id(subject) for _, subject in notes.instances}
            rows = [(_text(uid), subjects[subject]) for uid, subject in notes.instances if uid]
            connection.executemany("INSERT OR IGNORE INTO instance VALUES (?, ?)", rows)

    # the way back

    def old_uid(self, new: bytes) -> bytes | None:
        """The original of a UID; None where it is not known."""
        found = list(self._select("SELECT new, original FROM uid WHERE new = ?", (_text(new),), self._pair_of))
        return found[0][1] if len(found) == 1 else None

    def old_values(self, domain: str, new: bytes) -> list[OriginalValue]:
        """The originals that a pseudonym or shifted date stands for; more than one where it cannot be told."""
        query = "SELECT domain, new, original FROM value WHERE domain = ? AND new = ?"
        return list(self._select(query, (domain, _text(new)), self._value_of))

    def subjects_of_instance(self, uid: bytes) -> list[OriginalSubject]:
        """Whose instance this SOP Instance UID of the output is."""
        return self._subjects("WHERE id IN (SELECT subject FROM instance WHERE uid = ?)", uid)

    def subjects_in_series(self, uid: bytes) -> list[OriginalSubject]:
        """Whose series this UID of the output is."""
        return self._subjects("WHERE series = ?", uid)

    def subjects_in_study(self, uid: bytes) -> list[OriginalSubject]:
        """Whose study this UID of the output is."""
        return self._subjects("WHERE study = ?", uid)

    def subjects_called(self, pseudonym: bytes) -> list[OriginalSubject]:
        """Everything known of the patient with this pseudonym."""
        return self._subjects("WHERE patient = ?", pseudonym)

    # everything, in a fixed order

    def uids(self) -> Iterator[tuple[bytes, bytes]]:
        """All pairs (new, old)."""
        return self._select("SELECT new, original FROM uid ORDER BY new", read=self._pair_of)

    def values(self) -> Iterator[OriginalValue]:
        """All values."""
        return self._select("SELECT domain, new, original FROM value ORDER BY domain, new", read=self._value_of)

    def subjects(self) -> list[OriginalSubject]:
        """All subjects."""
        return list(self._select(f"{_SUBJECTS} ORDER BY patient, study, series, id", read=self._subject_of))

    def instances(self) -> Iterator[tuple[bytes, OriginalSubject]]:
        """Every SOP Instance UID of the outputs with whom it belongs to."""
        query = (
            "SELECT uid, patient, study, series, original FROM instance JOIN subject ON subject = id "
            "ORDER BY patient, study, series, uid, id"
        )
        return self._select(query, read=self._instance_of)

    def _uid_row(self, pair: tuple[bytes, bytes]) -> tuple[str, bytes]:
        new = _text(pair[0])
        return new, self._seal.close(new, pair[1])

    def _value_row(self, value: OriginalValue) -> tuple[str, str, bytes]:
        new = _text(value.new)
        original = value.character_set + b"\0" + value.old
        return value.domain, new, self._seal.close(f"{value.domain}\0{new}", original)

    def _pair_of(self, row: tuple) -> tuple[bytes, bytes]:
        new, sealed = _checked(row, _PAIR)
        return _bytes(new), self._seal.open(new, sealed)

    def _value_of(self, row: tuple) -> OriginalValue:
        domain, new, sealed = _checked(row, _VALUE)
        character_set, old = self._seal.open(f"{domain}\0{new}", sealed).split(b"\0", 1)
        return OriginalValue(domain, _bytes(new), old, character_set)

    def _subject_id(self, subject: OriginalSubject) -> int:
        place = tuple(map(_text, subject[:3]))
        row = (*place, self._seal.close("\0".join(place), _packed(subject[3:])))
        statement = "INSERT OR IGNORE INTO subject (patient, study, series, original) VALUES (?, ?, ?, ?)"
        self._connection.execute(statement, row)
        query = "SELECT id FROM subject WHERE patient = ? AND study = ? AND series = ? AND original = ?"
        ((number,),) = self._connection.execute(query, row)
        return number

    def _subject_of(self, row: tuple) -> OriginalSubject:
        *place, sealed = _checked(row, _SUBJECT)
        return OriginalSubject(*map(_bytes, place), *_unpacked(self._seal.open("\0".join(place), sealed)))

    def _instance_of(self, row: tuple) -> tuple[bytes, OriginalSubject]:
        uid, *subject = _checked(row, (str, *_SUBJECT))
        return _bytes(uid), self._subject_of(subject)

    def _subjects(self, where: str, new: bytes) -> list[OriginalSubject]:
        return list(self._select(f"{_SUBJECTS} {where} ORDER BY id", (_text(new),), self._subject_of))

    # the file

    def _connect(self, *, read_only: bool) -> sqlite3.Connection:
        import sqlite3

        if read_only and not self.path.is_file():
            raise CrosswalkError(f"Crosswalk {self.path}: there is no such file.")
        try:
            os.close(os.open(self.path, os.O_RDONLY if read_only else os.O_RDWR | os.O_CREAT, 0o600))
            mode = stat.S_IMODE(self.path.stat().st_mode)
        except OSError as error:
            raise CrosswalkError(f"Crosswalk {self.path}: {error.strerror}. Name another file.") from error
        if os.name == "posix" and mode & 0o077:
            raise CrosswalkError(
                f"Crosswalk {self.path} can be read by other users: run `chmod 600 {self.path}` first."
            )
        # "rw" for reading, too: a run that was killed may have left a journal, which has to be undone first.
        uri = f"{self.path.absolute().as_uri()}?mode=rw"
        return sqlite3.connect(uri, uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None)

    def _make_if_new(self, key: bytes, encrypted: bool) -> None:
        self._connection.execute("PRAGMA synchronous = FULL")
        first = ("INSERT INTO crosswalk VALUES (?, ?)", (_key_check(key), int(encrypted)))
        statements = [*((statement, ()) for statement in _SCHEMA), first]
        # One file and no log beside it: people copy crosswalks and lock them away.
        make_if_empty(self._connection, APPLICATION_ID, SCHEMA_VERSION, statements, journal="DELETE")

    def _checked_seal(self, key: bytes, encrypted: bool | None) -> Seal:
        if self._value("PRAGMA application_id") != APPLICATION_ID:
            raise CrosswalkError(f"{self.path} is not a crosswalk of DicomSuite. Name another file.")
        version = self._value("PRAGMA user_version")
        if version != SCHEMA_VERSION:
            raise CrosswalkError(
                f"Crosswalk {self.path} was written by another version of DicomSuite (crosswalk version {version}, "
                f"this one reads {SCHEMA_VERSION}). Use that version, or name another crosswalk."
            )
        ((key_check, is_encrypted),) = self._connection.execute("SELECT key_check, encrypted FROM crosswalk")
        if key_check != _key_check(key):
            raise CrosswalkError(
                f"Crosswalk {self.path} belongs to another key. Name that key with --key-file, or another crosswalk."
            )
        if encrypted and not is_encrypted:
            raise CrosswalkError(
                f"Crosswalk {self.path} is not encrypted and cannot become so. Name a new file for an encrypted one."
            )
        return KeySeal(key) if is_encrypted else OpenSeal()

    def _value(self, query: str) -> object:
        return self._connection.execute(query).fetchone()[0]

    def _select(
        self, query: str, parameters: Iterable[str] = (), read: Callable[[tuple], Any] = tuple
    ) -> Iterator[Any]:
        """What `read` makes of each row; it raises ValueError for one that is damaged."""
        with crosswalk_errors(self.path):
            for row in self._connection.execute(query, tuple(parameters)):
                yield read(row)


def default_crosswalk_file(key_file: Path) -> Path:
    """Where the crosswalk lies unless the user names another place: beside the key."""
    return key_file.with_name("crosswalk.sqlite")


def _key_check(key: bytes) -> str:
    """Tells whether a key is the crosswalk's, and nothing about the key."""
    return Pseudonyms(key).digest(b"crosswalk", b"key check").hex()[:32]


def _text(value: bytes) -> str:
    return value.decode("latin-1")


def _bytes(text: str) -> bytes:
    return text.encode("latin-1")


def _packed(originals: tuple) -> bytes:
    return json.dumps([_text(value) if isinstance(value, bytes) else value for value in originals]).encode()


def _unpacked(packed: bytes) -> Sequence:
    values = json.loads(packed)
    if not isinstance(values, list):
        raise ValueError("no list")
    return _checked([_bytes(value) if isinstance(value, str) else value for value in values], _ORIGINALS)


def _checked(row: Sequence, types: tuple) -> Sequence:
    """The row. Raises ValueError where its values are not of these types."""
    if len(row) != len(types) or not all(map(isinstance, row, types)):
        raise ValueError("values of another type")
    return row


def _sound(row: tuple) -> None:
    """Raises ValueError where this is a finding of SQLite's own check."""
    if row != ("ok",):
        raise ValueError("damaged")
