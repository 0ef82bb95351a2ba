"""What a batch of files leads back to: which original stands behind each pseudonym that was written.

Engines keep results between files and between batches, so what a batch notes must not depend on what its process did
before: every batch that is noted has an engine of its own, which shares nothing but the compiled plan.
"""

import os
import re
from collections import namedtuple

from DicomSuiteAnonymizeLib.dates import shift_dates
from DicomSuiteAnonymizeLib.elements import wire
from DicomSuiteAnonymizeLib.emitter import path_text
from DicomSuiteAnonymizeLib.engine import Engine, Understood
from DicomSuiteAnonymizeLib.keys import Pseudonyms
from DicomSuiteAnonymizeLib.plan import PATIENT_ID, PATIENT_NAME
from DicomSuiteAnonymizeLib.steps import Action
from DicomSuiteAnonymizeLib.subject import SERIES_UID, STUDY_UID
from DicomSuiteAnonymizeLib.values import Replacer

PERSONS, APPLICATIONS = "person", "application entity"
"""Domains of pseudonyms that do not depend on the attribute."""
FILES = "file"
"""Domain of the names of files that are no DICOM: paths below the source, and below the output."""
_UTF_8 = b"ISO_IR 192"
BIRTH_DATE = 0x00100030
_ESCAPE = 0x1B
_ORIGINALS = tuple(map(wire, (PATIENT_ID, PATIENT_NAME, BIRTH_DATE)))
_DAY_AND_TIME = re.compile(rb"(\d{8})(\d{0,6}(?:\.\d{1,6})?(?:[+-]\d{4})?)")


class OriginalSubject(
    namedtuple(
        "OriginalSubject",
        ("patient", "study", "series", "patient_id", "name", "birth_date", "character_set", "date_offset"),
    )
):
    """Whom the instances of one series belong to.

    `patient` is the pseudonym, `study` and `series` are the UIDs in the output; the rest are the source's encoded
    values (None: not known), and the days that were added to each date where dates were shifted (0: not known).
    """

    __slots__ = ()
    patient: bytes
    study: bytes
    series: bytes
    patient_id: bytes | None
    name: bytes | None
    birth_date: bytes | None
    character_set: bytes
    date_offset: int


class OriginalValue(namedtuple("OriginalValue", ("domain", "new", "old", "character_set"))):
    """A value and its pseudonym, both encoded without padding; see `domain_of` and `date_domain`."""

    __slots__ = ()
    domain: str
    new: bytes
    old: bytes
    character_set: bytes


class Notes(namedtuple("Notes", ("uids", "values", "instances"))):
    """What a batch noted, in a fixed order; it holds patients' data.

    `uids` are pairs (new, old); `instances` pairs (SOP Instance UID in the output, OriginalSubject) of written files,
    the UID empty where only the subject is known.
    """

    __slots__ = ()
    uids: list[tuple[bytes, bytes]]
    values: list[OriginalValue]
    instances: list[tuple[bytes, OriginalSubject]]


class NotingReplacer(Replacer):
    """A Replacer that remembers every value that it made a pseudonym of, and every date that it shifted."""

    def __init__(self, pseudonyms: Pseudonyms) -> None:
        super().__init__(pseudonyms)
        self.uids: dict[bytes, bytes] = {}
        self.values: set[OriginalValue] = set()

    def uid(self, value: bytes) -> bytes:
        """See Replacer."""
        for part in value.rstrip(b"\0 ").split(b"\\"):
            self.note_uid(part.strip(b"\0 "))
        return super().uid(value)

    def note_uid(self, old: bytes) -> None:
        """Remember a UID that is replaced."""
        new = self._pseudonyms.uid(old)
        if new != old:
            self.uids[new] = old

    def _pseudonym(self, tag, vr, value, subject):
        new = super()._pseudonym(tag, vr, value, subject)
        if vr != b"UI" and new:
            self._note(domain_of(tag, vr), new, value.strip(b"\0 "), subject)
        return new

    def _adapted(self, step, action, tag, vr, value, subject):
        new, done = super()._adapted(step, action, tag, vr, value, subject)
        if done is Action.SHIFT:
            shifted, original = day_and_time(new)[0], day_and_time(shift_dates(vr, value, 0))[0]
            self._note(date_domain(subject.identity.patient, tag), shifted, original, subject)
        elif done is Action.CLEAN and vr == b"AE":
            self._note(APPLICATIONS, new, value.strip(b"\0 "), subject)
        return new, done

    def _note(self, domain, new, old, subject) -> None:
        used = b"" if old.isascii() and _ESCAPE not in old else subject.character_set
        self.values.add(OriginalValue(domain, new.rstrip(b"\0 "), old, used))


class NotingEngine(Engine):
    """An Engine for one batch that remembers what leads back from its outputs; `like` is where the plan comes from."""

    def __init__(self, like: Engine) -> None:
        super().__init__(like.profile, like.key, like.given)
        self._noting = NotingReplacer(self.pseudonyms)
        self.use(like.plan, self._noting)
        self._understood: Understood | None = None
        self._instances: dict[tuple[bytes, OriginalSubject], None] = {}

    def understood(self, read, *, more_follows: bool, little_endian: bool = True) -> Understood:
        """See Engine."""
        self._understood = super().understood(read, more_follows=more_follows, little_endian=little_endian)
        return self._understood

    def note_written(self) -> None:
        """Say that the instance understood last has become a file."""
        known = self._understood
        if known.new_sop_instance != known.old_sop_instance:
            self._noting.note_uid(known.old_sop_instance)
        self._instances[known.new_sop_instance, self._original_subject(known)] = None

    def note_file(self, new: str, old: str) -> None:
        """Say that a file of another format has become one; paths below output and source."""
        self._noting.values.add(OriginalValue(FILES, new.encode("ascii"), os.fsencode(old), _UTF_8))

    def notes(self) -> Notes:
        """Everything noted so far."""
        return Notes(sorted(self._noting.uids.items()), sorted(self._noting.values), list(self._instances))

    def _original_subject(self, known: Understood) -> OriginalSubject:
        identity = known.subject.identity
        study, series = (self._written_uid(known, tag) for tag in (STUDY_UID, SERIES_UID))
        originals = (known.facts.get(tag, b"").strip(b"\0 ") for tag in _ORIGINALS)
        return OriginalSubject(
            identity.patient, study, series, *originals, known.subject.character_set, identity.date_offset
        )

    def _written_uid(self, known: Understood, wire_tag: int) -> bytes:
        old = known.facts.get(wire_tag, b"").strip(b"\0 ")
        step = known.level.steps[wire_tag]
        return self.pseudonyms.uid(old) if known.subject.identity.action(step) is Action.UID else old


def domain_of(tag: int, vr: bytes) -> str:
    """Within what a pseudonym leads to one original: persons, application entities, else one attribute."""
    if vr == b"PN" and tag != PATIENT_NAME:
        return PERSONS
    return APPLICATIONS if vr == b"AE" else path_text((tag,))


def date_domain(patient: bytes, tag: int) -> str:
    """Within what a shifted date leads to one original: an attribute of a patient, by the pseudonym."""
    return f"{patient.decode()} {path_text((tag,))}"


def day_and_time(value: bytes) -> tuple[bytes, bytes]:
    """An encoded DA or DT value as the day, which a shift changes, and what stays.

    All of it counts as the day where it is no single one: in a list, a range and a DT that names less than a day the
    shift cannot be taken back from the day alone.
    """
    value = value.strip(b"\0 ")
    match = _DAY_AND_TIME.fullmatch(value)
    return match.groups() if match else (value, b"")
