"""Pseudonyms that the user gives: a table of patients with the pseudonym, and maybe the date offset, of each."""

import re
from collections import namedtuple
from pathlib import Path

from DicomSuiteAnonymizeLib.errors import AnonymizeError
from DicomSuiteAnonymizeLib.keys import Pseudonyms

KEYED, QUARANTINE = "keyed", "quarantine"
UNKNOWN_PATIENTS = (KEYED, QUARANTINE)
"""What becomes of patients that the table lacks: a keyed pseudonym, or their files are refused."""

GIVEN_ONLY, GIVEN_ELSE_KEYED = "given", "given, else keyed"
"""Where a run's pseudonyms come from, besides `KEYED`."""

OLD, NEW, OFFSET = "id_old", "id_new", "date_offset"
"""Columns of the table."""

PSEUDONYM = r"[0-9A-Za-z]([0-9A-Za-z._-]{0,62}[0-9A-Za-z_-])?"
"""Regular expression for what fits Patient ID and Patient's Name (64 characters) in every character set, and names a
folder on every system."""
_NO_FOLDERS = r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?|report\.(html|json)|audit\.jsonl|dicom\.zip"
"""What Windows takes for devices, and the run's own files."""
_MOST_DAYS = 36_500


class GivenPatient(namedtuple("GivenPatient", ("identity", "pseudonym", "date_offset"))):
    """One row: how `subject` tells the patient from others, the pseudonym, days added to each date (None: keyed)."""

    __slots__ = ()
    identity: bytes
    pseudonym: bytes
    date_offset: int | None


class GivenPseudonyms(namedtuple("GivenPseudonyms", ("patients", "unknown"), defaults=(KEYED,))):
    """The table and what to do about patients that it lacks; hashable, in the order of the patients' IDs."""

    __slots__ = ()
    patients: tuple[GivenPatient, ...]
    unknown: str

    @property
    def words(self) -> str:
        """What a report says of it."""
        return GIVEN_ONLY if self.unknown == QUARANTINE else GIVEN_ELSE_KEYED


class ListedPseudonyms(Pseudonyms):
    """Keyed pseudonyms for everything but the patients of a table."""

    def __init__(self, key: bytes, given: GivenPseudonyms) -> None:
        super().__init__(key)
        self._given = {patient.identity: patient for patient in given.patients}
        self._refuses = given.unknown == QUARANTINE

    def patient(self, identity: bytes) -> bytes:
        """The given pseudonym, else a keyed one. Raises AnonymizeError where only listed patients may pass."""
        given = self._given.get(identity)
        if given is not None:
            return given.pseudonym
        if self._refuses:
            raise AnonymizeError("the patient is not in the table of given pseudonyms")
        return super().patient(identity)

    def names_of_patient(self, identity: bytes) -> frozenset[str]:
        """Also the keyed pseudonym, by which an edit names the patient that was made before the table was given."""
        return frozenset((self.patient(identity).decode(), super().patient(identity).decode()))

    def date_offset(self, identity: bytes) -> int:
        """The given number of days, else a keyed one."""
        given = self._given.get(identity)
        if given is not None and given.date_offset is not None:
            return given.date_offset
        return super().date_offset(identity)


def pseudonyms_for(key: bytes, given: GivenPseudonyms | None) -> Pseudonyms:
    """The pseudonyms of a run."""
    return Pseudonyms(key) if given is None else ListedPseudonyms(key, given)


def read_pseudonyms(path: Path, unknown: str = KEYED) -> GivenPseudonyms:
    """The table in a CSV file with the columns id_old, id_new and, where wanted, date_offset (whole days, not 0).

    Separated by commas or semicolons; patients are known by their Patient ID. Raises AnonymizeError, which names the
    line and never a value, where a patient or pseudonym comes twice or cannot be used.
    """
    patients: dict[bytes, GivenPatient] = {}
    lines: dict[str, int] = {}
    rows = _rows(path)
    old_ids = {row[OLD].casefold() for _, row in rows}
    for number, row in rows:
        patient = _given_patient(path, number, row)
        if row[NEW].casefold() in old_ids:
            raise _refusal(path, number, f"{NEW} is also an {OLD}: a pseudonym must not read as a patient's ID")
        if patient.identity in patients:
            raise _refusal(path, number, f"the {OLD} has a pseudonym already")
        other = lines.setdefault(row[NEW].casefold(), number)
        if other != number:
            raise _refusal(path, number, f"line {other} has the same {NEW}: two patients would become one")
        patients[patient.identity] = patient
    return GivenPseudonyms(tuple(patients[identity] for identity in sorted(patients)), unknown)


def _rows(path: Path) -> list[tuple[int, dict[str, str]]]:
    """Number and stripped cells of each line behind the heading; spreadsheets leave lines of nothing but separators."""
    import csv

    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            heading = file.readline()
            file.seek(0)
            table = csv.DictReader(file, delimiter=";" if ";" in heading and "," not in heading else ",", restval="")
            rows = [(table.line_num, row) for row in table if any(str(cell).strip() for cell in row.values())]
            columns = [name.strip() for name in table.fieldnames or ()]
    except OSError as error:
        raise AnonymizeError(f"Pseudonyms {path}: {error.strerror}.") from error
    except (ValueError, csv.Error) as error:
        raise AnonymizeError(f"Pseudonyms {path}: is not a CSV file in UTF-8.") from error
    if sorted(columns) not in (sorted((OLD, NEW)), sorted((OLD, NEW, OFFSET))):
        raise AnonymizeError(f"Pseudonyms {path}: the first line must name the columns {OLD},{NEW} or also {OFFSET}.")
    if not rows:
        raise AnonymizeError(f"Pseudonyms {path}: the table is empty.")
    for number, row in rows:
        if None in row:
            raise _refusal(path, number, "has more cells than columns")
    return [(number, {name.strip(): cell.strip() for name, cell in row.items()}) for number, row in rows]


def _given_patient(path: Path, number: int, row: dict[str, str]) -> GivenPatient:
    old, new, offset = row[OLD], row[NEW], row.get(OFFSET, "")
    if not old or not old.isascii():
        raise _refusal(path, number, f"{OLD} must be a Patient ID in plain letters, digits and signs")
    if not re.fullmatch(PSEUDONYM, new) or re.fullmatch(_NO_FOLDERS, new.lower()):
        raise _refusal(
            path, number,
            f"{NEW} must have 1 to 64 letters, digits, points, hyphens or underscores, begin with a letter or digit "
            "and be usable as the name of a folder",
        )  # fmt: skip
    if offset and not (re.fullmatch(r"[+-]?\d{1,6}", offset) and 0 < abs(int(offset)) <= _MOST_DAYS):
        raise _refusal(path, number, f"{OFFSET} must be a whole number of days up to {_MOST_DAYS}, and not 0")
    return GivenPatient(b"id\0" + old.encode("ascii"), new.encode("ascii"), int(offset) if offset else None)


def _refusal(path: Path, number: int, what: str) -> AnonymizeError:
    return AnonymizeError(f"Pseudonyms {path}, line {number}: {what}.")
