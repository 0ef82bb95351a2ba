"""Which attributes of a de-identified file may lead back to its original."""

from DicomSuiteAnonymizeLib.crosswalks.crosswalk_notes import BIRTH_DATE
from DicomSuiteAnonymizeLib.dictionary import wire_vrs
from DicomSuiteAnonymizeLib.elements import wire
from DicomSuiteAnonymizeLib.markers import DATES_MODIFIED, IDENTITY_REMOVED, METHOD, METHOD_CODES
from DicomSuiteAnonymizeLib.plan import PATIENT_ID, PATIENT_NAME, Mode, Plan
from DicomSuiteAnonymizeLib.profiles.profile import NOTHING, Profile
from DicomSuiteAnonymizeLib.steps import KEPT_SEQUENCE, UNLISTED, Action, Step

PATIENT = Step(Action.KEEP, "patient")
IDENTITY_MARKER = Step(Action.KEEP, "marker")
DATES_MARKER = Step(Action.KEEP, "marker")
_METHOD_MARKER = Step(Action.REMOVE, "marker")
_UID, _DATE, _PSEUDONYM = Step(Action.KEEP, "UID"), Step(Action.KEEP, "date"), Step(Action.KEEP, "pseudonym")
_PRIVATE = Step(Action.KEEP, "private attribute")

DATE_VRS = frozenset((b"DA", b"DT"))
TEXT_VRS = frozenset(b"AE CS LO LT PN SH ST UC UR UT".split())
_BY_VR = {b"UI": _UID, b"SQ": KEPT_SEQUENCE} | dict.fromkeys(DATE_VRS, _DATE) | dict.fromkeys(TEXT_VRS, _PSEUDONYM)
_TOP_LEVEL = {
    PATIENT_ID: PATIENT,
    PATIENT_NAME: PATIENT,
    BIRTH_DATE: PATIENT,
    IDENTITY_REMOVED: IDENTITY_MARKER,
    DATES_MODIFIED: DATES_MARKER,
    METHOD: _METHOD_MARKER,
    METHOD_CODES: _METHOD_MARKER,
}


class RestoringPlan(Plan):
    """A step for every attribute that may hold a pseudonym, a UID, a shifted date or a marker; nothing is inserted."""

    def __init__(self) -> None:
        super().__init__(Profile("restore", "Re-identification", basis=NOTHING))
        self.inserts = ()

    def step(self, sop_class: str, path: tuple[int, ...], mode: Mode, wire_tag: int) -> Step | None:
        """See Plan; neither class nor mode matter."""
        own = None if path else _TOP_LEVEL.get(wire(wire_tag))
        if own is not None:
            return own
        vr = wire_vrs().get(wire_tag)
        return UNLISTED if vr is None else _BY_VR.get(vr)

    def unlisted(self, wire_tag: int) -> Step | None:
        """See Plan: the leak check has replaced UIDs in what stayed of private attributes too."""
        return super().unlisted(wire_tag) or _PRIVATE
