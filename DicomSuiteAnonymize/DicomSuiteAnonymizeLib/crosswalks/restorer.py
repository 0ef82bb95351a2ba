"""De-identified files given their originals' IDs, names, UIDs and dates back, as far as a crosswalk leads.

The machinery is the one that de-identifies: files are walked, elements replaced, bulk data copied unread. Only the
plan, the new values and the way to tell whom a file belongs to are others.
"""

from DicomSuiteAnonymizeLib.crosswalks.crosswalk import Crosswalk
from DicomSuiteAnonymizeLib.crosswalks.crosswalk_notes import OriginalSubject
from DicomSuiteAnonymizeLib.crosswalks.restored_values import RestoredSubject, RestoringReplacer
from DicomSuiteAnonymizeLib.crosswalks.restoring_plan import RestoringPlan
from DicomSuiteAnonymizeLib.elements import wire
from DicomSuiteAnonymizeLib.engine import Engine, Understood
from DicomSuiteAnonymizeLib.errors import AnonymizeError
from DicomSuiteAnonymizeLib.leak_check import LeakCheck
from DicomSuiteAnonymizeLib.leaks import Needles, OldUIDs
from DicomSuiteAnonymizeLib.markers import DATES_MODIFIED
from DicomSuiteAnonymizeLib.plan import PATIENT_ID
from DicomSuiteAnonymizeLib.profiles.profile import OnLeak
from DicomSuiteAnonymizeLib.subject import CHARACTER_SET, SERIES_UID, SOP_INSTANCE_UID, STUDY_UID, Facts, facts_of
from DicomSuiteAnonymizeLib.templates import Contents

_MAX_SUBJECTS = 64


class RestoringEngine(Engine):
    """An Engine that leads back; for `instance_task.rewrite`."""

    def __init__(self, crosswalk: Crosswalk, key: bytes) -> None:
        plan = RestoringPlan()
        super().__init__(plan.profile, key)
        self.crosswalk = crosswalk
        self.use(plan, RestoringReplacer(crosswalk))
        self._known_subjects: dict[tuple, RestoredSubject] = {}

    def understood(self, read, *, more_follows: bool, little_endian: bool = True) -> Understood:
        """See Engine. Raises AnonymizeError where the crosswalk does not know whom the file belongs to."""
        facts = facts_of(Contents(read.nodes))
        level = self.plan.level(read.media_class.decode("ascii", "replace"))
        sop_instance = _value(facts, SOP_INSTANCE_UID) or read.media_instance
        subject = self._subject(facts, sop_instance)
        restored = self.replacer.old_uid(sop_instance) or sop_instance
        return Understood(facts, level, subject, sop_instance, restored, _nothing_to_check(), "")

    def _subject(self, facts: Facts, sop_instance: bytes) -> RestoredSubject:
        patient = _value(facts, wire(PATIENT_ID))
        recorded = self.crosswalk.subjects_of_instance(sop_instance)
        originals = _of_one_patient(recorded or self._relatives(facts), patient)
        self._check_patient(patient, originals[0].patient)
        key = tuple(originals), bool(recorded), _value(facts, CHARACTER_SET), _value(facts, wire(DATES_MODIFIED))
        subject = self._known_subjects.get(key)
        if subject is None:
            if len(self._known_subjects) >= _MAX_SUBJECTS:
                self._known_subjects.clear()
            subject = self._known_subjects[key] = RestoredSubject(*key)
        return subject

    def _relatives(self, facts: Facts) -> list[OriginalSubject]:
        """Whom a file belongs to that was made from de-identified ones later, e.g. a segmentation."""
        series, study, patient = (_value(facts, tag) for tag in (SERIES_UID, STUDY_UID, wire(PATIENT_ID)))
        originals = (
            (series and self.crosswalk.subjects_in_series(series))
            or (study and self.crosswalk.subjects_in_study(study))
            or (patient and self.crosswalk.subjects_called(patient))
        )
        if not originals:
            raise AnonymizeError(
                "not in this crosswalk: neither its UIDs nor its patient were de-identified with this key and stored"
            )
        return originals

    def _check_patient(self, called: bytes, found: bytes) -> None:
        """Nobody else's name: a Patient ID may have been corrected since, or the crosswalk tampered with."""
        if called != found and called and self.crosswalk.subjects_called(called):
            raise AnonymizeError("its Patient ID and its UIDs belong to different patients of the crosswalk")


def _of_one_patient(originals: list[OriginalSubject], patient: bytes) -> list[OriginalSubject]:
    """Where UIDs are not unique, those that belong to the file's patient."""
    if len({one.patient for one in originals}) == 1:
        return originals
    own = [one for one in originals if one.patient == patient]
    if not own:
        raise AnonymizeError("its UIDs belong to several patients of the crosswalk, and its Patient ID to none of them")
    return own


def _value(facts: Facts, wire_tag: int) -> bytes:
    return facts.get(wire_tag, b"").strip(b"\0 ")


def _nothing_to_check() -> LeakCheck:
    """The leak check of a file that is to hold its originals again."""
    return LeakCheck(Needles((), b""), OldUIDs(frozenset()), bytes, OnLeak.FAIL)
