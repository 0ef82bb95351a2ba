"""A DICOM Segmentation as its file has it: what it says of its segments, where its frames lie, and their masks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from pydicom.dataset import Dataset

from DicomSuiteLib.file_walk import reason_of
from DicomSuiteLib.geometry import FloatArray, checked_orientation
from DicomSuiteLib.missing_package import missing_package
from DicomSuiteLib.quiet_pydicom import quiet_pydicom
from DicomSuiteLib.segment_colours import segment_colour
from DicomSuiteLib.segments import BoolArray, Colour
from DicomSuiteRTOverlayLib.cielab_colours import colour_from_cielab
from DicomSuiteRTOverlayLib.errors import OverlayError
from DicomSuiteRTOverlayLib.rtstruct_contours import References

if TYPE_CHECKING:
    import highdicom as hd

BACKGROUND = 0
"""The value of a label map's voxels that belong to no segment (PS3.3 C.8.20.2)."""

INSIDE = 0.5
"""From this part of MaximumFractionalValue on, a voxel of a fractional segmentation counts as inside."""


@dataclass(frozen=True)
class SegDescription:
    """One item of SegmentSequence; `name` is SegmentLabel, `colour` RecommendedDisplayCIELabValue or one of ours."""

    number: int
    name: str
    colour: Colour


@dataclass(frozen=True, eq=False)
class SegFrame:
    """Where one frame lies.

    Parameters
    ----------
    number : counted from 1
    segment : ReferencedSegmentNumber; None in a label map
    position : LPS mm of the centre of its first voxel
    row_step, column_step : LPS mm to the next voxel along a row, and down a column
    """

    number: int
    segment: int | None
    position: FloatArray
    row_step: FloatArray
    column_step: FloatArray


class SegFile:
    """A DICOM SEG: `descriptions` of its segments, `references` to its images; masks are unpacked frame by frame.

    Raises
    ------
    OverlayError
        If highdicom is missing, or the file is no SEG or damaged.
    """

    def __init__(self, path: Path) -> None:
        try:
            import highdicom as hd
        except ImportError as error:
            raise missing_package("highdicom", "DICOM SEG") from error
        self.path = path
        with quiet_pydicom():
            try:
                self.dataset: hd.seg.Segmentation = hd.seg.segread(path)
                self.descriptions = _descriptions(self.dataset)
                self.references = _references(self.dataset)
            except Exception as error:  # whatever a file that is no SEG, or is damaged, makes highdicom raise
                raise OverlayError(
                    f"{path} cannot be read as a DICOM SEG: {reason_of(error)}; is it damaged?"
                ) from error

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of every frame."""
        return int(self.dataset.Rows), int(self.dataset.Columns)

    @property
    def notes(self) -> tuple[str, ...]:
        """What reading changes, in words."""
        if self.dataset.SegmentationType != "FRACTIONAL":
            return ()
        kind = str(self.dataset.get("SegmentationFractionalType", "fraction")).lower()
        return (f"the segmentation is fractional ({kind}); voxels of at least {INSIDE} are taken for inside",)

    @cached_property
    def frames(self) -> tuple[SegFrame, ...]:
        """Where every frame lies. Raises OverlayError where one does not say."""
        try:
            with quiet_pydicom():
                shared = self.dataset.SharedFunctionalGroupsSequence[0]
                per_frame = self.dataset.PerFrameFunctionalGroupsSequence
                return tuple(_frame(number, own, shared) for number, own in enumerate(per_frame, start=1))
        except Exception as error:  # damaged DICOM can raise anything
            raise OverlayError(
                f"{self.path} does not say where its frames lie in the patient; it cannot be placed."
            ) from error

    def slice_spacing(self, keyword: str) -> float | None:
        """SpacingBetweenSlices or SliceThickness, mm, if all frames share one."""
        measures = self.dataset.SharedFunctionalGroupsSequence[0].get("PixelMeasuresSequence") or [Dataset()]
        value = measures[0].get(keyword)
        return float(value) if value and float(value) > 0 else None

    def masks(self) -> Iterator[tuple[SegFrame, int, BoolArray]]:
        """Every frame with a segment's number and its mask, (rows, columns); in a label map once for each segment."""
        for frame in self.frames:
            values = self._values(frame)
            if frame.segment is not None:
                yield frame, frame.segment, values > 0 if self._threshold is None else values >= self._threshold
                continue
            for number in np.unique(values).tolist():
                if number != BACKGROUND:
                    yield frame, number, values == number

    @cached_property
    def _threshold(self) -> float | None:
        is_fractional = self.dataset.SegmentationType == "FRACTIONAL"
        return INSIDE * int(self.dataset.MaximumFractionalValue) if is_fractional else None

    def _values(self, frame: SegFrame) -> np.ndarray:
        try:
            with quiet_pydicom():
                return self.dataset.get_stored_frame(frame.number)
        except Exception as error:  # damaged pixel data can raise anything
            raise OverlayError(
                f"{self.path}: the voxels of frame {frame.number} cannot be read: {reason_of(error)}; is it complete?"
            ) from error


def _descriptions(dataset: Dataset) -> tuple[SegDescription, ...]:
    """What is said of every segment, the background of a label map excepted."""
    items = [item for item in dataset.SegmentSequence if int(item.SegmentNumber) != BACKGROUND]
    return tuple(
        SegDescription(
            int(item.SegmentNumber),
            str(item.get("SegmentLabel") or f"Segment {item.SegmentNumber}"),
            _colour(item, place),
        )
        for place, item in enumerate(items)
    )


def _references(dataset: Dataset) -> References:
    """What the file says about the images it belongs to."""
    series = dataset.get("ReferencedSeriesSequence") or []
    instances = [image for item in series for image in item.get("ReferencedInstanceSequence") or []]
    instances += dataset.get("SourceImageSequence") or []
    frame_uid = str(dataset.get("FrameOfReferenceUID") or "")
    return References(
        str(dataset.get("PatientID") or "").strip(),
        str(dataset.get("StudyInstanceUID") or ""),
        frozenset({frame_uid} - {""}),
        frozenset(str(item.SeriesInstanceUID) for item in series if item.get("SeriesInstanceUID")),
        frozenset(str(item.ReferencedSOPInstanceUID) for item in instances if item.get("ReferencedSOPInstanceUID")),
    )


def _frame(number: int, own: Dataset, shared: Dataset) -> SegFrame:
    def group(keyword: str) -> Dataset | None:
        items = own.get(keyword) or shared.get(keyword)
        return items[0] if items else None

    identification = group("SegmentIdentificationSequence")
    row, column = checked_orientation([float(x) for x in group("PlaneOrientationSequence").ImageOrientationPatient])
    between_rows, between_columns = (float(x) for x in group("PixelMeasuresSequence").PixelSpacing)
    position = np.array([float(x) for x in group("PlanePositionSequence").ImagePositionPatient])
    if position.shape != (3,) or not np.isfinite(position).all() or not min(between_rows, between_columns) > 0:
        raise ValueError("no place in space")
    return SegFrame(
        number,
        None if identification is None else int(identification.ReferencedSegmentNumber),
        position,
        row * between_columns,
        column * between_rows,
    )


def _colour(item: Dataset, place: int) -> Colour:
    value = item.get("RecommendedDisplayCIELabValue")
    return segment_colour(place) if value is None or len(value) != 3 else colour_from_cielab(value)
