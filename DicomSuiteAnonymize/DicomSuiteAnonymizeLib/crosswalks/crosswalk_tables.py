"""A crosswalk as CSV files that people and other programs read, and the way from such files into a crosswalk.

    patients.csv    id_old,id_new: Patient IDs, as MIDI-B asks for
    uids.csv        id_old,id_new: UIDs, as MIDI-B asks for
    values.csv      names, numbers, shifted dates, names of other files: what of, id_old, id_new, character set
    instances.csv   every file by its new SOP Instance UID, with whom it belongs to

All of them name patients and are readable by their owner alone.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from DicomSuiteAnonymizeLib.character_sets import decode_text, encode_text
from DicomSuiteAnonymizeLib.crosswalks.crosswalk import Crosswalk
from DicomSuiteAnonymizeLib.crosswalks.crosswalk_notes import Notes, OriginalSubject, OriginalValue
from DicomSuiteAnonymizeLib.crosswalks.given_pseudonyms import NEW, OLD
from DicomSuiteAnonymizeLib.crosswalks.private_table import write_private_table
from DicomSuiteAnonymizeLib.errors import AnonymizeError

PATIENTS, UIDS, VALUES, INSTANCES = "patients.csv", "uids.csv", "values.csv", "instances.csv"
_COLUMNS = {
    PATIENTS: (OLD, NEW),
    UIDS: (OLD, NEW),
    VALUES: ("of", OLD, NEW, "character_set"),
    INSTANCES: (
        "sop_instance_uid", "patient", "study_uid", "series_uid", "patient_id", "patient_name", "birth_date",
        "character_set", "date_offset",
    ),
}  # fmt: skip
_HEXADECIMAL = "hex:"
"""How a value begins that its character set cannot hold; its bytes follow."""
_ROWS_AT_ONCE = 1000
_ADVICE = "Mend the line, or export the table again; nothing of it is in the crosswalk."
Row = dict[str, str]
"""Cells by column."""


def export_tables(crosswalk: Crosswalk, folder: Path) -> dict[str, int]:
    """Write the four files into an empty folder; how many rows each has. Raises OutputError."""
    rows = {
        PATIENTS: _patient_rows(crosswalk),
        UIDS: ((_shown(old, b""), _shown(new, b"")) for new, old in crosswalk.uids()),
        VALUES: map(_value_row, crosswalk.values()),
        INSTANCES: (_instance_row(uid, subject) for uid, subject in crosswalk.instances()),
    }
    return {name: write_private_table(folder / name, _COLUMNS[name], rows[name]) for name in rows}


def import_tables(crosswalk: Crosswalk, folder: Path) -> dict[str, int]:
    """Add those of the four files that are in the folder, all or nothing; how many rows each has.

    Raises AnonymizeError as `check_tables` does.
    """
    counts = {}
    with crosswalk.all_or_nothing():
        for name, part, rows in _tables(folder):
            counts[name] = 0
            while some := list(islice(rows, _ROWS_AT_ONCE)):
                crosswalk.record(Notes([], [], [])._replace(**{part: some}))
                counts[name] += len(some)
    return counts


def check_tables(folder: Path) -> None:
    """Raise AnonymizeError, which names the file and the line, where there is no table or one is not understood."""
    for _, _, rows in _tables(folder):
        for _ in rows:
            pass


def _tables(folder: Path) -> Iterator[tuple[str, str, Iterator[object]]]:
    """Of each table in the folder the name, the part of Notes that it is for, and what goes there."""
    found = [name for name in _READERS if (folder / name).is_file()]
    if not found:
        raise AnonymizeError(f"{folder} holds none of {', '.join(_READERS)}. Name the folder with these tables.")
    for name in found:
        part, read = _READERS[name]
        yield name, part, _read(folder / name, _COLUMNS[name], read)


def _patient_rows(crosswalk: Crosswalk) -> Iterator[tuple[str, str]]:
    """Each ID once; patients without one have no row."""
    named = (one for one in crosswalk.subjects() if one.patient_id)
    pairs = ((_shown(one.patient_id, one.character_set), _shown(one.patient, b"")) for one in named)
    return iter(dict.fromkeys(pairs))


def _value_row(value: OriginalValue) -> tuple[str, ...]:
    used = value.character_set
    return value.domain, _shown(value.old, used), _shown(value.new, b""), _shown(used, b"")


def _instance_row(uid: bytes, subject: OriginalSubject) -> tuple[str, ...]:
    used = subject.character_set
    places = (_shown(part, b"") for part in (uid, subject.patient, subject.study, subject.series))
    originals = (_shown(value or b"", used) for value in (subject.patient_id, subject.name, subject.birth_date))
    return *places, *originals, _shown(used, b""), str(subject.date_offset)


def _patient(row: Row) -> tuple[bytes, OriginalSubject]:
    return b"", OriginalSubject(_encoded(row[NEW], ""), b"", b"", _encoded(row[OLD], ""), None, None, b"", 0)


def _uid(row: Row) -> tuple[bytes, bytes]:
    return _encoded(row[NEW], ""), _encoded(row[OLD], "")


def _value(row: Row) -> OriginalValue:
    used = row["character_set"]
    return OriginalValue(row["of"], _encoded(row[NEW], ""), _encoded(row[OLD], used), used.encode())


def _instance(row: Row) -> tuple[bytes, OriginalSubject]:
    used = row["character_set"]
    uid, *places = (_encoded(row[name], "") for name in ("sop_instance_uid", "patient", "study_uid", "series_uid"))
    originals = (_encoded(row[name], used) for name in ("patient_id", "patient_name", "birth_date"))
    return uid, OriginalSubject(*places, *originals, used.encode(), int(row["date_offset"]))


_READERS = {
    PATIENTS: ("instances", _patient),
    UIDS: ("uids", _uid),
    VALUES: ("values", _value),
    INSTANCES: ("instances", _instance),
}
"""The part of Notes that a row of each file is for, and what makes it of the row."""


def _shown(value: bytes, character_set: bytes) -> str:
    """An encoded value as text from which `_encoded` makes the same bytes."""
    try:
        text = decode_text(value, character_set)
        if encode_text(text, b"PN", character_set) == value and not text.startswith(_HEXADECIMAL):
            return text
    except ValueError:
        pass
    return _HEXADECIMAL + value.hex()


def _encoded(text: str, character_set: str) -> bytes:
    """Raises ValueError where the character set has no such text."""
    if text.startswith(_HEXADECIMAL):
        return bytes.fromhex(text.removeprefix(_HEXADECIMAL))
    return encode_text(text, b"PN", character_set.encode())


def _read(path: Path, columns: Sequence[str], read: Callable[[Row], object]) -> Iterator[object]:
    """What `read` makes of each row. Raises AnonymizeError, without any value."""
    line = 1
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            table = csv.DictReader(_whole_lines(file), strict=True)
            if set(table.fieldnames or ()) != set(columns):
                raise AnonymizeError(f"{path}: the first line must name the columns {','.join(columns)}.")
            for row in table:
                line = table.line_num
                if None in row or None in row.values():
                    raise AnonymizeError(f"{path}, line {line}: has not as many cells as the first line. {_ADVICE}")
                yield read(row)
    except OSError as error:
        raise AnonymizeError(f"{path}: {error.strerror}. Name a folder with tables that you can read.") from error
    except (ValueError, csv.Error) as error:
        raise AnonymizeError(f"{path}, line {line}: cannot be understood. {_ADVICE}") from error


def _whole_lines(lines: Iterable[str]) -> Iterator[str]:
    """The lines. Raises ValueError where the last one has no end: a table that was cut ends in half a value."""
    for line in lines:
        yield line
        if not line.endswith(("\r", "\n")):
            raise ValueError("cut")
