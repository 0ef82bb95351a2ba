"""What one output has to be whatever its attributes: file head, markers, folder, and no sign of risky pixels."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from DicomSuiteAnonymizeLib.crosswalks.given_pseudonyms import PSEUDONYM
from DicomSuiteAnonymizeLib.elements import wire
from DicomSuiteAnonymizeLib.markers import (
    DATES_MODIFIED,
    IDENTITY_REMOVED,
    METHOD,
    METHOD_CODES,
    dates_modified,
    method,
    method_codes,
)
from DicomSuiteAnonymizeLib.pixels.pixel_risk import pixel_risk
from DicomSuiteAnonymizeLib.plan import MARKER_TAGS
from DicomSuiteAnonymizeLib.profiles.profile import Profile
from DicomSuiteAnonymizeLib.ps315 import PIXEL_OPTIONS, Option
from DicomSuiteAnonymizeLib.verification.verify_findings import Check, Violation
from DicomSuiteAnonymizeLib.verification.verify_reading import PIXEL_TAGS, Attribute, Instance
from DicomSuiteAnonymizeLib.verification.verify_table import PATIENT_ID, SERIES_UID, STUDY_UID, Place, TableRules
from DicomSuiteAnonymizeLib.verification.verify_unused_bits import unused_bits_violations

SOP_CLASS_UID, SOP_INSTANCE_UID = 0x00080016, 0x00080018
MEDIA_CLASS, MEDIA_INSTANCE, TRANSFER_SYNTAX = 0x00020002, 0x00020003, 0x00020010
_META_TAGS = frozenset(0x00020000 | element for element in (0x00, 0x01, 0x02, 0x03, 0x10, 0x12, 0x13))
BURNED_IN, _RECOGNIZABLE, _DERIVATION = 0x00280301, 0x00280302, 0x00082111
_DERIVATIONS = frozenset(("Burned-in text blanked", "Face replaced by background"))
_CODE_VALUE, _CODING_SCHEME, _CODE_MEANING = 0x00080100, 0x00080102, 0x00080104

PLACE = re.compile(r"(DS-[0-9A-Z]{12})/(ST-[0-9A-Z]{12})/(SE-[0-9A-Z]{12})/IM-[0-9A-Z]{16}(-\d+)?\.dcm")
"""Where an output lies: patient, study, series and instance, all by pseudonyms."""
OTHER_PLACE = re.compile(
    r"other/FO-[0-9A-Z]{12}/FI-[0-9A-Z]{16}\.(nii|nii\.gz|nrrd|png|jpg|jpeg|tif|tiff|json|bval|bvec)"
)
"""Where an output of another format lies."""
GIVEN_PLACE = re.compile(PLACE.pattern.replace("DS-[0-9A-Z]{12}", PSEUDONYM))
"""The same where the user has given the patients' pseudonyms."""


@dataclass(frozen=True)
class Checked:
    """An output that was read: everything that the checks look at; `top` are the top-level attributes by tag."""

    name: str
    instance: Instance
    attributes: tuple[Attribute, ...]
    top: Mapping[int, Attribute]
    place: Place


def checked(name: str, instance: Instance) -> Checked:
    """The output `name` (path below the output folder) with all its attributes."""
    attributes = tuple(instance.attributes())
    top = {attribute.tag: attribute for attribute in attributes if len(attribute.path) == 1}
    study_uid, series_uid = (top[tag].text if tag in top else "" for tag in (STUDY_UID, SERIES_UID))
    return Checked(name, instance, attributes, top, Place(name.partition("/")[0], study_uid, series_uid))


class InstanceRules:
    """The rules of one profile for a whole output."""

    def __init__(self, profile: Profile, pixel_risk_allowed: bool) -> None:
        self.table = TableRules(profile)
        self._profile = profile
        self._markers = {done: _expected_markers(profile, done) for done in _subsets(profile.options & PIXEL_OPTIONS)}
        self._pixel_risk_allowed = pixel_risk_allowed

    def violations(self, output: Checked) -> Iterator[Violation]:
        """Everything that is wrong with the output."""
        yield from _head(output)
        yield from _order(output)
        done = pixel_options_done(output) & self._profile.options
        yield from self._marker_violations(output.attributes, done)
        for violation in self.table.violations(output.attributes, output.place):
            if not (done and violation.path == (_DERIVATION,) and _tells_of_pixels(output)):
                yield violation
        yield from self._place(output)
        if Option.CLEAN_FACES in done and (_RECOGNIZABLE not in output.top or output.top[_RECOGNIZABLE].text != "NO"):
            yield Violation(Check.MARKERS, (_RECOGNIZABLE,), "is not NO although the faces are said to be taken out")
        if Option.CLEAN_PIXEL_DATA in done:
            if BURNED_IN not in output.top or output.top[BURNED_IN].text != "NO":
                yield Violation(Check.MARKERS, (BURNED_IN,), "is not NO although the pixels are said to be clean")
        elif not self._pixel_risk_allowed:
            facts = {wire(tag): attribute.value for tag, attribute in output.top.items()}
            if pixel_risk(facts, output.instance.meta.get(MEDIA_CLASS, b"")):
                yield Violation(Check.PIXEL_RISK, (), "its kind may show identifying text, and no option let it pass")
        if not self._pixel_risk_allowed and self._profile.is_ps315:
            yield from unused_bits_violations(output.instance, output.top)

    def _marker_violations(self, attributes: Sequence[Attribute], done: frozenset[Option]) -> Iterator[Violation]:
        markers = self._markers[done]
        found = {path: [] for path in markers}
        for attribute in attributes:
            if attribute.path[0] in MARKER_TAGS and attribute.vr != "SQ":
                found.setdefault(attribute.path, []).append(attribute.text)
        for path, texts in found.items():
            if texts != markers.get(path, []):
                yield Violation(Check.MARKERS, path, "does not say what the report's profile says")

    def _place(self, output: Checked) -> Iterator[Violation]:
        patient_id = output.top.get(PATIENT_ID)
        if patient_id is None or self.table.edit_for((PATIENT_ID,), output.place) is not None:
            return
        if patient_id.text != output.place.patient:
            yield Violation(Check.PLACE, (PATIENT_ID,), "the patient's folder has another name than the pseudonym")


def _head(output: Checked) -> Iterator[Violation]:
    instance, top = output.instance, output.top
    if instance.preamble.strip(b"\0"):
        yield Violation(Check.FILE_HEAD, (), "the preamble is not empty")
    for tag in sorted(instance.meta.keys() ^ _META_TAGS):
        problem = "does not belong into the file meta information" if tag in instance.meta else "is missing"
        yield Violation(Check.FILE_HEAD, (tag,), problem)
    for meta_tag, tag in ((MEDIA_CLASS, SOP_CLASS_UID), (MEDIA_INSTANCE, SOP_INSTANCE_UID)):
        if tag in top and instance.meta.get(meta_tag) != top[tag].value.strip(b"\0 "):
            yield Violation(Check.FILE_HEAD, (meta_tag,), "is not the data set's own")
    if instance.leftover:
        yield Violation(Check.FILE_HEAD, (), "bytes behind the last element")


def _order(output: Checked) -> Iterator[Violation]:
    """Nothing may hide from readers that stop at the pixel data, or that take the first of two equal tags."""
    for element in output.instance.behind_pixels:
        if element.tag < max(PIXEL_TAGS):
            yield Violation(Check.READABLE, (int(element.tag),), "stands behind the pixel data")
    seen: dict[int, Attribute] = {}
    for attribute in output.attributes:
        if len(attribute.path) == 1 and seen.setdefault(attribute.tag, attribute) != attribute:
            yield Violation(Check.READABLE, attribute.path, "stands twice with different values")


def pixel_options_done(output: Checked) -> frozenset[Option]:
    """Options that the output itself says were applied to its pixels."""
    path = (METHOD_CODES, _CODE_VALUE)
    said = {attribute.text for attribute in output.attributes if attribute.path == path}
    return frozenset(option for option in PIXEL_OPTIONS if option.code in said)


def _tells_of_pixels(output: Checked) -> bool:
    """Whether Derivation Description says nothing but what was done to the pixels."""
    return _DERIVATIONS.issuperset(output.top[_DERIVATION].text.split("; "))


def _subsets(options: frozenset[Option]) -> list[frozenset[Option]]:
    ordered = sorted(options, key=lambda option: option.code)
    return [frozenset(some) for count in range(len(ordered) + 1) for some in combinations(ordered, count)]


def _expected_markers(profile: Profile, done: frozenset[Option]) -> dict[tuple[int, ...], list[str]]:
    codes = method_codes(profile, done)
    markers = {
        (IDENTITY_REMOVED,): ["YES" if profile.is_ps315 else "NO"],
        (METHOD,): [method(profile)],
        (METHOD_CODES, _CODE_VALUE): [code for code, _ in codes],
        (METHOD_CODES, _CODING_SCHEME): ["DCM"] * len(codes),
        (METHOD_CODES, _CODE_MEANING): [meaning for _, meaning in codes],
        (DATES_MODIFIED,): [dates_modified(profile)] if dates_modified(profile) else [],
    }
    return {path: texts for path, texts in markers.items() if texts}
