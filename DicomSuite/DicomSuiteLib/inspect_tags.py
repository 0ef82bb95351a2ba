"""The attribute tree of one DICOM file, with identifying values hidden unless they are asked for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import pydicom
from pydicom.datadict import keyword_for_tag
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.tag import BaseTag
from pydicom.uid import UID

from DicomSuiteLib.errors import DicomSuiteError
from DicomSuiteLib.file_walk import reason_of
from DicomSuiteLib.printable import printable
from DicomSuiteLib.quiet_pydicom import quiet_pydicom
from DicomSuiteLib.series_files import START_LENGTH, looks_like_dicom

TEXT_VRS = frozenset({"AE", "AS", "DA", "DT", "LO", "LT", "PN", "SH", "ST", "TM", "UC", "UR", "UT"})
"""Names, dates, times and free text: anyone can have written an identity there, whatever the attribute."""

BINARY_VRS = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "UN"})
"""Shown by their length only."""

IDENTIFYING_GROUPS = frozenset({0x0010, 0x0016})
"""The patient, and where a photograph was taken (GPS): hidden whatever the VR."""

IDENTIFYING_CODES = frozenset(
    {"ModifyingDeviceID", "ReasonForTheAttributeModification", "InstanceOriginStatus"}
)
"""The coded attributes outside those groups that PS3.15 Table E.1-1 (2026c) lists."""

HARMLESS_KEYWORDS = frozenset(
    {
        *("Manufacturer", "ManufacturerModelName", "ImplementationClassUID", "ImplementationVersionName"),
        *("DeidentificationMethod", "CodeValue", "CodingSchemeDesignator"),
    }
)
"""Text that is worth seeing and says nothing about a patient; none of it stands in Table E.1-1."""

PIXEL_DATA_GROUP = 0x7FE0
STANDARD_UID_ROOT = "1.2.840.10008."
UNDEFINED_LENGTH = 0xFFFFFFFF

KEYWORD_WIDTH = 34
LINE_WIDTH = 100
HIDDEN = "(hidden)"


class TagsError(DicomSuiteError):
    """The file cannot be read as DICOM."""


@dataclass(frozen=True, slots=True)
class TagLine:
    """One attribute, or the head of an item (without tag and VR); `depth` counts the sequences around it."""

    depth: int
    tag: str
    vr: str
    keyword: str
    value: str


def read_tags(path: Path, show_phi: bool) -> list[TagLine]:
    """Return the attributes of a file, its meta information first, in the order of their tags.

    Raises
    ------
    TagsError
        If the file is not DICOM or too damaged to be walked.
    """
    try:
        with path.open("rb") as file:
            if not looks_like_dicom(file.read(START_LENGTH)):
                raise TagsError(f"{path}: not a DICOM file")
        with quiet_pydicom():
            dataset = pydicom.dcmread(path, force=True)
            return [*_lines(dataset.file_meta, show_phi), *_lines(dataset, show_phi)]
    except DicomSuiteError:
        raise
    except Exception as error:  # a damaged header can raise anything
        raise TagsError(f"{path}: cannot be read as DICOM ({reason_of(error)})") from error


def tags_as_text(tags: list[TagLine]) -> str:
    """Return one line per attribute, at most `LINE_WIDTH` characters long, indented by depth."""
    return "".join(_line_of_text(line) + "\n" for line in tags)


def tags_as_json(tags: list[TagLine]) -> str:
    """Return the lines as a JSON array of objects, values in full length."""
    return json.dumps([asdict(line) for line in tags], indent=1, ensure_ascii=False) + "\n"


def _line_of_text(line: TagLine) -> str:
    name = f"{line.tag} {line.vr} {line.keyword}" if line.tag else line.keyword
    start = "    " * line.depth + name
    text = f"{start:<{KEYWORD_WIDTH + 15}} {line.value}".rstrip()
    return text if len(text) <= LINE_WIDTH else text[: LINE_WIDTH - 3] + "..."


def _lines(dataset: Dataset, show_phi: bool, depth: int = 0) -> Iterator[TagLine]:
    for tag in sorted(dataset.keys()):
        raw = dataset.get_item(tag)
        if tag.group == PIXEL_DATA_GROUP:
            yield _line(depth, tag, str(raw.VR or "UN"), _length(raw))
            continue
        try:
            element = dataset[tag]
        except Exception as error:  # one bad value must not hide the others
            yield _line(depth, tag, str(raw.VR or "UN"), f"(unreadable value: {reason_of(error)})")
            continue
        if element.VR == "SQ":
            yield _line(depth, tag, "SQ", f"{len(element.value)} items")
            for number, item in enumerate(element.value, start=1):
                yield TagLine(depth, "", "", f"  item {number}", "")
                yield from _lines(item, show_phi, depth + 1)
        else:
            yield _line(depth, tag, element.VR, _shown_value(element, show_phi))


def _line(depth: int, tag: BaseTag, vr: str, value: str) -> TagLine:
    keyword = keyword_for_tag(tag) or ("private" if tag.is_private else "unknown")
    return TagLine(depth, f"({tag.group:04X},{tag.element:04X})", vr, keyword, value)


def _length(raw: RawDataElement | DataElement) -> str:
    length = raw.length if isinstance(raw, RawDataElement) else len(raw.value or b"")
    return "encapsulated" if length == UNDEFINED_LENGTH else f"{length} bytes"


def _shown_value(element: DataElement, show_phi: bool) -> str:
    if element.is_empty:
        return "(empty)"
    if element.VR in BINARY_VRS:
        return f"{len(element.value)} bytes"
    if not show_phi and _is_identifying(element):
        return HIDDEN
    values = element.value if isinstance(element.value, MultiValue | list) else [element.value]
    text = printable("\\".join(str(value) for value in values))
    return f"{text} ({UID(text).name})" if text.startswith(STANDARD_UID_ROOT) else text


def _is_identifying(element: DataElement) -> bool:
    if element.tag.is_private or not element.keyword or element.tag.group in IDENTIFYING_GROUPS:
        return True
    if element.keyword in HARMLESS_KEYWORDS:
        return False
    if element.VR == "UI":
        return not str(element.value).startswith(STANDARD_UID_ROOT)
    return element.VR in TEXT_VRS or element.keyword in IDENTIFYING_CODES
