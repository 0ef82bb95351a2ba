"""Answer keys: what a de-identification should have made of each attribute, as SQLite, CSV or JSON.

SQLite is the layout of the MIDI-B collection (doi.org/10.7937/cf2p-aw56): a table `answer_data` with a row for each
instance, whose column AnswerData is a JSON object of checks. CSV and JSON are plainer: one row, or one object of the
list "checks", for each check, with the columns

    sop_instance_uid, action, attribute, value, text, category

where action is one of the ten words, attribute is written like (0008,1140)[0]/(0008,1155), or empty for the pixels, and
category is a family and a subcategory, e.g. "hipaa HIPAA-C", or empty for what MIDI-B counts the action under.

A key holds the identifiers of the source: messages name the file and the line, never a value.
"""

from __future__ import annotations

import csv
import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from DicomSuiteAnonymizeLib.errors import AnonymizeError
from DicomSuiteAnonymizeLib.scoring.score_checks import AnswerCheck, ScoredAction
from DicomSuiteAnonymizeLib.scoring.score_pixels import parse_hidden
from DicomSuiteAnonymizeLib.scoring.score_place import Place, parse_place

SCHEMA = "dicomsuite-answers-1"
COLUMNS = ("sop_instance_uid", "action", "attribute", "value", "text", "category")
UNKNOWN_CATEGORY = "unknown"

_SQLITE_MAGIC = b"SQLite format 3\0"
_ACTIONS = {action.word: action for action in ScoredAction}
_OF_THE_PIXELS = frozenset((ScoredAction.PIXELS_HIDDEN, ScoredAction.PIXELS_RETAINED))
_CATEGORY_OF_ACTION = {
    ScoredAction.DATE_SHIFTED: "hipaa HIPAA-C",
    ScoredAction.UID_CHANGED: "hipaa HIPAA-R",
    ScoredAction.PIXELS_HIDDEN: "hipaa HIPAA-A",
    ScoredAction.PATID_CONSISTENT: "dicom DICOM-P15-BASIC-C",
    ScoredAction.UID_CONSISTENT: "dicom DICOM-P15-BASIC-U",
    ScoredAction.PIXELS_RETAINED: "tcia TCIA-P15-PIX-K",
}
"""Where the challenge counts an action, whatever the key says."""

_FIELDS_OF_ACTION = {
    ScoredAction.TAG_RETAINED: ("dicom_iod",),
    ScoredAction.TEXT_NOTNULL: ("dicom_iod",),
    ScoredAction.TEXT_REMOVED: ("hipaa_m", "hipaa_z", "tcia_p15", "tcia_ptkb", "tcia_rev"),
    ScoredAction.TEXT_RETAINED: ("tcia_p15", "tcia_ptkb", "tcia_rev"),
}
"""Of the categories that a MIDI-B check names, the first that is there counts."""

Answers = Iterator[tuple[str, list[AnswerCheck]]]
"""SOP Instance UID of the source, and its checks; an instance may come more than once."""


def read_answers(path: Path) -> Answers:
    """The key's checks instance by instance, so that a key of any size can be read.

    Raises AnonymizeError that names the file, and the row or check that cannot be understood.
    """
    try:
        with path.open("rb") as file:
            is_sqlite = file.read(len(_SQLITE_MAGIC)) == _SQLITE_MAGIC
        if is_sqlite:
            yield from _from_sqlite(path)
        elif path.suffix.lower() == ".json":
            yield from _by_instance(_from_json(path))
        else:
            yield from _by_instance(_from_csv(path))
    except OSError as error:
        raise AnonymizeError(f"Answer key {path}: {error.strerror}.") from error
    except csv.Error as error:
        raise AnonymizeError(f"Answer key {path} is not a CSV file.") from error
    except UnicodeDecodeError as error:
        raise AnonymizeError(f"Answer key {path} is not text in UTF-8.") from error


def _from_sqlite(path: Path) -> Answers:
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as database:
        try:
            rows = database.execute("SELECT SOPInstanceUID, AnswerData FROM answer_data ORDER BY rowid")
            for number, (instance, answers) in enumerate(rows, start=1):
                yield instance, _checks_of_row(path, number, instance, answers)
        except sqlite3.Error as error:
            raise AnonymizeError(
                f"Answer key {path} has no table answer_data with SOPInstanceUID and AnswerData, as MIDI-B's keys do."
            ) from error


def _checks_of_row(path: Path, number: int, instance: Any, answers: Any) -> list[AnswerCheck]:
    try:
        content = json.loads(answers)
        entries = content.values() if isinstance(content, dict) else content
        return [_midi_check(_unwrapped(instance), entry) for entry in entries]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, AnonymizeError) as error:
        raise _not_understood(path, f"row {number}", error) from error


def _midi_check(instance: str, entry: Mapping[str, Any]) -> AnswerCheck:
    action = _ACTIONS[_unwrapped(entry["action"])]
    return AnswerCheck(
        sop_instance=instance,
        action=action,
        place=_place_if_understood(action, entry.get("tag_ds") or ""),
        value=_unwrapped(entry.get("value")),
        text=_text(action, _unwrapped(entry.get("action_text"))),
        category=_category(action, entry.get("answer_category_v2")),
    )


def _place_if_understood(action: ScoredAction, text: str) -> Place | None:
    """None otherwise: the check will not be judged, so that one odd entry does not make a key of millions useless."""
    try:
        return _place(action, text)
    except AnonymizeError:
        return None


def _place(action: ScoredAction, text: str) -> Place | None:
    return None if action in _OF_THE_PIXELS else parse_place(text)


def _text(action: ScoredAction, text: str) -> str:
    if action is ScoredAction.PIXELS_HIDDEN:
        parse_hidden(text)
    return text


def _unwrapped(value: Any) -> str:
    """MIDI-B writes all text as <text>."""
    text = "" if value is None else str(value)
    return text[1:-1] if text[:1] == "<" and text[-1:] == ">" else text


def _category(action: ScoredAction, named: Any) -> str:
    if action in _CATEGORY_OF_ACTION:
        return _CATEGORY_OF_ACTION[action]
    if isinstance(named, str):
        named = json.loads(_unwrapped(named) or "{}")
    codes = dict(_codes(named or {}))
    chosen = next((field for field in _FIELDS_OF_ACTION[action] if codes.get(field)), None)
    return f"{chosen.partition('_')[0]} {codes[chosen]}" if chosen else UNKNOWN_CATEGORY


def _codes(named: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """From {"hipaa.z": code} or {"hipaa": {"z": code}}: hipaa_z and the code."""
    for name, code in named.items():
        if isinstance(code, dict):
            yield from ((f"{name}_{part}", value) for part, value in code.items())
        else:
            yield name.replace(".", "_"), code


def _from_json(path: Path) -> Iterator[AnswerCheck]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["schema"] != SCHEMA:
            raise AnonymizeError(f"Answer key {path}: its schema is not {SCHEMA!r}.")
        checks = list(content["checks"])
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise AnonymizeError(f"Answer key {path} is not JSON with 'schema' {SCHEMA!r} and 'checks'.") from error
    return _plain_checks(path, "check", checks)


def _from_csv(path: Path) -> Iterator[AnswerCheck]:
    csv.field_size_limit(2**31 - 1)
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        missing = set(COLUMNS[:3]) - set(reader.fieldnames or ())
        if missing:
            raise AnonymizeError(
                f"Answer key {path} is neither an SQLite database of MIDI-B nor a table with the columns "
                f"{', '.join(COLUMNS)}."
            )
        yield from _plain_checks(path, "row", reader)


def _plain_checks(path: Path, what: str, entries: Any) -> Iterator[AnswerCheck]:
    for number, entry in enumerate(entries, start=1):
        try:
            yield _plain_check(entry)
        except (KeyError, TypeError, AttributeError, AnonymizeError) as error:
            raise _not_understood(path, f"{what} {number}", error) from error


def _plain_check(entry: Mapping[str, str | None]) -> AnswerCheck:
    action = _ACTIONS[entry["action"]]
    default = _CATEGORY_OF_ACTION.get(action, UNKNOWN_CATEGORY)
    return AnswerCheck(
        sop_instance=entry["sop_instance_uid"].strip(),
        action=action,
        place=_place(action, entry["attribute"]),
        value=entry.get("value") or "",
        text=_text(action, entry.get("text") or ""),
        category=entry.get("category") or default,
    )


def _by_instance(checks: Iterator[AnswerCheck]) -> Answers:
    """Together what follows each other, so that each file is read once."""
    instance, together = "", []
    for check in checks:
        if check.sop_instance != instance and together:
            yield instance, together
            together = []
        instance = check.sop_instance
        together.append(check)
    if together:
        yield instance, together


def _not_understood(path: Path, where: str, error: Exception) -> AnonymizeError:
    reason = str(error) if isinstance(error, AnonymizeError) else "an action that MIDI-B does not have, or no check"
    return AnonymizeError(f"Answer key {path}, {where}: {reason}.")
