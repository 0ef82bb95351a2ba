"""From what another program's rule wants to an edit that the engine knows; where none fits, a stricter one.

Attributes that no imported rule names follow PS3.15, which removes more than the other programs do. So an import may
lose information that the other program kept, and never the other way round; each difference becomes a note.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Iterable, Iterator
from enum import Enum

from DicomSuiteAnonymizeLib.dictionary import public_vrs
from DicomSuiteAnonymizeLib.errors import AnonymizeError
from DicomSuiteAnonymizeLib.profiles.profile import TagEdit
from DicomSuiteAnonymizeLib.profiles.profile_file import check_edit
from DicomSuiteAnonymizeLib.steps import Action

ENGINES_OWN = frozenset((0x00080005, 0x00080016, 0x00080018, 0x00120062, 0x00120063, 0x00120064, 0x00280303))
"""Character set, SOP class and instance, and the markers of de-identification: the engine writes them itself."""

PRIVATE_REMOVED = "private attributes are removed; keep safe ones with a list of them (--safe-private)"

_NEEDED = {
    0x00100010: "the patient's name", 0x00100020: "the patient's ID", 0x0020000D: "the UID of the study",
    0x0020000E: "the UID of the series",
}  # fmt: skip
"""What archives and viewers cannot do without."""

_DUMMIES = {
    b"AE": "ANONYMIZED", b"AS": "000Y", b"CS": "ANONYMIZED", b"DA": "19000101", b"DS": "0", b"DT": "19000101000000",
    b"FD": "0", b"FL": "0", b"IS": "0", b"SL": "0", b"SS": "0", b"TM": "000000", b"UL": "0", b"US": "0",
    b"LO": "ANONYMIZED", b"LT": "ANONYMIZED", b"PN": "ANONYMIZED", b"SH": "ANONYMIZED", b"ST": "ANONYMIZED",
    b"UC": "ANONYMIZED", b"UT": "ANONYMIZED",
}  # fmt: skip


class Wish(Enum):
    """What a rule of another program wants of an attribute."""

    KEEP = "is kept"
    REMOVE = "is removed"
    EMPTY = "is emptied"
    REPLACE = "gets a fixed value"
    DUMMY = "gets a dummy value"
    PSEUDONYM = "gets a keyed pseudonym"
    SHIFT = "is shifted"


class Meaning(Enum):
    """How an imported rule differs from the original; in the order in which people should read the notes."""

    LOST = "not carried over"
    STRICTER = "stricter than the original"
    DIFFERENT = "different from the original"


class Note(namedtuple("Note", ("meaning", "rule", "reason"))):
    """A rule as it stands in the file (shortened), how it differs, and why."""

    __slots__ = ()
    meaning: Meaning
    rule: str
    reason: str


class ForeignRule(namedtuple("ForeignRule", ("text", "tag", "wish", "value"), defaults=("",))):
    """One attribute's rule of another program; `value` is the text of REPLACE."""

    __slots__ = ()
    text: str
    tag: int
    wish: Wish
    value: str


def edits_of(rules: Iterable[ForeignRule]) -> Iterator[TagEdit | Note]:
    """One edit for each attribute (of several rules the last one counts), and what has to be said of them."""
    last = {rule.tag: rule for rule in rules}
    for _, rule in sorted(last.items()):
        yield from _edit_of(rule)


def _edit_of(rule: ForeignRule) -> Iterator[TagEdit | Note]:
    group = rule.tag >> 16
    if rule.tag in ENGINES_OWN or group in (0x0002, 0x7FE0):
        if note := _note_of_the_engines_own(rule):
            yield note
        return
    if group & 1:
        if rule.wish is not Wish.REMOVE:
            yield Note(Meaning.STRICTER, rule.text, PRIVATE_REMOVED)
        return
    if rule.tag not in public_vrs():
        if rule.wish is not Wish.REMOVE:
            yield Note(Meaning.STRICTER, rule.text, "the standard does not know the attribute: it is removed")
        return
    yield from _public_edit(rule)


def _public_edit(rule: ForeignRule) -> Iterator[TagEdit | Note]:
    wanted, reason = _wanted(rule)
    try:
        check_edit(wanted)
    except AnonymizeError as error:
        yield TagEdit((rule.tag,), Action.REMOVE)
        yield Note(Meaning.STRICTER, rule.text, f"removed, because {str(error).rstrip('.')}")
        return
    yield wanted
    if reason:
        yield reason


def _wanted(rule: ForeignRule) -> tuple[TagEdit, Note | None]:
    path, vr = (rule.tag,), public_vrs()[rule.tag]
    if rule.tag in _NEEDED and rule.wish in (Wish.REMOVE, Wish.EMPTY, Wish.DUMMY):
        reason = f"{_NEEDED[rule.tag]} becomes a keyed pseudonym, since archives and viewers need it"
        return TagEdit(path, Action.PSEUDONYM), Note(Meaning.DIFFERENT, rule.text, reason)
    if rule.wish is Wish.KEEP and vr in (b"DA", b"DT"):
        reason = "the real date stays; so the files do not say in (0028,0303) that dates are removed or shifted"
        return TagEdit(path, Action.KEEP), Note(Meaning.DIFFERENT, rule.text, reason)
    if rule.wish is Wish.DUMMY:
        return _dummy(path, vr), None
    if rule.wish is Wish.REPLACE:
        return TagEdit(path, Action.REPLACE, rule.value), None
    return TagEdit(path, _ACTIONS[rule.wish]), None


def _dummy(path: tuple[int, ...], vr: bytes) -> TagEdit:
    if vr == b"UI":
        return TagEdit(path, Action.PSEUDONYM)
    dummy = _DUMMIES.get(vr)
    return TagEdit(path, Action.REMOVE) if dummy is None else TagEdit(path, Action.REPLACE, dummy)


def _note_of_the_engines_own(rule: ForeignRule) -> Note | None:
    """None where the engine does what the rule wants."""
    if rule.tag >> 16 == 0x7FE0:
        if rule.wish is Wish.KEEP:
            return None
        return Note(Meaning.LOST, rule.text, "pixel data stay; use --clean pixel-data for text in them")
    if rule.tag == 0x00080018 and rule.wish is Wish.KEEP:
        return Note(Meaning.STRICTER, rule.text, "UIDs are replaced; add --retain uids to keep all of them")
    if (rule.tag, rule.wish) in _DONE_ANYWAY:
        return None
    if rule.tag >> 16 in (0x0002, 0x0008):
        return Note(Meaning.DIFFERENT, rule.text, "DicomSuite writes this attribute itself, so that the file is valid")
    return Note(Meaning.DIFFERENT, rule.text, "DicomSuite writes the markers of de-identification itself")


_DONE_ANYWAY = frozenset(
    ((0x00080005, Wish.KEEP), (0x00080016, Wish.KEEP), (0x00080018, Wish.PSEUDONYM), (0x00080018, Wish.DUMMY))
)
_ACTIONS = {
    Wish.KEEP: Action.KEEP,
    Wish.REMOVE: Action.REMOVE,
    Wish.EMPTY: Action.EMPTY,
    Wish.PSEUDONYM: Action.PSEUDONYM,
    Wish.SHIFT: Action.SHIFT,
}
