"""Analytic shapes with known contours and known voxels, and an RTSTRUCT writer for them and for defects."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset, FileMetaDataset, dcmwrite
from pydicom.dataelem import RawDataElement
from pydicom.tag import Tag
from pydicom.uid import ExplicitVRLittleEndian, RTStructureSetStorage, generate_uid

from DicomSuiteLib.geometry import ImageGeometry

CONTOUR_DATA = Tag(0x3006, 0x0050)
POINTS = 720
"""Vertices of a circle; its radius is corrected so that the polygon has the circle's area."""


@dataclass(frozen=True)
class Shape:
    """A body with its centre at the origin: `radii(z)` of the concentric circles that bound it at height z (mm)."""

    name: str
    radii: Callable[[float], Sequence[float]]
    reach: float

    def is_inside(self, points: NDArray) -> NDArray[np.bool_]:
        """Truth at `points` (..., 3) in mm; heights that repeat are asked for once."""
        across = np.hypot(points[..., 0], points[..., 1])
        inside = np.zeros(across.shape, bool)
        heights, which = np.unique(np.round(points[..., 2], 6), return_inverse=True)
        which = which.reshape(across.shape)
        for number, height in enumerate(heights):
            for radius in self.radii(float(height)):
                inside ^= (which == number) & (across < radius)
        return inside


def sphere(radius: float) -> Shape:
    """A ball."""
    return Shape(
        f"sphere {radius:g}",
        lambda z: [float(np.sqrt(radius**2 - z**2))] if abs(z) < radius else [],
        radius,
    )


def torus(large: float, small: float) -> Shape:
    """A ring around z: two circles on each plane."""

    def radii(z: float) -> list[float]:
        half = float(np.sqrt(small**2 - z**2)) if abs(z) < small else 0.0
        return [large - half, large + half] if half else []

    return Shape(f"torus {large:g} {small:g}", radii, small)


def cylinder(radius: float, half_length: float) -> Shape:
    """A rod along z."""
    return Shape(f"cylinder {radius:g}", lambda z: [radius] if abs(z) <= half_length else [], half_length)


@dataclass(frozen=True)
class Contour:
    """One item of ContourSequence; `text` and `count` stand in for what `points` (n, 3) LPS mm would give."""

    points: NDArray
    kind: str | None = "CLOSED_PLANAR"
    text: bytes | None = None
    count: int | None = None


@dataclass(frozen=True)
class PhantomRoi:
    """One ROI; `contours` is None where it has no item in ROIContourSequence."""

    name: str
    contours: Sequence[Contour] | None
    colour: tuple[int, int, int] | None = (255, 0, 0)
    number: int | None = None
    frame_of_reference_uid: str | None = None


@dataclass(frozen=True)
class Owner:
    """Whom a structure set belongs to."""

    frame_of_reference_uid: str = "1.2.3.1"
    study_uid: str = "1.2.3.2"
    series_uid: str = "1.2.3.3"
    patient_id: str = "P-1"
    instance_uids: tuple[str, ...] = ()


def phantom_geometry(orientation: str = "axial", size: tuple[int, int, int] = (72, 64, 24)) -> ImageGeometry:
    """A grid of non-square pixels (0.9 x 1.1 x 3 mm); its middle voxel lies near the patient's origin.

    `orientation`: axial, sagittal, oblique (turned about two axes), sheared (as by a gantry tilted by 18 degrees).
    """
    turns = {"axial": np.eye(3), "sagittal": np.eye(3)[[2, 0, 1]], "oblique": _turned(0.4, 0.3), "sheared": np.eye(3)}
    axes = turns[orientation] @ np.diag([0.9, 1.1, 3.0])
    if orientation == "sheared":
        axes[1, 2] = 3.0 * np.tan(np.radians(18))
    middle = axes @ (np.array(size) // 2)
    return ImageGeometry.from_axes(size, axes, -middle + axes @ np.array([0.21, 0.37, 0.0]))


def local_axes(geometry: ImageGeometry) -> NDArray:
    """3x3, columns are the phantom's x, y, z in LPS: along rows, along columns, along the normal."""
    row, column = np.array(geometry.directions)[:, :2].T
    return np.column_stack([row, column, np.cross(row, column)])


def truth(shape: Shape, geometry: ImageGeometry, axes: NDArray | None = None) -> NDArray[np.bool_]:
    """Which voxel centres of `geometry` are inside the shape, (k, j, i)."""
    columns, rows, slices = geometry.size
    k, j, i = np.meshgrid(np.arange(slices), np.arange(rows), np.arange(columns), indexing="ij")
    points = geometry.lps_from_ijk(np.stack([i, j, k], axis=-1))
    return shape.is_inside(points @ (local_axes(geometry) if axes is None else axes))


def contours(
    shape: Shape, geometry: ImageGeometry, *, offset: float = 0.0, every: int = 1, axes: NDArray | None = None
) -> list[Contour]:
    """Contours of the shape on every n-th slice, `offset` mm along the normal away from it."""
    local = local_axes(geometry) if axes is None else axes
    spacing = abs(float(local[:, 2] @ geometry.axes[:, 2]))
    count = int(shape.reach / spacing) + 2
    heights = np.arange(-count, count + 1) * spacing
    heights = heights[np.arange(len(heights)) % every == count % every] + offset
    return [Contour(circle(radius, height) @ local.T) for height in heights.tolist() for radius in shape.radii(height)]


def circle(radius: float, height: float, points: int = POINTS) -> NDArray:
    """Polygon (n, 3) in the phantom's mm, of the circle's area."""
    angles = np.linspace(0, 2 * np.pi, points, endpoint=False) + 0.01
    corrected = radius * np.sqrt(2 * np.pi / points / np.sin(2 * np.pi / points))
    return np.column_stack([corrected * np.cos(angles), corrected * np.sin(angles), np.full(points, height)])


def box_contour(x0: float, y0: float, x1: float, y1: float, z: float) -> Contour:
    """A rectangle, LPS mm."""
    return Contour(np.array([[x0, y0, z], [x1, y0, z], [x1, y1, z], [x0, y1, z]], float))


def write_rtstruct(path: Path, rois: Sequence[PhantomRoi], owner: Owner | None = None) -> Path:
    """Write an RTSTRUCT with these ROIs, whatever their defects."""
    owner = Owner() if owner is None else owner
    dataset = _heading(owner)
    dataset.StructureSetROISequence = [_roi_item(number, roi, owner) for number, roi in enumerate(rois, start=1)]
    dataset.ROIContourSequence = [
        _contour_item(number, roi) for number, roi in enumerate(rois, start=1) if roi.contours is not None
    ]
    dcmwrite(path, dataset, enforce_file_format=True)
    return path


def _heading(owner: Owner) -> Dataset:
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID, dataset.SOPInstanceUID = RTStructureSetStorage, generate_uid()
    dataset.Modality, dataset.SpecificCharacterSet = "RTSTRUCT", "ISO_IR 192"
    dataset.PatientID, dataset.StudyInstanceUID = owner.patient_id, owner.study_uid
    dataset.SeriesInstanceUID, dataset.StructureSetLabel = generate_uid(), "PHANTOM"
    if owner.frame_of_reference_uid:
        dataset.ReferencedFrameOfReferenceSequence = [_frame_of_reference(owner)]
    return dataset


def _frame_of_reference(owner: Owner) -> Dataset:
    images = [_item(ReferencedSOPInstanceUID=uid) for uid in owner.instance_uids]
    series = _item(SeriesInstanceUID=owner.series_uid, ContourImageSequence=images)
    study = _item(ReferencedSOPInstanceUID=owner.study_uid, RTReferencedSeriesSequence=[series])
    return _item(FrameOfReferenceUID=owner.frame_of_reference_uid, RTReferencedStudySequence=[study])


def _roi_item(number: int, roi: PhantomRoi, owner: Owner) -> Dataset:
    uid = roi.frame_of_reference_uid
    return _item(
        ROINumber=roi.number or number,
        ReferencedFrameOfReferenceUID=owner.frame_of_reference_uid if uid is None else uid,
        ROIName=roi.name,
        ROIGenerationAlgorithm="",
    )


def _contour_item(number: int, roi: PhantomRoi) -> Dataset:
    item = _item(ReferencedROINumber=roi.number or number)
    if roi.colour is not None:
        item.ROIDisplayColor = list(roi.colour)
    if roi.contours:
        item.ContourSequence = [_contour(contour) for contour in roi.contours]
    return item


def _contour(contour: Contour) -> Dataset:
    item = Dataset()
    if contour.kind is not None:
        item.ContourGeometricType = contour.kind
    item.NumberOfContourPoints = len(contour.points) if contour.count is None else contour.count
    text = contour.text
    if text is None:
        text = "\\".join(f"{value:.10g}"[:16] for value in np.ravel(contour.points).tolist()).encode()
    text += b" " * (len(text) % 2)
    item[CONTOUR_DATA] = RawDataElement(CONTOUR_DATA, "DS", len(text), text, 0, False, True)
    return item


def _item(**attributes: object) -> Dataset:
    item = Dataset()
    for keyword, value in attributes.items():
        setattr(item, keyword, value)
    return item


def _turned(about_x: float, about_y: float) -> NDArray:
    (cx, sx), (cy, sy) = ((np.cos(angle), np.sin(angle)) for angle in (about_x, about_y))
    return np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]]) @ np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
