"""How images were made, out of their DICOM headers; what could identify the patient only where it is asked for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import UID

from DicomSuiteLib.dicom_headers import header_values, items_of, read_headers
from DicomSuiteLib.printable import printable
from DicomSuiteLib.quiet_pydicom import quiet_pydicom
from DicomSuiteRenderLib.metadata_attributes import ATTRIBUTES, IDENTIFYING_ATTRIBUTES, Attribute, FactGroup

MOST_VALUES = 4
"""Texts that are listed where images differ; further ones are counted."""

NUMBER_DIGITS = 6
"""Significant digits of a number."""


@dataclass(frozen=True)
class Fact:
    """One line of metadata.

    Parameters
    ----------
    group : its heading
    name : what it is, in English
    value : with its unit; where images differ the range of numbers, or the texts
    is_identifying : whether it could identify the patient (PS3.15 Table E.1-1)
    """

    group: FactGroup
    name: str
    value: str
    is_identifying: bool = False


def technical_metadata(files: Sequence[Path], with_identifying: bool = False) -> tuple[Fact, ...]:
    """Tell how the DICOM images `files` were made, by `FactGroup`; what no image says is left out.

    Parameters
    ----------
    files : every image of a volume; all headers are read
    with_identifying : also tell dates, names, numbers and UIDs, marked as identifying

    Raises
    ------
    VolumeError
        If a file cannot be read as DICOM.
    """
    tables = [(ATTRIBUTES, False), (IDENTIFYING_ATTRIBUTES, True)][: 1 + with_identifying]
    headers = read_headers(files, _keywords([table for table, _ in tables]))
    with quiet_pydicom():
        facts = [fact for table, is_identifying in tables for fact in _facts(headers, table, is_identifying)]
        facts += _transfer_syntax(headers)
    order = list(FactGroup)
    return tuple(sorted(facts, key=lambda fact: order.index(fact.group)))


def _keywords(tables: Iterable[Mapping[FactGroup, tuple[Attribute, ...]]]) -> list[str]:
    attributes = [attribute for table in tables for of_group in table.values() for attribute in of_group]
    return [keyword for attribute in attributes for keyword in (attribute.sequence, *attribute.sources) if keyword]


def _facts(
    headers: Sequence[Dataset], table: Mapping[FactGroup, tuple[Attribute, ...]], is_identifying: bool
) -> Iterator[Fact]:
    for group, attributes in table.items():
        for attribute in attributes:
            if value := _summary(_values(headers, attribute), attribute):
                yield Fact(group, attribute.name, value, is_identifying)


def _transfer_syntax(headers: Sequence[Dataset]) -> list[Fact]:
    uids = dict.fromkeys(header.file_meta.get("TransferSyntaxUID") for header in headers)
    names = [UID(uid).name for uid in uids if uid]
    return [Fact(FactGroup.VALUES, "Transfer syntax", ", ".join(names))] if names else []


def _values(headers: Sequence[Dataset], attribute: Attribute) -> list[Any]:
    """Every distinct value, in DICOM's order of the images; numbers in the attribute's unit."""
    found: dict[Any, None] = {}
    for header in headers:
        places = items_of(header, attribute.sequence) if attribute.sequence else (header,)
        for place in places:
            found.update(dict.fromkeys(_first_source(place, attribute)))
    return list(found)


def _first_source(place: Dataset, attribute: Attribute) -> list[Any]:
    for keyword, factor in attribute.sources.items():
        values = [_plain(value, factor) for value in header_values(place, keyword)]
        if attribute.unit:
            values = [value for value in values if _is_number(value)]
        if values:
            return values
    return []


def _is_number(value: Any) -> bool:
    return all(isinstance(part, float) for part in (value if isinstance(value, tuple) else (value,)))


def _plain(value: Any, factor: float) -> Any:
    """A number as float, several parts as a tuple, anything else as text that can be printed."""
    if isinstance(value, tuple):
        return tuple(_plain(part, factor) for part in value)
    if isinstance(value, int | float):
        return float(value) * factor
    return printable(str(value).strip())


def _summary(values: Sequence[Any], attribute: Attribute) -> str:
    """The values in words: one, a range of numbers, or a list; empty where there is none."""
    if len(values) > 1 and all(isinstance(value, float) for value in values):
        text = f"{_text(min(values))} to {_text(max(values))}"
    else:
        text = _list([text for value in values if (text := _text(value))], attribute)
    space = "" if attribute.unit == "°" else " "
    return f"{text}{space}{attribute.unit}".rstrip() if text else ""


def _list(texts: Iterable[str], attribute: Attribute) -> str:
    distinct = list(dict.fromkeys(texts))
    shown = [attribute.meanings.get(text, _moment(text, attribute.keyword)) for text in distinct[:MOST_VALUES]]
    further = len(distinct) - len(shown)
    return "; ".join([*shown, f"{further} more"] if further else shown)


def _moment(text: str, keyword: str) -> str:
    """DICOM's 20240305 and 101500.25 as people write dates and times; other values, and broken ones, as they are."""
    if keyword.endswith("Date") and re.fullmatch(r"\d{8}", text):
        return f"{text[:4]}-{text[4:6]}-{text[6:]}"
    if keyword.endswith("Time") and not keyword.endswith("DateTime") and re.fullmatch(r"\d{6}(\.\d*)?", text):
        return f"{text[:2]}:{text[2:4]}:{text[4:6]}"
    return text


def _text(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(_text, value))
    return f"{value:.{NUMBER_DIGITS}g}" if isinstance(value, float) else value
