"""Who and what an instance belongs to: everything about its patient, study and series that decides new values."""

from collections.abc import Iterator, Mapping

from DicomSuiteAnonymizeLib.elements import Nested, wire
from DicomSuiteAnonymizeLib.errors import AnonymizeError
from DicomSuiteAnonymizeLib.keys import Pseudonyms
from DicomSuiteAnonymizeLib.leaks import Needles
from DicomSuiteAnonymizeLib.profiles.profile import Scope, TagEdit
from DicomSuiteAnonymizeLib.steps import Action, Step
from DicomSuiteAnonymizeLib.templates import Contents

CHARACTER_SET, SOP_CLASS_UID, SOP_INSTANCE_UID = wire(0x00080005), wire(0x00080016), wire(0x00080018)
STUDY_UID, SERIES_UID, INSTANCE_NUMBER = wire(0x0020000D), wire(0x0020000E), wire(0x00200013)
_NAME, _ID, _BIRTH_DATE = wire(0x00100010), wire(0x00100020), wire(0x00100030)
_IDENTITY_TAGS = (_ID, _NAME, _BIRTH_DATE, STUDY_UID, SERIES_UID)
_MAX_SUBJECTS = 16
_MAX_CACHED_VALUES = 20_000

Facts = Mapping[int, bytes]
"""Original values by wire tag, of the attributes at top level that were looked at."""


class Identity:
    """Pseudonyms of one patient, study and series.

    Attributes
    ----------
    patient
        Pseudonym, which is also the name of the output folder.
    study, series
        Keyed codes for folder names.
    date_offset
        Days added to each date.
    """

    def __init__(self, facts: Facts, pseudonyms: Pseudonyms) -> None:
        patient = _patient_identity(facts)
        study, series = (facts.get(tag, b"").strip(b"\0 ") for tag in (STUDY_UID, SERIES_UID))
        self.patient = pseudonyms.patient(patient)
        self.date_offset = pseudonyms.date_offset(patient)
        self.study = pseudonyms.code(b"study folder", study, 12).decode()
        self.series = pseudonyms.code(b"series folder", study + b"\0" + series, 12).decode()
        self._names = pseudonyms.names_of_patient(patient)
        self._targets = {
            Scope.PATIENT: self.patient.decode(),
            Scope.STUDY: pseudonyms.uid(study).decode("ascii", "replace"),
            Scope.SERIES: pseudonyms.uid(series).decode("ascii", "replace"),
        }

    def target(self, scope: Scope) -> str:
        """What an edit for this patient, study or series names as its target; "" for all instances."""
        return self._targets.get(scope, "")

    @property
    def targets(self) -> dict[str, str]:
        """What edits for this patient, study and series name as their targets, by the scope's word."""
        return {scope.value: target for scope, target in self._targets.items()}

    def matches(self, edit: TagEdit) -> bool:
        """Whether a user's edit is for this patient, study or series."""
        if edit.scope is Scope.PATIENT:
            return edit.target in self._names
        return edit.scope is Scope.ALL or self._targets[edit.scope] == edit.target

    def action(self, step: Step) -> Action:
        """The step's action after the user's edits."""
        for edit in step.edits:
            if self.matches(edit):
                return edit.action
        return step.action


class Subject:
    """An identity together with one set of original values that must not be found in the output."""

    def __init__(self, identity: Identity, needles: Needles, character_set: bytes) -> None:
        self.identity = identity
        self.needles = needles
        self.character_set = character_set
        self._caches: dict[tuple, dict] = {}

    def cache(self, level, explicit: bool) -> dict:
        """Results already worked out for this subject at one place of the data set."""
        cache = self._caches.setdefault((level, explicit), {})
        if len(cache) > _MAX_CACHED_VALUES:
            cache.clear()
        return cache


class Subjects:
    """The subjects met last; instances of one series mostly share one."""

    def __init__(self, pseudonyms: Pseudonyms) -> None:
        self._pseudonyms = pseudonyms
        self._identities: dict[tuple, Identity] = {}
        self._subjects: dict[tuple, Subject] = {}

    def of(self, facts: Facts, contents: Contents) -> Subject:
        """Subject of a walked data set."""
        key = tuple(map(facts.get, _IDENTITY_TAGS))
        identity = self._identities.get(key)
        if identity is None:
            identity = _remember(self._identities, key, Identity(facts, self._pseudonyms))
        shared = contents.shared
        found = shared.once(identity, lambda: dict.fromkeys(identifying_values(shared.nodes, identity)))
        identifying = tuple({**found, **dict.fromkeys(identifying_values(contents.own, identity))})
        character_set = facts.get(CHARACTER_SET, b"").strip(b"\0 ")
        subject_key = (identity, identifying, character_set)
        subject = self._subjects.get(subject_key)
        if subject is None:
            subject = Subject(identity, Needles(identifying, character_set), character_set)
            _check_pseudonym(subject)
            _remember(self._subjects, subject_key, subject)
        return subject


def _check_pseudonym(subject: Subject) -> None:
    """A pseudonym that somebody made up may tell what it stands for."""
    if subject.needles.found_in(b"LO", subject.identity.patient):
        raise AnonymizeError("the pseudonym given for the patient holds a part of the name, or an ID; give another one")


def facts_of(contents: Contents) -> Facts:
    """What a walked data set says at top level."""
    return {**contents.shared.once("facts", lambda: _facts(contents.shared.nodes)), **_facts(contents.own)}


def _facts(nodes: list) -> Facts:
    return {node[0]: node[2] for node in nodes if type(node) is tuple}


def identifying_values(nodes: list, identity: Identity) -> Iterator[tuple[int, bytes, bytes]]:
    """Original values, at any depth, that identify somebody and do not stay, as (tag, VR, value)."""
    for node in nodes:
        if type(node) is tuple:
            step = node[3]
            if step is not None and step.identifies and node[2] and identity.action(step) is not Action.KEEP:
                yield node[0], node[1], node[2]
        elif type(node) is Nested:
            for item in node.items:
                yield from identifying_values(item, identity)


def _remember(known: dict, key: tuple, value):
    if len(known) >= _MAX_SUBJECTS:
        known.pop(next(iter(known)))
    known[key] = value
    return value


def _patient_identity(facts: Facts) -> bytes:
    """What one patient's instances have in common: the ID, else name and birth date, else the study."""
    patient_id = facts.get(_ID, b"").strip(b"\0 ")
    if patient_id:
        return b"id\0" + patient_id
    name = facts.get(_NAME, b"").strip(b"\0 ^=")
    if name:
        return b"name\0" + name + b"\0" + facts.get(_BIRTH_DATE, b"").strip(b"\0 ")
    return b"study\0" + facts.get(STUDY_UID, b"").strip(b"\0 ")
