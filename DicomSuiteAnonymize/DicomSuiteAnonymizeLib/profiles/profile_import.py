"""Rules of other programs as a profile: dicom-anonymizer dictionaries, CTP scripts, deid recipes."""

from __future__ import annotations

import re
from collections import namedtuple
from pathlib import Path

from DicomSuiteAnonymizeLib.errors import AnonymizeError
from DicomSuiteAnonymizeLib.private_attributes.safe_attributes import SafeAttribute
from DicomSuiteAnonymizeLib.profiles import import_ctp, import_deid, import_dicom_anonymizer
from DicomSuiteAnonymizeLib.profiles.imported_rules import ForeignRule, Meaning, Note, edits_of
from DicomSuiteAnonymizeLib.profiles.profile import Profile, TagEdit
from DicomSuiteAnonymizeLib.ps315 import Option

AUTO = "auto"
_Format = namedtuple("_Format", ("title", "is_this", "rules_of"))
FORMATS = {
    "dicom-anonymizer": _Format(
        "dicom-anonymizer dictionary", import_dicom_anonymizer.is_dictionary, import_dicom_anonymizer.rules_of
    ),
    "ctp": _Format("CTP script", import_ctp.is_script, import_ctp.rules_of),
    "deid": _Format("deid recipe", import_deid.is_recipe, import_deid.rules_of),
}
"""What can be read, by the word after --format."""

_LARGEST_BYTES = 16 << 20
_SAFE_PRIVATE_NOTE = Note(
    Meaning.DIFFERENT,
    "private attributes that are kept",
    "beside them those stay that PS3.15 calls safe (table E.3.10-1), whatever the original does with them",
)
_ORDER = {meaning: rank for rank, meaning in enumerate(Meaning)}


class Imported(namedtuple("Imported", ("profile", "format", "notes"))):
    """A profile, the word for the file's format, and every difference from it, most important first."""

    __slots__ = ()
    profile: Profile
    format: str
    notes: tuple[Note, ...]


def import_profile(path: Path, format: str = AUTO) -> Imported:
    """The rules in `path` on top of PS3.15's Basic Profile.

    Raises AnonymizeError that names the file where it cannot be read or is in none of the formats.
    """
    try:
        text = _text_of(path)
        chosen = _format_of(text) if format == AUTO else format
        return _imported(path, chosen, text)
    except AnonymizeError as error:
        raise AnonymizeError(f"{path}: {error}") from error


def _text_of(path: Path) -> str:
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            raise AnonymizeError("it is too large for a file of rules.")
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise AnonymizeError("it is not text in UTF-8.") from error
    except OSError as error:
        raise AnonymizeError(f"{error.strerror}.") from error


def _format_of(text: str) -> str:
    for word, known in FORMATS.items():
        if known.is_this(text):
            return word
    titles = ", ".join(known.title for known in FORMATS.values())
    raise AnonymizeError(f"it is none of these: {titles}. Name the one it is with --format.")


def _imported(path: Path, word: str, text: str) -> Imported:
    found = list(FORMATS[word].rules_of(text))
    rules = [entry for entry in found if isinstance(entry, ForeignRule)]
    carried = list(edits_of(rules))
    edits = tuple(entry for entry in carried if isinstance(entry, TagEdit))
    notes = dict.fromkeys(entry for entry in (*found, *carried) if isinstance(entry, Note))
    private = tuple(entry for entry in found if isinstance(entry, SafeAttribute))
    options = {entry for entry in found if isinstance(entry, Option)}
    if private and Option.RETAIN_SAFE_PRIVATE not in options:
        notes[_SAFE_PRIVATE_NOTE] = None
    name = re.sub(r"[^A-Za-z0-9]+", "-", path.stem).strip("-").lower()[:20] or "imported"
    profile = Profile(
        name=name,
        title=f"Imported from a {FORMATS[word].title}",
        options=frozenset(options | ({Option.RETAIN_SAFE_PRIVATE} if private else set())),
        edits=edits,
        notes=f"{len(edits)} rules of a {FORMATS[word].title} on top of the Basic Profile of PS3.15. The import listed "
        f"{len(notes)} differences.",
        safe_private=private,
    )
    return Imported(profile, word, tuple(sorted(notes, key=lambda note: _ORDER[note.meaning])))
