"""Whether an output's attributes are what the profile allows: the engine's rules, told a second time.

Only the table, the dictionary and the profile are shared with the engine. Every rule is one-sided: it says what may
stand in an output, so that an attribute that is absent or empty never breaks one.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum

from pydicom.datadict import keyword_for_tag

from DicomSuiteAnonymizeLib.private_attributes.safe_attributes import CSA, safe_attributes
from DicomSuiteAnonymizeLib.private_attributes.siemens_csa import cleaned_csa
from DicomSuiteAnonymizeLib.profiles.profile import Profile, Scope, TagEdit
from DicomSuiteAnonymizeLib.ps315 import WHOLE_TAG, Option, action, rows
from DicomSuiteAnonymizeLib.steps import Action
from DicomSuiteAnonymizeLib.tag_path import TagPath
from DicomSuiteAnonymizeLib.verification.verify_findings import Check, Violation
from DicomSuiteAnonymizeLib.verification.verify_reading import Attribute, is_known

PATIENT_NAME, PATIENT_ID, ACCESSION_NUMBER, STUDY_ID = 0x00100010, 0x00100020, 0x00080050, 0x00200010
STUDY_UID, SERIES_UID = 0x0020000D, 0x0020000E
_CONTENT_TREES = frozenset((0x0040A730, 0x0040B020, 0x00700001))
"""Sequences with a D in the table whose coded content may stay; only their free text is replaced."""
_CODE_MACRO = range(0x00080100, 0x00080125)
_GRAPHIC_ANNOTATIONS, _ANNOTATION = 0x00700001, 0x00700006
"""Graphic Annotation Sequence, and the text in it, which is cleaned with it (PS3.15 E.3.3)."""

_CODE = "[0-9A-HJKMNP-TV-Z]"
PATIENT_PSEUDONYM = re.compile(rf"DS-{_CODE}{{12}}")
_PERSON_PSEUDONYM = re.compile(rf"DS\^{_CODE}{{12}}")
_OTHER_PSEUDONYM = re.compile(rf"[ASP]{_CODE}{{13}}")
_APPLICATION_PSEUDONYM = re.compile(rf"AE{_CODE}{{12}}")
_DATES = re.compile(r"\d{8}(-\d{8})?|-\d{8}|\d{8}-")
_DATE_TIME = re.compile(r"\d{4,14}(\.\d{1,6})?([+-]\d{4})?(-\d{4,14}(\.\d{1,6})?([+-]\d{4})?)?")
_NEW_UID = re.compile(r"2\.25\.\d{1,39}")
_DEFINITION_UIDS = re.compile(r"SOPClass|TransferSyntax|^CodingSchemeUID$|^Context(UID|Group)|^MappingResourceUID$")
"""Keywords of UI attributes that name definitions and not instances."""
_GENERAL_FORMS = {
    Action.CAP_AGE: re.compile(r"0[0-8]\dY|090Y|\d{3}[DWM]"),
    Action.POSTAL_AREA: re.compile(r"\d{3}"),
}
_FREE_TEXT = frozenset(("LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT"))
_OTHER_TEXT = frozenset(("AE", "AS", "DA", "DS", "DT", "IS", "TM"))
_CLEANED_VRS = _FREE_TEXT - {"PN", "UR"} | {"CS"}
_DUMMY_TEXTS = frozenset(("ANONYMIZED", "000Y", "19000101", "19000101000000", "000000", "0", "about:blank"))


class _Inside(Enum):
    """What the nearest enclosing sequence of the table asks of its unlisted content."""

    NOTHING = 0
    CODED_TREE = 1
    REPLACED = 2


@dataclass(frozen=True)
class Place:
    """Whom an output belongs to, as its own attributes and folder say; edits are addressed to these."""

    patient: str
    study_uid: str
    series_uid: str


class TableRules:
    """The rules of one profile for every attribute of an output."""

    def __init__(self, profile: Profile) -> None:
        self._options = profile.options
        self._is_ps315 = profile.is_ps315
        self._shifts = Option.RETAIN_MODIFIED_DATES in profile.options
        self._keeps_dates = Option.RETAIN_FULL_DATES in profile.options
        self._safe = safe_attributes(profile.private_lists, profile.safe_private)
        self._rows = {row.tag: row for row in rows() if row.mask == WHOLE_TAG} if profile.is_ps315 else {}
        self._cells = {tag: action(row, profile.options) for tag, row in self._rows.items()}
        self._edits: dict[TagPath, list[TagEdit]] = {}
        for edit in sorted(profile.edits, key=lambda edit: _NARROWEST_FIRST.index(edit.scope)):
            self._edits.setdefault(edit.path, []).append(edit)

    def violations(self, attributes: Iterable[Attribute], place: Place) -> Iterator[Violation]:
        """What is not allowed, in file order; nothing more is said about the items of a sequence that is not."""
        skipped: TagPath | None = None
        for attribute in attributes:
            if skipped and attribute.path[: len(skipped)] == skipped:
                continue
            found = self._violation(attribute, place)
            if found is None:
                continue
            check, message = found
            if attribute.vr == "SQ":
                skipped = attribute.path
            yield Violation(check, attribute.path, message)

    def keeps(self, path: TagPath) -> bool:
        """Whether the original value may stay where it stands, by the table or by an edit for anybody."""
        if any(edit.action is Action.KEEP for edit in self._edits.get(path, ())):
            return True
        if self._is_ps315:
            return self._cells.get(path[-1]) == "K"
        return path not in self._edits

    def may_remove(self, path: TagPath) -> bool:
        """Whether an attribute may be missing because it, or a sequence around it, was removed or emptied."""
        return any(self._removes(path[: depth + 1]) for depth in range(len(path)))

    def shifts(self, tag: int) -> bool:
        """Whether a date at top level is moved by the patient's offset."""
        if (tag,) in self._edits:
            return False
        if tag not in self._cells:
            return self._is_ps315 and self._shifts
        return self._cells[tag] == "C" and self._is_shifted(tag)

    def edit_for(self, path: TagPath, place: Place) -> TagEdit | None:
        """The user's edit of the attribute in this output; the narrowest where there are several."""
        targets = {Scope.PATIENT: place.patient, Scope.STUDY: place.study_uid, Scope.SERIES: place.series_uid}
        for edit in self._edits.get(path, ()):
            if edit.scope is Scope.ALL or targets[edit.scope] == edit.target:
                return edit
        return None

    def _violation(self, attribute: Attribute, place: Place) -> tuple[Check, str] | None:
        edit = self.edit_for(attribute.path, place)
        if edit is not None:
            return self._edited(attribute, edit, place)
        if not self._is_ps315:
            return None
        return (
            self._misplaced(attribute)
            or self._by_cell(attribute, place)
            or (self._unlisted(attribute) if attribute.tag not in self._cells else None)
        )

    def _misplaced(self, attribute: Attribute) -> tuple[Check, str] | None:
        tag = attribute.tag
        group = tag >> 16
        if tag & 0xFFFF == 0:
            return Check.TABLE, "group length, which tells what was removed"
        if group in (0x0000, 0x0002, 0x0004):
            return Check.TABLE, "does not belong into a data set"
        if group > 0x7FE0:
            return Check.TABLE, "padding or a signature"
        if group & 1:
            return self._private(attribute)
        if 0x5000 <= group <= 0x50FF or 0x6000 <= group <= 0x60FF:
            return self._graphics(attribute)
        if not is_known(tag):
            return Check.TABLE, "unknown to the standard's dictionary, so nobody can say what it holds"
        return None

    def _private(self, attribute: Attribute) -> tuple[Check, str] | None:
        if Option.RETAIN_SAFE_PRIVATE not in self._options:
            return Check.PRIVATE, "private attribute"
        group, element = attribute.tag >> 16, attribute.tag & 0xFFFF
        if 0x10 <= element <= 0xFF:
            owns_safe = any((creator, of) == (attribute.creator, group) for creator, of, _ in self._safe)
            return None if owns_safe else (Check.PRIVATE, "private creator of a block in which nothing is safe")
        vr = self._safe.get((attribute.creator, group, element & 0xFF))
        if vr is None:
            return Check.PRIVATE, "private attribute that neither PS3.15 nor the profile lists as safe"
        if vr == CSA and cleaned_csa(attribute.value) != attribute.value:
            return Check.PRIVATE, "Siemens CSA header with more than numbers of diffusion, timing and sequence"
        kind = vr if attribute.vr == "UN" else attribute.vr
        if kind in ("PN", "UR") and attribute.value.strip(b"\0 "):
            return Check.NAMES, "a name or an address in a private attribute"
        if kind == "UI":
            return self._uid(attribute)
        return self._date(attribute) if kind in ("DA", "DT") and not self._keeps_dates else None

    def _graphics(self, attribute: Attribute) -> tuple[Check, str] | None:
        if Option.CLEAN_GRAPHICS not in self._options:
            return Check.GRAPHICS, "curve or overlay"
        if attribute.tag >> 16 < 0x6000 or attribute.overlay_type != "R":
            return Check.GRAPHICS, "curve, or overlay of another type than ROI, which may show text"
        return None

    def _by_cell(self, attribute: Attribute, place: Place) -> tuple[Check, str] | None:
        """The cell of the table that applies: one-sided, so that a compound action passes with each of its parts."""
        cell = self._cells.get(attribute.tag)
        if cell is None or cell == "K" or (attribute.tag == _ANNOTATION and self._is_cleaned_graphic(attribute.path)):
            return None
        if cell == "C" and not self._falls_back(attribute):
            return self._cleaned(attribute)
        basic = self._rows[attribute.tag].basic
        if attribute.tag in (PATIENT_NAME, PATIENT_ID, ACCESSION_NUMBER, STUDY_ID):
            return None if self._is_pseudonym(attribute, place) else (Check.NAMES, "is neither empty nor a pseudonym")
        if basic == "X":
            return Check.TABLE, "must be absent (X)"
        if attribute.vr == "SQ":
            return (Check.TABLE, f"must have no items ({basic})") if basic == "Z" and attribute.items else None
        if basic == "U" or attribute.vr == "UI":
            return self._uid(attribute)
        if basic in ("Z", "X/Z"):
            return (Check.TABLE, f"must be empty ({basic})") if attribute.value.strip(b"\0 ") else None
        return None if _is_dummy(attribute) else (Check.TABLE, f"holds more than a dummy value ({basic})")

    def _is_cleaned_graphic(self, path: TagPath) -> bool:
        return self._cells[_GRAPHIC_ANNOTATIONS] == "C" and _GRAPHIC_ANNOTATIONS in path

    def _falls_back(self, attribute: Attribute) -> bool:
        """Whether a VR cannot be cleaned or shifted, so that the Basic action stands in for C."""
        if self._is_shifted(attribute.tag):
            return attribute.vr not in ("DA", "DT", "TM", "SH")
        return attribute.vr not in _CLEANED_VRS | {"AE", "SQ"}

    def _is_shifted(self, tag: int) -> bool:
        row = self._rows.get(tag)
        return self._shifts and row is not None and row.options.get(Option.RETAIN_MODIFIED_DATES) == "C"

    def _cleaned(self, attribute: Attribute) -> tuple[Check, str] | None:
        if attribute.vr in ("DA", "DT"):
            return self._date(attribute)
        if attribute.vr == "AE" and not _all(attribute.text, _APPLICATION_PSEUDONYM):
            return Check.NAMES, "is neither empty nor a pseudonym"
        return None

    def _unlisted(self, attribute: Attribute) -> tuple[Check, str] | None:
        """Attributes that the table does not list follow their VR and the sequence around them."""
        inside = self._inside(attribute.path)
        is_code = attribute.tag in _CODE_MACRO
        if attribute.vr == "UI":
            return None if is_code or names_definition(attribute) else self._uid(attribute)
        if attribute.vr == "PN":
            return None if _all(attribute.text, _PERSON_PSEUDONYM) else (Check.NAMES, "a name that is no pseudonym")
        if attribute.vr in ("DA", "DT") and Option.RETAIN_FULL_DATES not in self._options:
            return self._date(attribute)
        replaced = (
            (attribute.vr in _FREE_TEXT and not is_code)
            if inside is _Inside.CODED_TREE
            else attribute.vr in _FREE_TEXT | _OTHER_TEXT and inside is _Inside.REPLACED
        )
        if replaced and attribute.text not in _DUMMY_TEXTS | {""}:
            return Check.TABLE, "text in a sequence whose text had to be replaced (D)"
        return None

    def _inside(self, path: TagPath) -> _Inside:
        for tag in reversed(path[:-1]):
            cell = self._cells.get(tag, "K")
            if cell == "C":
                return _Inside.NOTHING
            if "D" in cell:
                return _Inside.CODED_TREE if tag in _CONTENT_TREES else _Inside.REPLACED
        return _Inside.NOTHING

    def _uid(self, attribute: Attribute) -> tuple[Check, str] | None:
        if Option.RETAIN_UIDS in self._options or all(map(_is_new_uid, _parts(attribute.text))):
            return None
        return Check.UIDS, "a UID that is neither the standard's own nor made from the key"

    def _date(self, attribute: Attribute) -> tuple[Check, str] | None:
        if attribute.text in _DUMMY_TEXTS:
            return None
        if not self._shifts:
            return (Check.DATES, "a date that had to go") if attribute.text else None
        form = _DATES if attribute.vr == "DA" else _DATE_TIME
        return None if _all(attribute.text, form) else (Check.DATES, "not a date, so it cannot have been shifted")

    def _is_pseudonym(self, attribute: Attribute, place: Place) -> bool:
        if attribute.tag in (PATIENT_NAME, PATIENT_ID):
            return attribute.text == place.patient
        return _all(attribute.text, _OTHER_PSEUDONYM)

    def _edited(self, attribute: Attribute, edit: TagEdit, place: Place) -> tuple[Check, str] | None:
        if edit.action is Action.REMOVE:
            return Check.EDITS, "the profile's edit removes it"
        if edit.action is Action.EMPTY and (attribute.value or attribute.items):
            return Check.EDITS, "the profile's edit empties it"
        if edit.action is Action.REPLACE and attribute.vr in _FREE_TEXT | _OTHER_TEXT | {"CS"}:
            return None if attribute.text == edit.value.strip() else (Check.EDITS, "is not what the edit puts there")
        if edit.action in _GENERAL_FORMS and not _all(attribute.text, _GENERAL_FORMS[edit.action]):
            return Check.EDITS, "is more than the edit leaves"
        if edit.action is Action.PSEUDONYM and not self._has_pseudonym_form(attribute, place):
            return Check.EDITS, "is not the pseudonym that the edit puts there"
        return None

    def _has_pseudonym_form(self, attribute: Attribute, place: Place) -> bool:
        if attribute.vr == "UI":
            return all(map(_is_new_uid, _parts(attribute.text)))
        form = _PERSON_PSEUDONYM if attribute.vr == "PN" else _OTHER_PSEUDONYM
        return self._is_pseudonym(attribute, place) or _all(attribute.text, form)

    def _removes(self, path: TagPath) -> bool:
        tag = path[-1]
        if any(edit.action in (Action.REMOVE, Action.EMPTY) for edit in self._edits.get(path, ())):
            return True
        if not self._is_ps315:
            return False
        if tag in self._cells:
            cell = self._cells[tag]
            codes = self._rows[tag].basic if cell == "C" else cell
            return codes != "X/Z/U*" and ("X" in codes or "Z" in codes)
        return bool(tag >> 16 & 1) or not is_known(tag)


def names_definition(attribute: Attribute) -> bool:
    """Whether a UI attribute names a class, a transfer syntax, a coding scheme or the like, and not an instance."""
    return _DEFINITION_UIDS.search(keyword_for_tag(attribute.tag)) is not None


_NARROWEST_FIRST = (Scope.SERIES, Scope.STUDY, Scope.PATIENT, Scope.ALL)


def _parts(text: str) -> list[str]:
    return [part.strip("\0 ") for part in text.split("\\") if part.strip("\0 ")]


def _all(text: str, form: re.Pattern[str]) -> bool:
    """Whether each value has the form; true where there is none."""
    return all(map(form.fullmatch, _parts(text)))


def _is_dummy(attribute: Attribute) -> bool:
    if not attribute.value.strip(b"\0 ") or attribute.text in _DUMMY_TEXTS:
        return True
    return attribute.vr == "PN" and _all(attribute.text, _PERSON_PSEUDONYM)


def _is_new_uid(uid: str) -> bool:
    """Whether a UID is the standard's own or a version 8 UUID under 2.25, which is what the engine makes of a key."""
    if uid.startswith("1.2.840.10008."):
        return True
    if not _NEW_UID.fullmatch(uid):
        return False
    number = int(uid[5:])
    return number < 1 << 128 and number >> 76 & 0xF == 0x8 and number >> 62 & 0x3 == 0x2
