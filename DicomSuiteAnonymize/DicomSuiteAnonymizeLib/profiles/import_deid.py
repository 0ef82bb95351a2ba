"""Recipes of deid (github.com/pydicom/deid): sections with %filter and %header, one action a line."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache

from DicomSuiteAnonymizeLib.dictionary import public_vrs
from DicomSuiteAnonymizeLib.errors import AnonymizeError
from DicomSuiteAnonymizeLib.private_attributes.safe_attributes import SafeAttribute, parse_safe_attribute
from DicomSuiteAnonymizeLib.profiles.imported_rules import PRIVATE_REMOVED, ForeignRule, Meaning, Note, Wish
from DicomSuiteAnonymizeLib.ps315 import Option

_ACTIONS = ("ADD", "BLANK", "JITTER", "KEEP", "REMOVE", "REPLACE")
_TAG = re.compile(r"\(?([0-9A-Fa-f]{4}),\s?([0-9A-Fa-f]{4})\)?|([0-9A-Fa-f]{8})")
_PRIVATE_TAG = re.compile(r'\(?([0-9A-Fa-f]{4}),\s?"([^"]*)",\s?([0-9A-Fa-f]{2})\)?')
_FIELD = re.compile(r"(?:\([^)]*\)|\S)+")
_MAKES_UIDS_OR_IDS = re.compile(r"(deid_)?func:|var:")
_NEVER_BY_PATTERN = frozenset((0x0002, 0x7FE0))
_SETS_A_VALUE = frozenset((Wish.REPLACE, Wish.PSEUDONYM))
_SHIFTS = "deid_func:jitter"
_TOP_LEVEL_ONLY = Note(
    Meaning.LOST,
    "%header, inside sequences",
    "the rules count for the top level of a data set; inside sequences, which deid searches too, PS3.15 decides",
)


def is_recipe(text: str) -> bool:
    """Whether the text looks like a recipe."""
    return bool(re.search(r"^\s*FORMAT\s+dicom", text, re.IGNORECASE | re.MULTILINE)) or bool(
        re.search(r"^%(header|filter)", text, re.MULTILINE)
    )


def rules_of(text: str) -> Iterator[ForeignRule | Note | Option | SafeAttribute]:
    """The recipe's rules, and what of PS3.15 they need: options, private attributes that stay.

    Raises AnonymizeError where there are none.
    """
    recipe = _Recipe()
    for line in text.splitlines():
        yield from recipe.take(line.strip())
    if not recipe.has_sections:
        raise AnonymizeError("it has no section %header or %filter.")
    yield from recipe.rules()


class _Recipe:
    """Reads line by line; of the rules for an attribute the last counts, but KEEP protects from what removes."""

    def __init__(self) -> None:
        self.has_sections = False
        self._section, self._group = "", ""
        self._fields: dict[str, list[str]] = {}
        self._rules: dict[int, ForeignRule] = {}
        self._protected: set[int] = set()

    def rules(self) -> Iterator[ForeignRule | Note]:
        yield from self._rules.values()
        if any(rule.wish not in (Wish.KEEP, Wish.SHIFT) for rule in self._rules.values()):
            yield _TOP_LEVEL_ONLY

    def take(self, line: str) -> Iterator[Note | Option | SafeAttribute]:
        if not line or line.startswith("#") or line.upper().startswith("FORMAT"):
            return
        if line.startswith("%"):
            self._section, _, self._group = line[1:].split("#")[0].strip().partition(" ")
            self.has_sections = True
        elif self._section == "header":
            yield from self._action(line)
        elif self._section == "fields" and line.upper().startswith("FIELD ") and "fields:" not in line:
            self._fields.setdefault(self._group, []).append(line.split(None, 1)[1])
        elif self._section == "filter" and line.upper().startswith("LABEL"):
            reason = "files are set aside, and pixels cleaned, by DicomSuite's own rules (--clean pixel-data)"
            yield Note(Meaning.LOST, f"%filter {self._group}: {line.split('#')[0].strip()[:60]}", reason)
        elif self._section == "values":
            reason = "original names and IDs are taken out wherever they stand; other values are not searched for"
            yield Note(Meaning.LOST, f"%values {self._group}: {line[:60]}", reason)

    def _action(self, line: str) -> Iterator[Note | Option | SafeAttribute]:
        word, _, rest = line.partition(" ")
        match = _FIELD.match(rest.strip())
        if word.upper() not in _ACTIONS or match is None:
            yield Note(Meaning.LOST, line[:80], "this line is no action of a recipe")
            return
        field, value = match[0], rest.strip()[match.end() :].split("#")[0].strip()
        if private := _PRIVATE_TAG.fullmatch(field):
            yield from _of_private(line, word.upper(), *private.groups())
            return
        tags = list(self._tags(field))
        if not tags:
            yield Note(Meaning.LOST, line[:80], "no attribute of the standard is chosen so")
            return
        wish, value, note = _wish(word.upper(), value)
        if note:
            yield Note(Meaning.STRICTER if wish is Wish.REMOVE else Meaning.DIFFERENT, line[:80], note)
        if wish is Wish.SHIFT:
            yield Option.RETAIN_MODIFIED_DATES
            tags = [tag for tag in tags if public_vrs().get(tag) in (b"DA", b"DT")] or tags
        for tag in tags:
            self._put(ForeignRule(line[:80], tag, wish, value))

    def _put(self, rule: ForeignRule) -> None:
        """As deid does: the last rule counts, but KEEP protects from removal and what is gone is not shifted."""
        before = self._rules.get(rule.tag)
        beats = {
            Wish.KEEP: before is None or before.wish not in _SETS_A_VALUE,
            Wish.SHIFT: before is None or before.wish not in (Wish.REMOVE, Wish.EMPTY),
        }.get(rule.wish, True)
        if rule.wish is Wish.KEEP:
            self._protected.add(rule.tag)
        elif rule.wish not in _SETS_A_VALUE and rule.tag in self._protected:
            beats = False
        if beats:
            self._rules[rule.tag] = rule

    def _tags(self, field: str) -> Iterator[int]:
        """The standard's attributes that a field of a recipe stands for."""
        kind, separator, expression = field.partition(":")
        if kind == "fields" and separator:
            for member in self._fields.get(expression, ()):
                yield from self._tags(member)
        elif separator and kind in _EXPANDERS:
            yield from _matching(kind, expression)
        elif kind == "select" and separator:
            yield from _selected(expression)
        elif field.lower() == "all":
            yield from _matching("startswith", "")
        elif match := _TAG.fullmatch(field):
            yield int("".join(part for part in match.groups() if part), 16)
        elif field in _keywords():
            yield _keywords()[field]


def _of_private(line: str, word: str, group: str, creator: str, element: str) -> Iterator[Note | SafeAttribute]:
    if word == "KEEP":
        yield parse_safe_attribute(creator, group, element)
    elif word != "REMOVE":
        yield Note(Meaning.STRICTER, line[:80], PRIVATE_REMOVED)


def _wish(word: str, value: str) -> tuple[Wish, str, str]:
    """What is wanted, the value of REPLACE, and what has to be said."""
    if word == "KEEP":
        return Wish.KEEP, "", ""
    if word == "BLANK":
        return Wish.EMPTY, "", ""
    if word == "REMOVE":
        return Wish.REMOVE, "", "removed whatever the value is" if value else ""
    if word == "JITTER" or value.startswith(_SHIFTS):
        return Wish.SHIFT, "", "dates are moved by a keyed offset of each patient, not by the recipe's days"
    if _MAKES_UIDS_OR_IDS.match(value):
        return Wish.PSEUDONYM, "", "a keyed pseudonym takes the place of the program's own value"
    return Wish.REPLACE, value, "" if word == "ADD" else "the value is also written where the attribute is absent"


_EXPANDERS: dict[str, Callable[[str, str], bool]] = {
    "contains": lambda keyword, expression: re.search(expression, keyword, re.IGNORECASE) is not None,
    "startswith": lambda keyword, expression: re.match(expression, keyword, re.IGNORECASE) is not None,
    "endswith": lambda keyword, expression: re.search(f"(?:{expression})$", keyword, re.IGNORECASE) is not None,
    "except": lambda keyword, expression: re.search(expression, keyword, re.IGNORECASE) is None,
}


def _matching(kind: str, expression: str) -> Iterator[int]:
    try:
        found = [tag for keyword, tag in _keywords().items() if _EXPANDERS[kind](keyword, expression)]
    except re.error as error:
        raise AnonymizeError(f"{expression[:40]!r} is no regular expression.") from error
    yield from (tag for tag in found if tag >> 16 not in _NEVER_BY_PATTERN)


def _selected(expression: str) -> Iterator[int]:
    """Attributes by VR or group: select:VR:PN, select:group:0010."""
    kind, _, wanted = expression.partition(":")
    if kind.lower() == "vr":
        yield from (tag for tag, vr in public_vrs().items() if vr.decode() == wanted.upper())
    elif kind.lower() == "group" and re.fullmatch("(0x)?[0-9A-Fa-f]{1,4}", wanted):
        yield from (tag for tag in public_vrs() if tag >> 16 == int(wanted, 16))


@cache
def _keywords() -> dict[str, int]:
    from pydicom.datadict import DicomDictionary

    return {entry[4]: tag for tag, entry in DicomDictionary.items() if entry[4]}
