"""The originals that a verification compares with: what identifies somebody in them, and what they refer to."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from DicomSuiteAnonymizeLib.character_sets import encode_text
from DicomSuiteAnonymizeLib.elements import Unsupported
from DicomSuiteAnonymizeLib.errors import AnonymizeError
from DicomSuiteAnonymizeLib.leaks import Needles
from DicomSuiteAnonymizeLib.plan import IDENTIFYING_TAGS, Plan
from DicomSuiteAnonymizeLib.source_file import SourceFile, walk_file
from DicomSuiteAnonymizeLib.tag_path import TagPath
from DicomSuiteAnonymizeLib.verification.verify_reading import (
    BINARY_VRS,
    CHARACTER_SET,
    Attribute,
    Instance,
    read_instance,
)
from DicomSuiteAnonymizeLib.verification.verify_table import (
    PATIENT_ID,
    PATIENT_NAME,
    SERIES_UID,
    STUDY_UID,
    TableRules,
    names_definition,
)

SOP_CLASS_UID, SOP_INSTANCE_UID, FRAME_OF_REFERENCE = 0x00080016, 0x00080018, 0x00200052
_BIRTH_DATE = 0x00100030
_NAME_SEPARATORS = re.compile(r"[\^=\s,;/\\]+")
_UNMISTAKABLE = 6
"""Characters from which on a value is looked for in binary data, where shorter ones are found by chance."""
_UTF_8 = b"ISO_IR 192"
_DECIMALS_OF_NO_COUNT = 8
"""Digits; a shorter number in a report may be a count."""
_UID = re.compile(rb"[0-9]+(?:\.[0-9]+){3,}")

Reference = tuple[TagPath, str]
"""Where a UID stands, and the UID."""
Identifying = frozenset[tuple[bytes, str]]
"""(VR, text) of original values that must not be found again."""
PatientKey = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Original:
    """One DICOM file of the source, without its bulk data.

    Attributes
    ----------
    patient
        What the files of one patient have in common: the ID, else name and birth date, else the study.
    defines
        UIDs by tag that say what the file is: instance, study, series, frame of reference.
    references
        Every other UID with its place and how often it stands there.
    dates
        Dates (YYYYMMDD) at top level by tag.
    """

    path: Path
    patient: PatientKey
    character_set: bytes
    identifying: Identifying
    uids: frozenset[bytes]
    defines: Mapping[int, str]
    references: Mapping[Reference, int]
    dates: Mapping[int, str]


def read_original(path: Path, rules: TableRules, replaces_uids: bool) -> Original | None:
    """The file's facts; None for what is no DICOM object. Raises OSError where it cannot be read at all."""
    with open(path, "rb") as stream:
        try:
            instance = read_instance(stream, strict=False)
            attributes = tuple(instance.attributes())
        except OSError:
            raise
        except Exception:  # no DICOM, or broken, where pydicom raises whatever comes
            return None
    top = {attribute.tag: attribute for attribute in attributes if len(attribute.path) == 1}
    if not instance.preamble and SOP_CLASS_UID not in top and SOP_INSTANCE_UID not in top:
        return None
    return Original(
        path,
        _patient(top),
        top[CHARACTER_SET].value.strip(b"\0 ") if CHARACTER_SET in top else b"",
        frozenset(_identifying(attributes, rules)),
        frozenset(_instance_uids(attributes, rules)) if replaces_uids else frozenset(),
        defined_uids(top),
        references(attributes),
        dates(top),
    )


def defined_uids(top: Mapping[int, Attribute]) -> dict[int, str]:
    """UIDs that say what the instance is, by tag."""
    tags = (SOP_INSTANCE_UID, STUDY_UID, SERIES_UID, FRAME_OF_REFERENCE)
    return {tag: top[tag].text for tag in tags if tag in top and top[tag].text}


def references(attributes: Iterable[Attribute]) -> Counter[Reference]:
    """Every UID but those that say what the instance itself is."""
    found: Counter[Reference] = Counter()
    own = ((SOP_INSTANCE_UID,), (STUDY_UID,), (SERIES_UID,))
    for attribute in attributes:
        if attribute.vr == "UI" and attribute.path not in own:
            found.update((attribute.path, uid.strip("\0 ")) for uid in attribute.text.split("\\"))
    return found


def dates(top: Mapping[int, Attribute]) -> dict[int, str]:
    """Dates at top level by tag, those that are dates."""
    texts = {tag: attribute.text for tag, attribute in top.items() if attribute.vr == "DA"}
    return {tag: text for tag, text in texts.items() if len(text) == 8 and text.isdecimal()}


def header_digest(path: Path, plan: Plan) -> str:
    """SHA-256 of all but bulk values, as the engine's fast path takes it; "" where that path does not apply."""
    try:
        with SourceFile(str(path)) as source:
            return walk_file(source, plan).digest
    except (Unsupported, AnonymizeError):
        return ""


def pixel_sha256(path: Path) -> tuple[tuple[int, str], ...]:
    """See Instance.pixel_sha256."""
    with open(path, "rb") as stream:
        return read_instance(stream, strict=False).pixel_sha256()


@dataclass
class Originals:
    """Values of one patient's originals, to be looked for in that patient's outputs."""

    identifying: set[tuple[bytes, str]] = field(default_factory=set)
    character_sets: set[bytes] = field(default_factory=lambda: {_UTF_8})

    def add(self, original: Original) -> None:
        """Take the values of one more file."""
        self.identifying |= original.identifying
        self.character_sets.add(original.character_set)

    def found_in(self, attribute: Attribute) -> bool:
        """Whether an original value stands in the attribute, in whatever character set.

        In text any part of a name and any identifier counts; in binary values only long ones, in each character set
        of the source and in UTF-8. Numbers, dates and times are not searched: they would be chance hits.
        """
        if attribute.vr in BINARY_VRS:
            value = attribute.value.lower()
            return any(needles.may_contain(value) for needles in self._in_binary)
        return self._in_text.found_in(attribute.vr.encode(), attribute.text.encode("utf-8", "replace"))

    def found_in_head(self, instance: Instance) -> bool:
        """Whether an original value stands in the preamble or the file meta information."""
        head = b"\0".join((instance.preamble, *instance.meta.values())).lower()
        return any(needles.may_contain(head) for needles in self._in_binary)

    @cached_property
    def _in_text(self) -> Needles:
        return _needles(self.identifying, _UTF_8)

    @cached_property
    def _in_binary(self) -> tuple[Needles, ...]:
        unmistakable = {
            (vr, part)
            for vr, text in self.identifying
            for part in (_NAME_SEPARATORS.split(text) if vr == b"PN" else (text,))
            if len(part) >= _UNMISTAKABLE
        }
        return tuple(_needles(unmistakable, character_set) for character_set in sorted(self.character_sets))


class ReportWords:
    """Identifiers and names of all originals, to be looked for in the reports and file names of a run."""

    def __init__(self) -> None:
        self._words: set[str] = set()
        self.uids: set[bytes] = set()

    def add(self, original: Original) -> None:
        """Take the values of one more file."""
        self.uids |= original.uids
        for _, text in original.identifying:
            self._words.update(word.lower() for word in text.split("\\") if _is_telling(word))

    def found_in(self, text: str) -> bool:
        """Whether one of the words stands in the text by itself."""
        words = {word.lower() for word in re.split(r"[\s\"'<>\[\]{},;:()/]+", text)}
        return not self._words.isdisjoint(words) or not self.uids.isdisjoint(_UID.findall(text.encode()))


def _is_telling(word: str) -> bool:
    """Whether a word can only be a person's: a report's own words are plain letters, and its numbers are counts."""
    if word.isdecimal():
        return len(word) >= _DECIMALS_OF_NO_COUNT
    return len(word) >= _UNMISTAKABLE and any(letter.isdecimal() or letter == "^" for letter in word)


def _needles(values: Iterable[tuple[bytes, str]], character_set: bytes) -> Needles:
    return Needles(tuple(_in_character_set(values, character_set)), character_set)


def _in_character_set(values: Iterable[tuple[bytes, str]], character_set: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    for vr, text in sorted(values):
        try:
            yield 0, vr, encode_text(text, vr, character_set)
        except ValueError:
            continue  # this value cannot occur in this character set


def _patient(top: Mapping[int, Attribute]) -> PatientKey:
    def text(tag: int) -> str:
        return top[tag].text if tag in top else ""

    if text(PATIENT_ID):
        return ("ID", text(PATIENT_ID))
    if text(PATIENT_NAME).strip("^="):
        return ("name", text(PATIENT_NAME), text(_BIRTH_DATE))
    return ("study", text(STUDY_UID))


def _identifying(attributes: Iterable[Attribute], rules: TableRules) -> Iterator[tuple[bytes, str]]:
    for attribute in attributes:
        identifies = attribute.vr == "PN" or attribute.tag in IDENTIFYING_TAGS
        if identifies and attribute.vr != "SQ" and not rules.keeps(attribute.path) and attribute.text:
            yield attribute.vr.encode(), attribute.text


def _instance_uids(attributes: Iterable[Attribute], rules: TableRules) -> Iterator[bytes]:
    """UIDs that are replaced: neither the standard's own nor those of classes, coding schemes and the like."""
    for attribute in attributes:
        if attribute.vr == "UI" and not names_definition(attribute) and not rules.keeps(attribute.path):
            for uid in attribute.value.split(b"\\"):
                uid = uid.strip(b"\0 ")
                if uid and not uid.startswith(b"1.2.840.10008."):
                    yield uid
