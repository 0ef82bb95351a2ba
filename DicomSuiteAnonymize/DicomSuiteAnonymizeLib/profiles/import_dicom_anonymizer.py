"""Dictionaries of dicom-anonymizer (github.com/KitwareMedical/dicom-anonymizer): JSON of attribute and action.

They come on top of that program's table, which is the Basic Profile's; so does the import.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from typing import Any

from DicomSuiteAnonymizeLib.errors import AnonymizeError
from DicomSuiteAnonymizeLib.profiles.imported_rules import ForeignRule, Meaning, Note, Wish

_WISHES = {
    "keep": Wish.KEEP,
    "delete": Wish.REMOVE,
    "deleteelement": Wish.REMOVE,
    "empty": Wish.EMPTY,
    "emptyelement": Wish.EMPTY,
    "deleteorempty": Wish.EMPTY,
    "replace": Wish.DUMMY,
    "replaceelement": Wish.DUMMY,
    "replaceelementdate": Wish.DUMMY,
    "replaceelementdatetime": Wish.DUMMY,
    "emptyorreplace": Wish.DUMMY,
    "deleteorreplace": Wish.DUMMY,
    "deleteoremptyorreplace": Wish.DUMMY,
    "replaceuid": Wish.PSEUDONYM,
    "replaceelementuid": Wish.PSEUDONYM,
}
"""What that program does for each action, in lower case without underscores: old versions wrote deleteOrEmpty."""

_REPEATING = {0x50: "curves", 0x60: "overlays"}
_OF_REFERENCES = "deleteoremptyorreplaceuid"


def is_dictionary(text: str) -> bool:
    """Whether the text is JSON with attributes written like (0x0010, 0x0010)."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(content, dict) and bool(content) and all(str(key).lstrip().startswith("(") for key in content)


def rules_of(text: str) -> Iterator[ForeignRule | Note]:
    """The dictionary's rules. Raises AnonymizeError for what is no dictionary."""
    try:
        content = json.loads(text)
        entries = list(content.items())
    except (ValueError, RecursionError, AttributeError) as error:
        raise AnonymizeError("it is not a JSON object of attributes and actions.") from error
    for key, entry in entries:
        yield from _rule(key, entry)


def _rule(key: str, entry: Any) -> Iterator[ForeignRule | Note]:
    name = str(entry.get("action", "") if isinstance(entry, dict) else entry)
    rule = f"{key}: {name}"
    tag = _tag(key)
    if len(tag) == 4:
        yield _repeating(rule, tag, name)
        return
    number = tag[0] << 16 | tag[1]
    word = name.replace("_", "").lower()
    if word == "replacewithvalue" and isinstance(entry, dict):
        yield ForeignRule(rule, number, Wish.REPLACE, str(entry.get("value", "")))
    elif word == _OF_REFERENCES:
        yield Note(Meaning.DIFFERENT, rule, "references stay with their UIDs replaced, as PS3.15 asks (X/Z/U*)")
    elif word in _WISHES:
        yield ForeignRule(rule, number, _WISHES[word])
    else:
        yield Note(Meaning.STRICTER, rule, "removed, because there is no such action here")
        yield ForeignRule(rule, number, Wish.REMOVE)


def _tag(key: str) -> tuple[int, ...]:
    try:
        tag = ast.literal_eval(key)
        numbers = tuple(int(number) for number in tag)
    except (ValueError, SyntaxError, TypeError) as error:
        raise AnonymizeError(f"{key[:40]!r} is not an attribute like (0x0010, 0x0010).") from error
    if len(numbers) not in (2, 4) or not all(0 <= number <= 0xFFFF for number in numbers):
        raise AnonymizeError(f"{key[:40]!r} is not an attribute like (0x0010, 0x0010).")
    return numbers


def _repeating(rule: str, tag: tuple[int, ...], name: str) -> Note:
    """Rules with a mask are for curves and overlays (groups 50xx and 60xx)."""
    what = _REPEATING.get(tag[0] >> 8 or tag[0], "attributes by mask")
    if name.lower().startswith("delete"):
        return Note(Meaning.DIFFERENT, rule, f"{what} are removed with their whole group, as PS3.15 asks")
    return Note(Meaning.STRICTER, rule, f"{what} are removed; --clean graphics keeps those without text")
