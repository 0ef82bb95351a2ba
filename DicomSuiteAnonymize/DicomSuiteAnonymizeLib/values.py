"""New values for old: what each action makes of one encoded attribute value.

Everything here works on the encoded bytes of a value, little endian where it is binary, so that the byte rewriter and
the pydicom path share it. Results have even length (PS3.5 7.1.1).
"""

import struct

from DicomSuiteAnonymizeLib.dates import shift_dates
from DicomSuiteAnonymizeLib.errors import AnonymizeError
from DicomSuiteAnonymizeLib.keys import Pseudonyms
from DicomSuiteAnonymizeLib.plan import ACCESSION_NUMBER, PATIENT_ID, PATIENT_NAME, STUDY_ID
from DicomSuiteAnonymizeLib.private_attributes.safe_private import CSA_HEADER, is_harmless
from DicomSuiteAnonymizeLib.profiles.profile import TagEdit
from DicomSuiteAnonymizeLib.safe_harbor import capped_age, postal_area
from DicomSuiteAnonymizeLib.steps import Action, Step
from DicomSuiteAnonymizeLib.subject import Subject

TEXT_VRS = frozenset(b"AE AS CS DA DS DT IS LO LT PN SH ST TM UC UI UR UT".split())
CLEANABLE_VRS = frozenset(b"LO LT SH ST UC UT CS".split())
_NUL_PADDED = frozenset(b"UI OB UN".split())
_DUMMIES = {
    b"AE": b"ANONYMIZED", b"AS": b"000Y", b"CS": b"ANONYMIZED", b"DA": b"19000101", b"DS": b"0 ",
    b"DT": b"19000101000000", b"IS": b"0 ", b"TM": b"000000", b"UR": b"about:blank ",
    b"AT": bytes(4), b"FD": bytes(8), b"FL": bytes(4), b"OB": bytes(2), b"OD": bytes(8), b"OF": bytes(4),
    b"OL": bytes(4), b"OV": bytes(8), b"OW": bytes(2), b"SL": bytes(4), b"SS": bytes(2), b"SV": bytes(8),
    b"UL": bytes(4), b"UN": bytes(2), b"US": bytes(2), b"UV": bytes(8),
}  # fmt: skip
_SAFE_HARBOR = {Action.CAP_AGE: capped_age, Action.POSTAL_AREA: postal_area}
_TEXT_DUMMY = b"ANONYMIZED"
NUMBER_FORMATS = {
    b"US": "<H", b"SS": "<h", b"UL": "<I", b"SL": "<i", b"UV": "<Q", b"SV": "<q", b"FL": "<f", b"FD": "<d",
}  # fmt: skip
"""How struct reads one binary number, little endian."""


def padded(vr: bytes, value: bytes) -> bytes:
    """Value with even length."""
    if len(value) % 2 == 0:
        return value
    return value + (b"\0" if vr in _NUL_PADDED else b" ")


class Replacer:
    """Applies steps to values; one for a whole run."""

    def __init__(self, pseudonyms: Pseudonyms) -> None:
        self._pseudonyms = pseudonyms

    def replace(self, step: Step, tag: int, vr: bytes, value: bytes, subject: Subject) -> tuple[bytes | None, Action]:
        """New value (None: the attribute goes) and the action that led to it.

        An attribute without a value stays so, or goes where the action is REMOVE; only a patient's name and ID are
        never left empty.
        """
        for edit in step.edits:
            if subject.identity.matches(edit):
                return self._edited(edit, step, tag, vr, value, subject)
        return self._apply(step, step.action, tag, vr, value, subject)

    def inserted(self, edit: TagEdit, vr: bytes, subject: Subject) -> bytes:
        """Value typed for an attribute that the source does not have."""
        return typed_value(edit, vr, subject.character_set)

    def uid(self, value: bytes) -> bytes:
        """New UID, or UIDs separated by backslash, padded."""
        uids = value.rstrip(b"\0 ").split(b"\\")
        return padded(b"UI", b"\\".join([self._pseudonyms.uid(uid.strip(b"\0 ")) for uid in uids]))

    def _edited(self, edit, step, tag, vr, value, subject):
        if edit.action is Action.REPLACE:
            return typed_value(edit, vr, subject.character_set), Action.REPLACE
        if edit.action is Action.RENUMBER:
            return value, Action.RENUMBER
        return self._apply(step, edit.action, tag, vr, value, subject)

    def _apply(self, step, action, tag, vr, value, subject):
        if action is Action.REMOVE:
            return None, action
        if action is Action.EMPTY:
            return b"", action
        if action in (Action.KEEP, Action.RECURSE):
            return value, Action.KEEP
        if action is Action.INSPECT:
            return (value, Action.KEEP) if is_harmless(vr, value, subject.needles) else (None, Action.REMOVE)
        if action is Action.PSEUDONYM:
            return self._pseudonym(tag, vr, value, subject), action
        if not value.strip(b"\0 "):
            return b"", action
        if action in _SAFE_HARBOR:
            return padded(vr, _SAFE_HARBOR[action](value)), action
        if action is Action.UID or (action is Action.DUMMY and vr == b"UI"):
            return self.uid(value), action
        if action is Action.DUMMY:
            return padded(vr, _DUMMIES.get(vr, _TEXT_DUMMY)), action
        return self._adapted(step, action, tag, vr, value, subject)

    def _adapted(self, step, action, tag, vr, value, subject):
        """CLEAN and SHIFT: something of the value stays; where nothing can, the step's fallback applies."""
        new = None
        if action is Action.SHIFT:
            new = shift_dates(vr, value, subject.identity.date_offset) if vr in (b"DA", b"DT") else None
        elif vr == CSA_HEADER:
            from DicomSuiteAnonymizeLib.private_attributes.siemens_csa import cleaned_csa

            new = cleaned_csa(value)
            if new is not None and not is_harmless(b"OB", new, subject.needles):
                new = None  # a Patient ID of digits may pass for a number
        elif vr == b"AE":
            new = b"AE" + self._pseudonyms.code(b"application entity", value.strip(b"\0 "), 12)
        elif vr in CLEANABLE_VRS:
            new = _cleaned(tag, vr, value, subject) or None
        if new is not None:
            return padded(vr, new), action
        if step.fallback is None:
            return None, Action.REMOVE
        return self._apply(step.fallback, step.fallback.action, tag, vr, value, subject)

    def _pseudonym(self, tag, vr, value, subject):
        if tag in (PATIENT_NAME, PATIENT_ID):
            return padded(vr, subject.identity.patient)
        original = value.strip(b"\0 ")
        if not original:
            return b""
        if vr == b"UI":
            return self.uid(value)
        if vr == b"PN":
            return padded(vr, b"DS^" + self._pseudonyms.code(b"person", original, 12))
        letter = {ACCESSION_NUMBER: b"A", STUDY_ID: b"S"}.get(tag, b"P")
        return padded(vr, letter + self._pseudonyms.code(b"%08x" % tag, original, 13))


def _cleaned(tag: int, vr: bytes, value: bytes, subject: Subject) -> bytes | None:
    """Text without identifiers; what devices write into private attributes has words of its own."""
    from DicomSuiteAnonymizeLib.words.cleaning import clean_machine_text, clean_text

    clean = clean_machine_text if tag >> 16 & 1 else clean_text
    return clean(value, vr, subject)


def encoded_number(vr: bytes, text: str) -> bytes:
    """One binary number, little endian. Raises ValueError where the text is none that the VR holds."""
    number = float(text) if vr in (b"FL", b"FD") else int(text)
    try:
        return struct.pack(NUMBER_FORMATS[vr], number)
    except (struct.error, OverflowError) as error:
        raise ValueError(f"out of the range of VR {vr.decode()}") from error


def typed_value(edit: TagEdit, vr: bytes, character_set: bytes) -> bytes:
    """Encode what the user typed. Raises AnonymizeError where the file's character set cannot hold it."""
    if vr in NUMBER_FORMATS:
        return b"".join(encoded_number(vr, text) for text in edit.value.split("\\"))
    if edit.value.isascii():
        return padded(vr, edit.value.encode("ascii"))
    from DicomSuiteAnonymizeLib.character_sets import encode_text

    try:
        return padded(vr, encode_text(edit.value, vr, character_set))
    except ValueError as error:
        tag = edit.path[-1]
        raise AnonymizeError(
            f"the value typed for ({tag >> 16:04X},{tag & 0xFFFF:04X}) cannot be written in the file's character set "
            f"{character_set.decode('ascii', 'replace') or 'ISO_IR 6'}; use plain letters"
        ) from error
