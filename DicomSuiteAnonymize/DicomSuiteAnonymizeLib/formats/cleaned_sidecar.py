"""JSON sidecars of BIDS, and gradient tables, without what identifies: listed entries with harmless values stay.

The list, Data/bids_entries.tsv, holds entries of the BIDS specification 1.10 and of dcm2niix that describe how an image
was acquired, with the form of their value. Names, IDs, UIDs, dates, times of day, institutions and free text are not
on it. What devices write into their attributes stays as in DICOM; of words that people type, unknown ones go.
"""

from __future__ import annotations

import json
import math
import re
from functools import cache
from pathlib import Path
from typing import Any

from DicomSuiteAnonymizeLib.errors import AnonymizeError
from DicomSuiteAnonymizeLib.leaks import Needles
from DicomSuiteAnonymizeLib.words.known_words import KnownWords
from DicomSuiteAnonymizeLib.words.unknown_words import without_names

_TABLE = Path(__file__).parents[1] / "Data" / "bids_entries.tsv"
_NOBODY = KnownWords(Needles((), b""))
_WORD = re.compile(r"[A-Za-z0-9 _.,;:+\-/\\*>()%<]{0,64}")
_LOOKS_IDENTIFYING = re.compile(r"\d{6,}|\d{1,4}[-./]\d{1,2}[-./]\d{1,4}|\d{1,2}:\d{2}")
_GRADIENTS = re.compile(rb"[-+0-9.eE\s]*(?:nan[-+0-9.eE\s]*)*", re.IGNORECASE)


def cleaned_json(content: bytes) -> tuple[bytes, list[str]]:
    """The sidecar with the entries that stay, and what was left out. Raises AnonymizeError where it is no sidecar."""
    try:
        entries = json.loads(content)
    except (ValueError, RecursionError):
        raise AnonymizeError("a .json file that is not JSON") from None
    if not isinstance(entries, dict):
        raise AnonymizeError("a .json file that is no sidecar: it holds a list or a single value")
    kept = {name: value for name, value in entries.items() if _stays(name, value)}
    removed = ["JSON entry that is not known to be harmless"] * (len(entries) - len(kept))
    return (json.dumps(kept, indent="\t", allow_nan=False) + "\n").encode(), removed


def checked_gradients(content: bytes) -> tuple[bytes, list[str]]:
    """The table as it is. Raises AnonymizeError where it holds anything but numbers."""
    if not _GRADIENTS.fullmatch(content):
        raise AnonymizeError("a table of b-values or directions that holds more than numbers")
    return content, []


@cache
def _forms() -> dict[str, str]:
    """Form by the name of each entry that may stay: "number", "word" of a device, or "free" for what people typed."""
    return dict(line.split("\t") for line in _TABLE.read_text(encoding="utf-8").splitlines())


def _stays(name: str, value: Any) -> bool:
    form = _forms().get(name)
    if form is None:
        return False
    values = value if isinstance(value, list) else [value]
    return all(_is_number(one) or _is_text(form, one) for one in values)


def _is_number(value: Any) -> bool:
    if isinstance(value, list):
        return all(map(_is_number, value))
    return value is None or (isinstance(value, bool | int | float) and math.isfinite(value))


def _is_text(form: str, value: Any) -> bool:
    if form == "number" or not isinstance(value, str):
        return False
    is_word = _WORD.fullmatch(value) is not None and not _LOOKS_IDENTIFYING.search(value)
    return is_word and (form == "word" or without_names(value, _NOBODY) == value)
