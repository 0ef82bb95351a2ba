"""Read the ROIs of an RTSTRUCT: names, colours and closed contours, and what cannot be used of them."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pydicom
from pydicom import Dataset
from pydicom.tag import Tag
from pydicom.uid import RTStructureSetStorage

from DicomSuiteLib.file_walk import reason_of
from DicomSuiteLib.geometry import FloatArray
from DicomSuiteLib.quiet_pydicom import quiet_pydicom
from DicomSuiteLib.segments import Colour
from DicomSuiteRTOverlayLib.contour_data import PADDING, parse_decimals
from DicomSuiteRTOverlayLib.errors import OverlayError

CLOSED_TYPES = ("CLOSED_PLANAR", "CLOSEDPLANAR_XOR")
"""Values of ContourGeometricType that enclose an area (PS3.3 section C.8.8.6.1)."""

ROI_DISPLAY_COLOR = Tag(0x3006, 0x002A)
CONTOUR_GEOMETRIC_TYPE = Tag(0x3006, 0x0042)
NUMBER_OF_CONTOUR_POINTS = Tag(0x3006, 0x0046)
CONTOUR_DATA = Tag(0x3006, 0x0050)

FARTHEST_MM = 1e5
"""No point of a patient has a coordinate beyond a hundred metres; one that has is damaged."""

_READ = (
    "SpecificCharacterSet",
    "SOPClassUID",
    "StudyInstanceUID",
    "PatientID",
    "FrameOfReferenceUID",
    "ReferencedFrameOfReferenceSequence",
    "StructureSetROISequence",
    "ROIContourSequence",
)


@dataclass(frozen=True, eq=False)
class Roi:
    """One region of interest.

    Parameters
    ----------
    number : ROINumber
    name : ROIName; made from the number where it has none
    colour : ROIDisplayColor; None where it has none
    frame_of_reference_uid : ReferencedFrameOfReferenceUID, empty where it has none
    contours : the closed ones, each (n >= 3, 3) LPS mm
    left_out : why contours, or all of the ROI, cannot be used, in words, each with how many
    """

    number: int
    name: str
    colour: Colour | None
    frame_of_reference_uid: str
    contours: tuple[FloatArray, ...]
    left_out: tuple[str, ...]


@dataclass(frozen=True)
class References:
    """What an RTSTRUCT says about the images it belongs to; empty where it says nothing."""

    patient_id: str
    study_uid: str
    frame_of_reference_uids: frozenset[str]
    series_uids: frozenset[str]
    instance_uids: frozenset[str]


@dataclass(frozen=True, eq=False)
class StructureSet:
    """The ROIs of an RTSTRUCT, in its order, and whom they belong to."""

    rois: tuple[Roi, ...]
    references: References


def read_structure_set(path: str | os.PathLike[str]) -> StructureSet:
    """Read an RTSTRUCT without changing it.

    Raises
    ------
    OverlayError
        If the file is no RTSTRUCT, incomplete, or damaged beyond single contours.
    """
    path = Path(path)
    with quiet_pydicom():
        try:
            dataset = pydicom.dcmread(path, force=True, specific_tags=list(_READ))
            if dataset.get("SOPClassUID", "") != RTStructureSetStorage:
                raise OverlayError(f"{path} is no DICOM RTSTRUCT; name a structure set.")
            return StructureSet(_rois(dataset), _references(dataset))
        except OverlayError:
            raise
        except Exception as error:  # damaged DICOM can raise anything
            raise OverlayError(f"{path} cannot be read as an RTSTRUCT: {reason_of(error)}; is it complete?") from error


def _rois(dataset: Dataset) -> tuple[Roi, ...]:
    described = {_integer(item, "ROINumber"): item for item in reversed(dataset.get("StructureSetROISequence") or [])}
    drawn: dict[int, list[Dataset]] = {number: [] for number in reversed(described)}
    for item in dataset.get("ROIContourSequence") or []:
        drawn.setdefault(_integer(item, "ReferencedROINumber"), []).append(item)
    return tuple(_roi(number, described.get(number, Dataset()), items) for number, items in drawn.items())


def _integer(item: Dataset, keyword: str) -> int:
    return int(item[keyword].value)


def _roi(number: int, description: Dataset, drawings: list[Dataset]) -> Roi:
    items = [item for drawing in drawings for item in drawing.get("ContourSequence") or []]
    contours, left_out = _closed_contours(items)
    for drawing in drawings:
        drawing.pop("ContourSequence", None)  # as much memory as the file; the next ROI's takes its place
    if not drawings:
        left_out = ("it has no item in ROIContourSequence",)
    elif not contours and not left_out:
        left_out = ("it has no contours",)
    colours = [colour for colour in map(_colour, drawings) if colour is not None]
    return Roi(
        number,
        str(description.get("ROIName") or "").strip() or f"ROI {number}",
        colours[0] if colours else None,
        str(description.get("ReferencedFrameOfReferenceUID") or ""),
        contours,
        left_out,
    )


def _colour(drawing: Dataset) -> Colour | None:
    values = [value.strip() for value in _text(drawing, ROI_DISPLAY_COLOR).split("\\")]
    if len(values) != 3 or not all(value.isdecimal() for value in values):
        return None
    red, green, blue = (min(int(value), 255) / 255 for value in values)
    return red, green, blue


def _closed_contours(items: list[Dataset]) -> tuple[tuple[FloatArray, ...], tuple[str, ...]]:
    reasons: Counter[str] = Counter()
    closed = []
    for item in items:
        kind = _text(item, CONTOUR_GEOMETRIC_TYPE)
        if kind in CLOSED_TYPES:
            closed.append(item)
        else:
            reasons[f"of type {kind}, which encloses nothing" if kind else "without ContourGeometricType"] += 1
    data = parse_decimals([_raw(item, CONTOUR_DATA) for item in closed])
    contours = []
    for item, numbers in zip(closed, data, strict=True):
        reason = _defect(item, numbers)
        if reason:
            reasons[reason] += 1
        else:
            contours.append(numbers.reshape(-1, 3))
    return tuple(contours), tuple(_counted(reasons, len(items)))


def _defect(item: Dataset, numbers: FloatArray | None) -> str:
    """Why a closed contour cannot be used; empty if it can."""
    if not _raw(item, CONTOUR_DATA).strip(PADDING):
        return "without ContourData"
    if numbers is None:
        return "with ContourData that are no decimal numbers"
    if not (np.abs(numbers) <= FARTHEST_MM).all():  # nor is NaN
        return "with coordinates that are not finite or beyond any patient"
    if numbers.size % 3:
        return "with incomplete ContourData (not three numbers a point)"
    stated = _text(item, NUMBER_OF_CONTOUR_POINTS)
    if stated and stated.lstrip("+0") != str(numbers.size // 3):
        return "with ContourData that do not fit NumberOfContourPoints"
    return "" if numbers.size >= 9 else "of fewer than three points"


def _counted(reasons: Mapping[str, int], total: int) -> Iterable[str]:
    for reason, count in reasons.items():
        yield f"{count} of {total} contours left out: {reason}"


def _raw(item: Dataset, tag: int) -> bytes:
    """The value as it lies in the file; making a million DS objects of it would take half a minute."""
    element = item.get_item(tag)
    return b"" if element is None or element.value is None else bytes(element.value)


def _text(item: Dataset, tag: int) -> str:
    return _raw(item, tag).strip(PADDING).decode("ascii", "replace")


def _references(dataset: Dataset) -> References:
    frames = dataset.get("ReferencedFrameOfReferenceSequence") or []
    studies = [study for frame in frames for study in frame.get("RTReferencedStudySequence") or []]
    series = [item for study in studies for item in study.get("RTReferencedSeriesSequence") or []]
    images = [image for item in series for image in item.get("ContourImageSequence") or []]
    rois = dataset.get("StructureSetROISequence") or []
    frame_uids = [item.get("FrameOfReferenceUID") for item in [dataset, *frames]]
    frame_uids += [item.get("ReferencedFrameOfReferenceUID") for item in rois]
    return References(
        str(dataset.get("PatientID") or "").strip(),
        str(dataset.get("StudyInstanceUID") or ""),
        _uids(frame_uids),
        _uids(item.get("SeriesInstanceUID") for item in series),
        _uids(image.get("ReferencedSOPInstanceUID") for image in images),
    )


def _uids(values: Iterable[object]) -> frozenset[str]:
    return frozenset(str(value) for value in values if value)
