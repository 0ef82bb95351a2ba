"""What a user decides once and applies to many studies: PS3.15 options and edits of single attributes."""

from collections import namedtuple
from collections.abc import Mapping
from enum import Enum

from DicomSuiteAnonymizeLib.errors import AnonymizeError
from DicomSuiteAnonymizeLib.private_attributes.safe_attributes import BUNDLED, SafeAttribute
from DicomSuiteAnonymizeLib.ps315 import EDITION, Option, check_options
from DicomSuiteAnonymizeLib.steps import Action

PS315 = f"ps3.15-{EDITION}"
NOTHING = "none"


class Scope(Enum):
    """Which instances an edit is for; a narrower scope wins over a wider one."""

    ALL = "all"
    PATIENT = "patient"
    STUDY = "study"
    SERIES = "series"


class OnLeak(Enum):
    """What happens to an instance in which an original value turns up again outside the attributes that held it."""

    REPLACE = "replace"
    FAIL = "fail"


EDIT_ACTIONS = {
    "keep": Action.KEEP,
    "replace": Action.REPLACE,
    "empty": Action.EMPTY,
    "remove": Action.REMOVE,
    "pseudonym": Action.PSEUDONYM,
    "shift": Action.SHIFT,
    "renumber": Action.RENUMBER,
    "cap-age": Action.CAP_AGE,
    "postal-3": Action.POSTAL_AREA,
}


class TagEdit(
    namedtuple("TagEdit", ("path", "action", "value", "scope", "target"), defaults=("", Scope.ALL, ""))
):
    """One attribute's action as the user chose it.

    Attributes
    ----------
    path
        Tags of the enclosing sequences, outermost first, then the attribute's; an edit inside a sequence applies to
        every item.
    value
        The text to write for REPLACE (several values separated by backslash); the first number for RENUMBER.
    scope, target
        `target` names the patient by its pseudonym, the study or series by its UID *in the output*, so that a saved
        profile identifies nobody; empty for Scope.ALL.
    """

    __slots__ = ()
    path: tuple[int, ...]
    action: Action
    value: str
    scope: Scope
    target: str


class Profile(
    namedtuple(
        "Profile", ("name", "title", "basis", "options", "edits", "on_leak", "notes", "private_lists", "safe_private")
    )
):
    """A named set of rules.

    `basis` is PS315 (the Basic Profile of PS3.15 with `options`) or NOTHING (only the edits, which is no
    de-identification in the sense of the standard). Edits come before the table. With Retain Safe Private,
    `private_lists` names bundled lists of private attributes that stay besides the standard's, and `safe_private`
    holds the user's own (see safe_attributes). Raises AnonymizeError for what contradicts itself.
    """

    __slots__ = ()
    name: str
    title: str
    basis: str
    options: frozenset[Option]
    edits: tuple[TagEdit, ...]
    on_leak: OnLeak
    notes: str
    private_lists: frozenset[str]
    safe_private: tuple[SafeAttribute, ...]

    def __new__(
        cls,
        name: str,
        title: str,
        basis: str = PS315,
        options: frozenset[Option] = frozenset(),
        edits: tuple[TagEdit, ...] = (),
        on_leak: OnLeak = OnLeak.REPLACE,
        notes: str = "",
        private_lists: frozenset[str] = frozenset(),
        safe_private: tuple[SafeAttribute, ...] = (),
    ) -> "Profile":
        check_options(options)
        if basis not in (PS315, NOTHING):
            raise AnonymizeError(f"Profile {name}: basis {basis!r} is unknown; use {PS315!r} or {NOTHING!r}.")
        if basis == NOTHING and options:
            raise AnonymizeError(f"Profile {name}: options belong to the PS3.15 profile; its basis is {NOTHING!r}.")
        if (private_lists or safe_private) and Option.RETAIN_SAFE_PRIVATE not in options:
            raise AnonymizeError(f"Profile {name}: lists of private attributes need the option safe-private.")
        if unknown := private_lists - BUNDLED.keys():
            raise AnonymizeError(f"Profile {name}: there is no list of private attributes called {min(unknown)!r}.")
        return super().__new__(
            cls, name, title, basis, options, edits, on_leak, notes, private_lists, tuple(sorted(set(safe_private)))
        )

    def but(self, **changes: object) -> "Profile":
        """This profile with some fields changed."""
        return Profile(**(self._asdict() | changes))

    @property
    def is_ps315(self) -> bool:
        """Whether the result may be called de-identified according to PS3.15."""
        return self.basis == PS315


SEVENTEEN_ATTRIBUTES: Mapping[str, int] = {
    "PatientName": 0x00100010,
    "PatientID": 0x00100020,
    "PatientBirthDate": 0x00100030,
    "PatientSex": 0x00100040,
    "PatientAge": 0x00101010,
    "StudyDate": 0x00080020,
    "StudyTime": 0x00080030,
    "AccessionNumber": 0x00080050,
    "ReferringPhysicianName": 0x00080090,
    "MedicalRecordLocator": 0x00101090,
    "InstitutionName": 0x00080080,
    "InstitutionAddress": 0x00080081,
    "StudyDescription": 0x00081030,
    "SeriesDescription": 0x0008103E,
    "OperatorsName": 0x00081070,
    "SeriesNumber": 0x00200011,
    "InstanceNumber": 0x00200013,
}
"""The attributes of the editor, in the order of its table."""

_SEVENTEEN_DEFAULTS = {
    "PatientName": Action.PSEUDONYM,
    "PatientID": Action.PSEUDONYM,
    "PatientBirthDate": Action.EMPTY,
    "StudyDate": Action.SHIFT,
    "StudyTime": Action.EMPTY,
    "AccessionNumber": Action.PSEUDONYM,
    "ReferringPhysicianName": Action.EMPTY,
    "MedicalRecordLocator": Action.REMOVE,
    "InstitutionName": Action.REMOVE,
    "InstitutionAddress": Action.REMOVE,
    "OperatorsName": Action.REMOVE,
}

BUILT_IN: Mapping[str, Profile] = {
    profile.name: profile
    for profile in (
        Profile("basic", "Basic Profile of PS3.15", notes="Everything the standard lists goes; dates are removed."),
        Profile(
            "research",
            "Research: intervals, patient characteristics and device stay",
            options=frozenset(
                (
                    Option.RETAIN_MODIFIED_DATES,
                    Option.RETAIN_PATIENT_CHARACTERISTICS,
                    Option.RETAIN_DEVICE_IDENTITY,
                )
            ),
            notes="Dates are shifted by one offset per patient; age, sex, size and weight and the device stay.",
        ),
        Profile(
            "teaching",
            "Teaching: cleaned descriptions, annotations and patient characteristics stay",
            options=frozenset(
                (
                    Option.CLEAN_DESCRIPTORS,
                    Option.CLEAN_GRAPHICS,
                    Option.CLEAN_STRUCTURED_CONTENT,
                    Option.RETAIN_PATIENT_CHARACTERISTICS,
                )
            ),
            notes="Descriptions stay without the names, numbers and dates found in them; dates are removed.",
        ),
        Profile(
            "hipaa",
            "HIPAA Safe Harbor: age up to 89, sex, size, weight and postal area stay",
            edits=(
                TagEdit((0x00101010,), Action.CAP_AGE),
                TagEdit((0x00101040,), Action.POSTAL_AREA),
                *(TagEdit((tag,), Action.KEEP) for tag in (0x00100040, 0x00101020, 0x00101030)),
            ),
            notes="As the Basic Profile; ages over 89 become 090Y, and of an address the first three digits of the ZIP "
            "code stay, 000 where few people live (45 CFR 164.514(b)(2)). Dates go, the birth date with them.",
        ),
        Profile(
            "seventeen",
            "17 attributes only (this is NOT a de-identification according to PS3.15)",
            basis=NOTHING,
            edits=tuple(
                TagEdit((tag,), _SEVENTEEN_DEFAULTS[name])
                for name, tag in SEVENTEEN_ATTRIBUTES.items()
                if name in _SEVENTEEN_DEFAULTS
            ),
            notes="Changes the attributes of the editor, and takes their original values out of other text; UIDs, "
            "private attributes, dates and descriptions stay.",
        ),
    )
}
"""The profiles that come with DicomSuite, by name."""
