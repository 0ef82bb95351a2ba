"""What speaks against comparing volumes, in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product

import numpy as np
from pydicom.dataset import Dataset

from DicomSuiteLib.dicom_headers import header_number, header_text, read_headers
from DicomSuiteLib.errors import DicomSuiteError
from DicomSuiteLib.quiet_pydicom import quiet_pydicom
from DicomSuiteLib.segment_extent import BoundingBox
from DicomSuiteLib.volumes import Volume

MOST_VOLUMES = 6
"""That are compared at once: more views side by side are too small to read."""

MUCH_THICKER = 1.5
"""Times by which slices are farther apart when a comparison of small structures misleads."""

ACQUISITION = {"KVP": "tube voltage (kV)", "ConvolutionKernel": "kernel", "MagneticFieldStrength": "field strength (T)"}
"""Attributes that change the values of the same tissue, as people call them."""

CONTRAST = "ContrastBolusAgent"


class ComparisonError(DicomSuiteError):
    """Volumes cannot be compared; the message says why and what to do."""


def comparability(volumes: Sequence[Volume]) -> tuple[str, ...]:
    """Tell what a reader must know before comparing two to six volumes; nothing where nothing speaks against it.

    Patients are compared by their PatientID, which no note tells.

    Raises
    ------
    ComparisonError
        If there are fewer than two volumes or more than six.
    VolumeError
        If a file of one can no longer be read.
    """
    if not 2 <= len(volumes) <= MOST_VOLUMES:
        raise ComparisonError(f"Choose two to {MOST_VOLUMES} volumes to compare, not {len(volumes)}.")
    places = (_frames_of_reference(volumes), _apart(volumes), _modalities(volumes), _slice_distances(volumes))
    return tuple(note for note in (*_origins(volumes), *places) if note)


def _origins(volumes: Sequence[Volume]) -> list[str]:
    """What the first DICOM header of each volume says against comparing them."""
    headers = [
        header
        for volume in volumes
        if volume.is_dicom and volume.files
        for header in read_headers(volume.files[:1], ("PatientID", CONTRAST, *ACQUISITION))
    ]
    notes = []
    with quiet_pydicom():
        if len(_distinct(header_text(header, "PatientID") for header in headers)) > 1:
            notes.append("the volumes are of different patients, by their PatientID")
        for keyword, words in ACQUISITION.items():
            values = _distinct(_told(header, keyword) for header in headers)
            if len(values) > 1:
                notes.append(f"{words} differs: {', '.join(values)}; the same tissue has other values")
        if len({bool(header_text(header, CONTRAST)) for header in headers}) > 1:
            notes.append("a contrast agent is recorded for some volumes only; the same tissue has other values")
    return notes


def _told(header: Dataset, keyword: str) -> str:
    """A value in words; 120 and 120.0 are the same."""
    number = header_number(header, keyword)
    return header_text(header, keyword) if number is None else f"{number:g}"


def _frames_of_reference(volumes: Sequence[Volume]) -> str:
    if len(_distinct(volume.frame_of_reference_uid for volume in volumes)) > 1:
        return "the volumes have different frames of reference: unless they are registered, one place is not the same"
    unknown = sum(not volume.frame_of_reference_uid for volume in volumes)
    if not unknown:
        return ""
    return f"the frame of reference of {unknown} of {len(volumes)} volumes is unknown: check that they lie alike"


def _apart(volumes: Sequence[Volume]) -> str:
    boxes = [_box(volume) for volume in volumes]
    alone = [str(number) for number, box in enumerate(boxes[1:], start=2) if not _meet(boxes[0], box)]
    return f"volume {', '.join(alone)} has no place in common with the first" if alone else ""


def _modalities(volumes: Sequence[Volume]) -> str:
    modalities = _distinct(volume.modality for volume in volumes)
    if len(modalities) < 2:
        return ""
    return f"different modalities ({', '.join(modalities)}): their values mean different things"


def _slice_distances(volumes: Sequence[Volume]) -> str:
    distances = [float(np.mean(volume.grid.slice_distances)) for volume in volumes]
    if max(distances) <= MUCH_THICKER * min(distances):
        return ""
    return f"slices are {min(distances):.3g} to {max(distances):.3g} mm apart: small structures look different"


def _distinct(texts: Iterable[str]) -> list[str]:
    """Each text once, in order; without empty ones."""
    return list(dict.fromkeys(text for text in texts if text))


def _box(volume: Volume) -> BoundingBox:
    ends = [(-0.5, length - 0.5) for length in volume.grid.size]
    corners = volume.grid.lps_from_ijk(list(product(*ends)))
    return BoundingBox(tuple(corners.min(axis=0).tolist()), tuple(corners.max(axis=0).tolist()))


def _meet(one: BoundingBox, other: BoundingBox) -> bool:
    return all(a <= d and c <= b for a, b, c, d in zip(one.low, one.high, other.low, other.high, strict=True))
