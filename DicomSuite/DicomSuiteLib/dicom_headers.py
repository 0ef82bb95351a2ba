"""Read chosen attributes of DICOM files, wherever single- and multi-frame images keep them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pydicom
from pydicom.dataset import Dataset

from DicomSuiteLib.file_walk import reason_of
from DicomSuiteLib.quiet_pydicom import quiet_pydicom
from DicomSuiteLib.series_files import START_LENGTH, UNUSABLE_VALUE, looks_like_dicom
from DicomSuiteLib.volumes import VolumeError

FRAME_GROUPS = ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence")
"""Where a multi-frame image keeps what belongs to all or to single frames (PS3.3 C.7.6.16)."""


def read_headers(files: Sequence[Path], keywords: Sequence[str] | None = None) -> list[Dataset]:
    """Read the headers of DICOM files, each file once: the named attributes and the functional groups, or all.

    Raises
    ------
    VolumeError
        If a file is gone, or cannot be read as DICOM.
    """
    wanted = None if keywords is None else [*keywords, *FRAME_GROUPS]
    headers = []
    with quiet_pydicom():
        for path in dict.fromkeys(files):  # a volume names a multi-frame file for each of its slices
            headers.append(_header(path, wanted))
    return headers


def _header(path: Path, wanted: Sequence[str] | None) -> Dataset:
    try:
        with path.open("rb") as file:
            if looks_like_dicom(file.read(START_LENGTH)):
                file.seek(0)
                return pydicom.dcmread(file, stop_before_pixels=True, force=True, specific_tags=wanted)
    except Exception as error:  # a damaged header can raise anything
        raise VolumeError(f"{path} cannot be read as DICOM: {reason_of(error)}; load the series again.") from error
    raise VolumeError(f"{path} is not DICOM; load the series again.")


def header_values(header: Dataset, keyword: str) -> list[Any]:
    """Every distinct value of an attribute: at top level, else in the functional groups of the frames.

    A value of several parts, such as PixelSpacing, is a tuple. Empty where the attribute is absent, empty or broken.
    """
    found = list(_values_in(header, keyword))
    if not found:
        for group in FRAME_GROUPS:
            for frame in items_of(header, group):
                found += [value for item in _first_items(frame) for value in _values_in(item, keyword)]
    return list(dict.fromkeys(found))


def header_text(header: Dataset, keyword: str) -> str:
    """The one value of an attribute as text, parts separated by DICOM's backslash; empty where there is not one."""
    values = header_values(header, keyword)
    if len(values) != 1:
        return ""
    return "\\".join(map(str, values[0])) if isinstance(values[0], tuple) else str(values[0]).strip()


def header_number(header: Dataset, keyword: str) -> float | None:
    """The one value of an attribute as a number; None where there is not one."""
    return _number(header_text(header, keyword))


def private_text(header: Dataset, group: int, creator: str, offset: int) -> str:
    """A private attribute as text, found by its creator; empty where there is none."""
    try:
        return str(header.private_block(group, creator)[offset].value or "").strip()
    except UNUSABLE_VALUE:
        return ""


def private_number(header: Dataset, group: int, creator: str, offset: int) -> float | None:
    """A private attribute as a number; None where there is none."""
    return _number(private_text(header, group, creator, offset))


def items_of(header: Dataset, keyword: str) -> Sequence[Dataset]:
    """The items of a sequence; none where it is absent or broken."""
    try:
        return header.get(keyword) or ()
    except UNUSABLE_VALUE:
        return ()


def _first_items(frame: Dataset) -> Iterator[Dataset]:
    """The first item of each functional group of a frame; the other items repeat it for multi-valued groups."""
    for tag in sorted(frame.keys()):
        try:
            element = frame[tag]
        except UNUSABLE_VALUE:
            continue
        if element.VR == "SQ" and element.value:
            yield element.value[0]


def _values_in(dataset: Dataset, keyword: str) -> Iterator[Any]:
    try:
        value = dataset.get(keyword)
        if value is None or (hasattr(value, "__len__") and len(value) == 0):
            return
        yield tuple(value) if isinstance(value, Sequence) and not isinstance(value, str | bytes) else value
    except UNUSABLE_VALUE:
        return


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
