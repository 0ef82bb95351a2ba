"""What the header of one DICOM file says about where it belongs and where its frames lie."""

from __future__ import annotations

import math
import os
import struct
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pydicom
from pydicom.dataset import Dataset
from pydicom.uid import MediaStorageDirectoryStorage
from pydicom.valuerep import STANDARD_VR

from DicomSuiteLib.file_walk import UnreadablePath, reason_of
from DicomSuiteLib.geometry import GeometryError, Vector3, checked_orientation

Trait = tuple[Any, ...]
"""One value that may tell volumes apart, made sortable: () absent, (0, number, …) or (1, text, …)."""


@dataclass(frozen=True, slots=True)
class TraitSource:
    """Where one volume-distinguishing attribute stands: at top level, or in a functional group of a frame."""

    keyword: str
    group: str
    group_keyword: str


TRAITS = (
    TraitSource("TemporalPositionIdentifier", "FrameContentSequence", "TemporalPositionIndex"),
    TraitSource("EchoNumbers", "MREchoSequence", "EffectiveEchoTime"),
    TraitSource("EchoTime", "MREchoSequence", "EffectiveEchoTime"),
    TraitSource("DiffusionBValue", "MRDiffusionSequence", "DiffusionBValue"),
    TraitSource("AcquisitionNumber", "FrameContentSequence", "FrameAcquisitionNumber"),
    TraitSource("TriggerTime", "CardiacSynchronizationSequence", "NominalCardiacTriggerDelayTime"),
    TraitSource("ImageType", "MRImageFrameTypeSequence", "FrameType"),
    TraitSource("StackID", "FrameContentSequence", "StackID"),
)
"""What tells several volumes of one series apart where they share positions, most telling first."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One 2D image: a single-frame instance, or one frame of a multi-frame one.

    Lengths in mm, positions in LPS; None where the header does not say, or says it in no usable way.
    """

    path: Path
    number: int
    """Counted from 1 within its file, as DICOM does."""
    sop_instance_uid: str
    instance_number: int | None
    frame_of_reference_uid: str
    rows: int
    columns: int
    pixel_spacing: tuple[float, float] | None
    """In DICOM's order: between rows, between columns."""
    orientation: tuple[float, ...] | None
    position: Vector3 | None
    """ImagePositionPatient: centre of the first voxel."""
    thickness: float | None
    rescale: tuple[float, float] | None
    """Slope and intercept."""
    traits: tuple[Trait, ...]
    """Values of `TRAITS`, in that order."""

    @property
    def is_placed(self) -> bool:
        """True if position and orientation are both known."""
        return self.position is not None and self.orientation is not None


@dataclass(frozen=True, slots=True)
class Instance:
    """One DICOM file; `frames` is empty if it holds no image. The last five fields identify the patient."""

    path: Path
    sop_class_uid: str
    sop_instance_uid: str
    study_uid: str
    series_uid: str
    modality: str
    instance_number: int | None
    series_number: int | None
    frames: tuple[Frame, ...]
    patient_id: str
    patient_name: str
    study_date: str
    study_description: str
    series_description: str


class OtherFile(Enum):
    """A readable file that belongs to no series."""

    NOT_DICOM = "not DICOM"
    DICOMDIR = "DICOMDIR"


HEADER_KEYWORDS = [
    *("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "Modality", "InstanceNumber"),
    *("SeriesNumber", "PatientID", "PatientName", "StudyDate", "StudyDescription", "SeriesDescription"),
    *("FrameOfReferenceUID", "Rows", "Columns", "NumberOfFrames", "PixelSpacing", "ImageOrientationPatient"),
    *("ImagePositionPatient", "SliceThickness", "SpacingBetweenSlices", "RescaleSlope", "RescaleIntercept"),
    *("GridFrameOffsetVector", "SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"),
    *(source.keyword for source in TRAITS),
]

START_LENGTH = 132
"""Bytes of the preamble and the prefix "DICM" (PS3.10 section 7.1)."""

LONGEST_FIRST_VALUE = 256
"""Bytes up to which the first value of an implicit VR data set without a preamble is believed."""

UNUSABLE_VALUE = (ValueError, TypeError, ArithmeticError, LookupError, AttributeError, struct.error)
"""What pydicom raises for a value that breaks its VR; such a value counts as absent."""


def read_instance(path: Path) -> Instance | OtherFile | UnreadablePath:
    """Read what `Instance` holds out of one file, pixel data excepted; never raises for a bad file."""
    try:
        with path.open("rb") as file:
            start = file.read(START_LENGTH)
            if not start:
                return UnreadablePath(path, "empty file")
            if not looks_like_dicom(start):
                return OtherFile.NOT_DICOM
            return _read_header(path, file)
    except Exception as error:  # a damaged header can raise anything; the reason is reported
        return UnreadablePath(path, reason_of(error))


def looks_like_dicom(start: bytes) -> bool:
    """True if the first `START_LENGTH` bytes of a file have DICOM's prefix, or begin with a data element."""
    if start[128:132] == b"DICM":
        return True
    if start[:2] not in (b"\x02\x00", b"\x08\x00", b"\x00\x08") or len(start) < 8:  # group 0002 or 0008
        return False
    if start[4:6].decode("latin-1") in set(STANDARD_VR):
        return True
    value_length = struct.unpack("<L", start[4:8])[0]
    return start[0] != 0 and value_length <= LONGEST_FIRST_VALUE


def _read_header(path: Path, file: BinaryIO) -> Instance | OtherFile | UnreadablePath:
    file.seek(0)
    header = pydicom.dcmread(file, stop_before_pixels=True, force=True, specific_tags=HEADER_KEYWORDS)
    if header.file_meta.get("MediaStorageSOPClassUID") == MediaStorageDirectoryStorage:
        return OtherFile.DICOMDIR
    if not _text(header, "SOPInstanceUID") or not _text(header, "SOPClassUID"):
        return UnreadablePath(path, "no SOPClassUID or SOPInstanceUID in its header")
    if _frame_count(header) > os.fstat(file.fileno()).st_size:
        return UnreadablePath(path, "NumberOfFrames is larger than the file")
    return _instance(path, header)


def _instance(path: Path, header: Dataset) -> Instance:
    return Instance(
        path=path,
        sop_class_uid=_text(header, "SOPClassUID"),
        sop_instance_uid=_text(header, "SOPInstanceUID"),
        study_uid=_text(header, "StudyInstanceUID"),
        series_uid=_text(header, "SeriesInstanceUID"),
        modality=_text(header, "Modality"),
        instance_number=_whole_number(_value(header, "InstanceNumber")),
        series_number=_whole_number(_value(header, "SeriesNumber")),
        frames=tuple(_frames(path, header)),
        patient_id=_text(header, "PatientID"),
        patient_name=_text(header, "PatientName"),
        study_date=_text(header, "StudyDate"),
        study_description=_text(header, "StudyDescription"),
        series_description=_text(header, "SeriesDescription"),
    )


def _frames(path: Path, header: Dataset) -> list[Frame]:
    rows, columns = _whole_number(_value(header, "Rows")), _whole_number(_value(header, "Columns"))
    if not rows or not columns:
        return []
    sources = _frame_sources(header)
    positions = _frame_positions(header, sources)
    sop_instance_uid = _text(header, "SOPInstanceUID")
    instance_number = _whole_number(_value(header, "InstanceNumber"))
    frame_of_reference_uid = _text(header, "FrameOfReferenceUID")
    return [
        Frame(
            path=path,
            number=index + 1,
            sop_instance_uid=sop_instance_uid,
            instance_number=instance_number,
            frame_of_reference_uid=frame_of_reference_uid,
            rows=rows,
            columns=columns,
            pixel_spacing=_pixel_spacing(source),
            orientation=_orientation(source),
            position=positions[index],
            thickness=_thickness(source),
            rescale=_rescale(source),
            traits=tuple(_trait(source.value(t.keyword, t.group, t.group_keyword)) for t in TRAITS),
        )
        for index, source in enumerate(sources)
    ]


@dataclass(frozen=True, slots=True)
class _FrameSource:
    """Finds a frame's attributes: in its own functional groups, then the shared ones, then at top level."""

    header: Dataset
    functional_groups: tuple[Dataset, ...]

    def value(self, keyword: str, group: str, group_keyword: str | None = None) -> Any:
        for groups in self.functional_groups:
            if items := groups.get(group):
                return _value(items[0], group_keyword or keyword)
        return _value(self.header, keyword)


def _frame_count(header: Dataset) -> int:
    return max(_whole_number(_value(header, "NumberOfFrames")) or 1, 1)


def _frame_sources(header: Dataset) -> list[_FrameSource]:
    count = _frame_count(header)
    shared = tuple(header.get("SharedFunctionalGroupsSequence") or ())[:1]
    per_frame = header.get("PerFrameFunctionalGroupsSequence") or ()
    if len(per_frame) == count:
        return [_FrameSource(header, (groups, *shared)) for groups in per_frame]
    return [_FrameSource(header, shared)] * count


def _frame_positions(header: Dataset, sources: list[_FrameSource]) -> list[Vector3 | None]:
    if offsets := _numbers(_value(header, "GridFrameOffsetVector"), len(sources)):
        return _dose_positions(sources[0], offsets)
    has_own_positions = len(sources) == 1 or sources[0] is not sources[-1]
    return [_position(source) if has_own_positions else None for source in sources]


def _dose_positions(source: _FrameSource, offsets: tuple[float, ...]) -> list[Vector3 | None]:
    """Positions of a dose grid's planes: PS3.3 C.8.8.3.2.

    Offsets that start at 0 run along the normal; others are z coordinates, defined for axial planes only.
    """
    first, orientation = _position(source), _orientation(source)
    if first is None or orientation is None:
        return [None] * len(offsets)
    normal = np.cross(orientation[:3], orientation[3:])
    if offsets[0] != 0 and not np.allclose(normal, (0, 0, 1)):
        return [None] * len(offsets)
    return [tuple((first + (offset - offsets[0]) * normal).tolist()) for offset in offsets]


def _position(source: _FrameSource) -> Vector3 | None:
    return _numbers(source.value("ImagePositionPatient", "PlanePositionSequence"), 3)


def _orientation(source: _FrameSource) -> tuple[float, ...] | None:
    orientation = _numbers(source.value("ImageOrientationPatient", "PlaneOrientationSequence"), 6)
    return orientation if orientation and _is_orientation(orientation) else None


@lru_cache(maxsize=1024)
def _is_orientation(cosines: tuple[float, ...]) -> bool:
    try:
        checked_orientation(cosines)
    except GeometryError:
        return False
    return True


def _pixel_spacing(source: _FrameSource) -> tuple[float, float] | None:
    spacing = _numbers(source.value("PixelSpacing", "PixelMeasuresSequence"), 2)
    return spacing if spacing and min(spacing) > 0 else None


def _thickness(source: _FrameSource) -> float | None:
    for keyword in ("SliceThickness", "SpacingBetweenSlices"):
        thickness = _numbers(source.value(keyword, "PixelMeasuresSequence"), 1)
        if thickness and thickness[0] > 0:
            return thickness[0]
    return None


def _rescale(source: _FrameSource) -> tuple[float, float] | None:
    group = "PixelValueTransformationSequence"
    slope = _numbers(source.value("RescaleSlope", group), 1)
    intercept = _numbers(source.value("RescaleIntercept", group), 1)
    return slope + intercept if slope and intercept else None


def _trait(value: Any) -> Trait:
    if value is None or value == "":
        return ()
    values = [value] if isinstance(value, str | int | float) else list(value)
    numbers = _numbers(values, len(values))
    return (0, *numbers) if numbers else (1, *map(str, values))


def _value(dataset: Dataset, keyword: str) -> Any:
    try:
        return dataset.get(keyword)
    except UNUSABLE_VALUE:
        return None


def _text(header: Dataset, keyword: str) -> str:
    value = _value(header, keyword)
    return "" if value is None else str(value).strip()


def _whole_number(value: Any) -> int | None:
    numbers = _numbers(value, 1)
    return int(numbers[0]) if numbers else None


def _numbers(value: Any, count: int) -> tuple[float, ...] | None:
    """Return `count` finite numbers, or None if the value is anything else."""
    if value is None or value == "":
        return None
    try:
        values = [float(value)] if isinstance(value, str | int | float) else [float(item) for item in value]
    except UNUSABLE_VALUE:
        return None
    return tuple(values) if len(values) == count and all(map(math.isfinite, values)) else None
