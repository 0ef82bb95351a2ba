"""Which values the attributes of DICOM files have, series by series: what an editor shows before anything is changed.

A survey holds patients' data. It lives in memory and in the pipe between two processes, and is never stored.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from struct import calcsize, iter_unpack
from typing import Any

from DicomSuiteAnonymizeLib.elements import wire
from DicomSuiteAnonymizeLib.keys import Pseudonyms
from DicomSuiteAnonymizeLib.profiles.profile import SEVENTEEN_ATTRIBUTES, Scope
from DicomSuiteAnonymizeLib.sources import Sources
from DicomSuiteAnonymizeLib.subject import Identity
from DicomSuiteAnonymizeLib.tag_path import TagPath
from DicomSuiteAnonymizeLib.values import NUMBER_FORMATS
from DicomSuiteAnonymizeLib.verification.verify_reading import (
    BINARY_VRS,
    Attribute,
    Instance,
    NotReadable,
    read_instance,
)
from DicomSuiteLib.file_walk import reason_of
from DicomSuiteLib.printable import printable

MAX_VALUES = 1000
"""Different values kept of one of the 17 attributes in one series; of others `MAX_EXAMPLES`."""
MAX_EXAMPLES = 3
LONGEST_VALUE = 200
"""Characters shown of a value."""

_LABELS = {
    "patient_name": 0x00100010,
    "patient_id": 0x00100020,
    "study_date": 0x00080020,
    "study_description": 0x00081030,
    "modality": 0x00080060,
    "series_number": 0x00200011,
    "series_description": 0x0008103E,
}


@dataclass
class Values:
    """What was found of one attribute in one series.

    `examples` maps a text to the number of instances that hold it; `others` counts instances whose value was not kept.
    """

    vr: str
    examples: dict[str, int] = field(default_factory=dict)
    others: int = 0

    def add(self, text: str, limit: int) -> None:
        """Count one more instance with this value."""
        if text in self.examples or len(self.examples) < limit:
            self.examples[text] = self.examples.get(text, 0) + 1
        else:
            self.others += 1


@dataclass
class SeriesSurvey:
    """One series: what people know it by, the targets of edits for it, and the values of its attributes.

    `targets` has the target of an edit for this series' patient, study and series by scope; `example` is the path of
    one of its files.
    """

    labels: dict[str, str]
    targets: dict[str, str]
    example: str
    files: int = 0
    values: dict[TagPath, Values] = field(default_factory=dict)

    def target(self, scope: Scope) -> str:
        """The target of an edit with this scope; "" for all instances."""
        return self.targets.get(scope.value, "")

    def as_json(self) -> dict[str, Any]:
        """JSON value; `SeriesSurvey.from_json` of it is an equal survey."""
        return asdict(self) | {"values": [[list(path), asdict(values)] for path, values in self.values.items()]}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> SeriesSurvey:
        """Survey of a series from its JSON value."""
        values = {tuple(path): Values(**values) for path, values in content["values"]}
        return cls(**{**content, "values": values})


@dataclass
class Survey:
    """All series in the order in which they were met, and what could not be read, as reason -> number of files."""

    series: list[SeriesSurvey] = field(default_factory=list)
    unreadable: dict[str, int] = field(default_factory=dict)


def survey(
    sources: Sources, pseudonyms: Pseudonyms, on_progress: Callable[[int, int], None] = lambda done, total: None
) -> Survey:
    """Read the headers of all files; never raises for a bad one. `on_progress` gets the files done, and of all."""
    entries = list(sources.entries(pseudonyms))
    found = Survey()
    by_target: dict[tuple[str, ...], SeriesSurvey] = {}
    for done, entry in enumerate(entries, start=1):
        reason = entry.unreadable or _add(found, by_target, entry.path, pseudonyms)
        if reason:
            found.unreadable[reason] = found.unreadable.get(reason, 0) + 1
        on_progress(done, len(entries))
    return found


def _add(found: Survey, by_target: dict[tuple[str, ...], SeriesSurvey], path: str, pseudonyms: Pseudonyms) -> str:
    """Count one file in; why it cannot be read, or ""."""
    try:
        with open(path, "rb") as file, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pydicom's warnings quote values
            shown = shown_attributes(read_instance(file, strict=False))
    except NotReadable as refusal:
        return str(refusal)
    except Exception as error:  # broken bytes can raise anything; the export will refuse them with a reason
        return reason_of(error)
    top = {path[0]: occurrences[0] for path, occurrences in shown.items() if len(path) == 1}
    identity = Identity({wire(tag): one.encoded for tag, one in top.items()}, pseudonyms)
    targets = identity.targets
    series = by_target.get(tuple(targets.values()))
    if series is None:
        labels = {name: top[tag].text if tag in top else "" for name, tag in _LABELS.items()}
        series = by_target[tuple(targets.values())] = SeriesSurvey(labels, targets, path)
        found.series.append(series)
    series.files += 1
    for place, occurrences in shown.items():
        limit = MAX_VALUES if len(place) == 1 and place[0] in _SEVENTEEN else MAX_EXAMPLES
        series.values.setdefault(place, Values(occurrences[0].vr)).add(joined(occurrences), limit)
    return ""


_SEVENTEEN = frozenset(SEVENTEEN_ATTRIBUTES.values())


@dataclass(frozen=True, slots=True)
class Shown:
    """One occurrence of an attribute: VR, value as it is encoded, and as people read it."""

    vr: str
    encoded: bytes
    text: str


def shown_attributes(instance: Instance) -> dict[TagPath, list[Shown]]:
    """Every attribute of a file by its path; several where its sequence has several items."""
    found: dict[TagPath, list[Shown]] = {}
    for attribute in instance.attributes():
        text = _text(attribute, instance.big_endian)
        text = text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"
        found.setdefault(attribute.path, []).append(Shown(attribute.vr, attribute.value, text))
    return found


def joined(occurrences: Sequence[Shown]) -> str:
    """The different texts of an attribute's occurrences, as one."""
    return " | ".join(dict.fromkeys(one.text for one in occurrences))


def _text(attribute: Attribute, big_endian: bool) -> str:
    """Text as it is, numbers as numbers, of anything else how much there is."""
    if attribute.vr == "SQ":
        return "1 item" if attribute.items == 1 else f"{attribute.items} items"
    number = NUMBER_FORMATS.get(attribute.vr.encode())
    if number is not None and len(attribute.value) % calcsize(number) == 0:
        numbers = iter_unpack(number.replace("<", ">") if big_endian else number, attribute.value)
        digits = 7 if attribute.vr == "FL" else 15
        return "\\".join(f"{value:.{digits}g}" if isinstance(value, float) else str(value) for (value,) in numbers)
    if attribute.vr == "AT" and len(attribute.value) % 4 == 0:
        tags = iter_unpack(">HH" if big_endian else "<HH", attribute.value)
        return "\\".join(f"({group:04X},{element:04X})" for group, element in tags)
    if attribute.vr in BINARY_VRS or number is not None:
        return f"{len(attribute.value)} bytes" if attribute.value else ""
    return printable(attribute.text)
