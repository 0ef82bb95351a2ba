"""What of a file leads to its patient and its neighbours, and whether a restored file has it as its original had."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path

from pydicom import dcmread
from pydicom.dataset import Dataset

from DicomSuiteAnonymizeLib.dates import shift_dates

PATIENT = ("PatientID", "PatientName", "PatientBirthDate")
NUMBERS = ("AccessionNumber", "StudyID")
_MARKERS = frozenset((0x00120062, 0x00120063, 0x00120064, 0x00280303))
_LEADING_VRS = frozenset(("UI", "DA", "DT"))

Leads = dict[tuple, str]
"""Values by path: tags, with the number of the item behind each sequence's."""


def read(path: Path) -> Dataset:
    """The data set, whatever its defects."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return dcmread(path, force=True)


def leads(dataset: Dataset) -> Leads:
    """UIDs and dates at any depth, and what names the patient and the study at top level."""
    found = dict(_leads(dataset, ()))
    for keyword in (*PATIENT, *NUMBERS):
        if keyword in dataset:
            found[(dataset[keyword].tag,)] = _text(dataset, dataset[keyword].tag)
    return found


def _leads(dataset: Dataset, path: tuple) -> Iterator[tuple[tuple, str]]:
    for tag in sorted(dataset.keys()):
        if tag in _MARKERS or tag.is_private:
            continue
        element = dataset[tag]
        if element.VR == "SQ":
            for number, item in enumerate(element.value):
                yield from _leads(item, (*path, tag, number))
        elif element.VR in _LEADING_VRS:
            yield (*path, tag), _text(dataset, tag)


def _text(dataset: Dataset, tag: int) -> str:
    """The value as text; dates in the one form that de-identification writes."""
    element = dataset[tag]
    value = element.value
    parts = value if isinstance(value, (list, tuple)) or type(value).__name__ == "MultiValue" else [value]
    text = "\\".join("" if part is None else str(part).strip() for part in parts)
    if element.VR in ("DA", "DT"):
        normal = shift_dates(element.VR.encode(), text.encode("ascii", "replace"), 0)
        return text if normal is None else normal.decode()
    return text
