"""Original values for pseudonyms, UIDs and shifted dates: what `values` does, the other way round."""

import re

from DicomSuiteAnonymizeLib.character_sets import decode_text, encode_text
from DicomSuiteAnonymizeLib.crosswalks.crosswalk import Crosswalk
from DicomSuiteAnonymizeLib.crosswalks.crosswalk_notes import (
    BIRTH_DATE,
    OriginalSubject,
    OriginalValue,
    date_domain,
    day_and_time,
    domain_of,
)
from DicomSuiteAnonymizeLib.crosswalks.restoring_plan import DATE_VRS, DATES_MARKER, IDENTITY_MARKER, PATIENT, TEXT_VRS
from DicomSuiteAnonymizeLib.leaks import Needles
from DicomSuiteAnonymizeLib.plan import PATIENT_ID, PATIENT_NAME
from DicomSuiteAnonymizeLib.steps import Action, Step
from DicomSuiteAnonymizeLib.subject import Subject
from DicomSuiteAnonymizeLib.values import padded

_CODE = rb"[0-9A-HJKMNP-TV-Z]"
_PSEUDONYM = re.compile(rb"DS\^%b{12}|AE%b{12}|[ASP]%b{13}" % (_CODE, _CODE, _CODE))
_NEW_UID = re.compile(rb"(?<![0-9.])2\.25\.[0-9]{1,39}")
_DUMMY_DAY = b"19000101"
_NO_NEEDLES = Needles((), b"")
_CACHED_UIDS = 50_000


class _AsPlanned:
    """Stands for an identity where no edits apply."""

    def action(self, step: Step) -> Action:
        """The step's own action."""
        return step.action


class RestoredSubject(Subject):
    """Whom a de-identified file belongs to.

    Attributes
    ----------
    pseudonym
        The patient's.
    originals
        Every different set of originals that the crosswalk has for what the file says of itself.
    is_recorded
        Whether this very instance is in the crosswalk, so that all of its UIDs should be.
    dates
        What the file says of its dates: "MODIFIED", "REMOVED", "UNMODIFIED" or "".
    """

    def __init__(
        self, originals: tuple[OriginalSubject, ...], is_recorded: bool, character_set: bytes, dates: bytes
    ) -> None:
        super().__init__(_AsPlanned(), _NO_NEEDLES, character_set)
        self.pseudonym = originals[0].patient
        self.originals = originals
        self.is_recorded = is_recorded
        self.dates = dates

    def values(self, tag: int) -> list[OriginalValue]:
        """The originals of Patient ID, Patient's Name or birth date, as far as the source had one."""
        name = {PATIENT_ID: "patient_id", PATIENT_NAME: "name", BIRTH_DATE: "birth_date"}[tag]
        found = ((getattr(one, name), one.character_set) for one in self.originals)
        return [OriginalValue("", b"", old, used) for old, used in found if old is not None]


class RestoringReplacer:
    """What `values.Replacer` is for de-identification."""

    def __init__(self, crosswalk: Crosswalk) -> None:
        self._crosswalk = crosswalk
        self._uids: dict[bytes, bytes | None] = {}

    def replace(
        self, step: Step, tag: int, vr: bytes, value: bytes, subject: RestoredSubject
    ) -> tuple[bytes | None, Action]:
        """New value (None: the attribute goes) and what was done.

        REPLACE where the original is back, DUMMY where a pseudonym or a dummy value has to stay, KEEP for all else.
        """
        if step.action is Action.REMOVE or (step is DATES_MARKER and subject.dates == b"MODIFIED"):
            return None, Action.REMOVE
        new = b"NO" if step is IDENTITY_MARKER else self._restored(step, tag, vr, value, subject)
        if new is None:
            return value, Action.DUMMY
        return (value, Action.KEEP) if new == value else (padded(vr, new), Action.REPLACE)

    def old_uid(self, new: bytes) -> bytes | None:
        """The original of a UID, None where the crosswalk has none."""
        if new not in self._uids:
            if len(self._uids) >= _CACHED_UIDS:
                self._uids.clear()
            self._uids[new] = self._crosswalk.old_uid(new)
        return self._uids[new]

    def _restored(self, step, tag, vr, value, subject) -> bytes | None:
        """The original; the same value where it is none to be restored, None where it cannot be."""
        if step is PATIENT:
            return _the_only(subject.values(tag), vr, subject) if subject.values(tag) else value
        if vr == b"UI":
            return self._uid(value, subject)
        if vr in DATE_VRS:
            return self._date(tag, vr, value, subject)
        return self._text(tag, vr, value, subject) if vr in TEXT_VRS else value

    def _uid(self, value: bytes, subject: RestoredSubject) -> bytes | None:
        uids = [uid.strip(b"\0 ") for uid in value.rstrip(b"\0 ").split(b"\\")]
        olds = [self.old_uid(uid) for uid in uids]
        if any(olds):
            return padded(b"UI", b"\\".join([old or uid for old, uid in zip(olds, uids, strict=True)]))
        return None if subject.is_recorded and any(map(_NEW_UID.fullmatch, uids)) else value

    def _date(self, tag: int, vr: bytes, value: bytes, subject: RestoredSubject) -> bytes | None:
        day, time = day_and_time(value)
        if not day or subject.dates == b"UNMODIFIED":
            return value
        if day == _DUMMY_DAY:
            return None
        if subject.dates == b"REMOVED":
            return value
        found = self._crosswalk.old_values(date_domain(subject.pseudonym, tag), day)
        if not found:
            return value  # it was not shifted
        original = _the_only(found, vr, subject)
        return None if original is None else padded(vr, original.rstrip(b" ") + time)

    def _text(self, tag: int, vr: bytes, value: bytes, subject: RestoredSubject) -> bytes | None:
        text = value.strip(b"\0 ")
        is_patients = tag in (PATIENT_ID, PATIENT_NAME) and text == subject.pseudonym
        if is_patients or _PSEUDONYM.fullmatch(text):
            return _the_only(self._crosswalk.old_values(domain_of(tag, vr), text), vr, subject)
        return _NEW_UID.sub(lambda match: self.old_uid(match[0]) or match[0], value)


def _the_only(values: list[OriginalValue], vr: bytes, subject: RestoredSubject) -> bytes | None:
    """The one original, padded and in the file's character set; None where there is none or more than one."""
    try:
        found = {_in_character_set(value, vr, subject.character_set) for value in values}
    except ValueError:
        return None
    return padded(vr, found.pop()) if len(found) == 1 else None


def _in_character_set(value: OriginalValue, vr: bytes, character_set: bytes) -> bytes:
    """The original in another character set than it came in. Raises ValueError where that cannot hold it."""
    if value.character_set == character_set:
        return value.old
    return encode_text(decode_text(value.old, value.character_set), vr, character_set)
