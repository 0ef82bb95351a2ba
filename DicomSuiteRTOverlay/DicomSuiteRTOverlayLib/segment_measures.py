"""Everything that is measured of one segment on its volume."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from DicomSuiteLib.closed_surface import closed_surface, mesh_area, mesh_volume
from DicomSuiteLib.geometry import Vector3
from DicomSuiteLib.missing_package import MissingPackageError
from DicomSuiteLib.segment_extent import BoundingBox, bounding_box, centroid, voxel_volume
from DicomSuiteLib.segments import Segment
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteLib.value_statistics import Quantity, ValueStatistics, value_statistics
from DicomSuiteLib.volumes import Volume


@dataclass(frozen=True)
class SurfaceMeasures:
    """Volume (mm³) inside, and area (mm²) of, the closed surface of a segment."""

    volume: float
    area: float


@dataclass(frozen=True)
class SegmentMeasures:
    """What was measured of one segment; of an empty one everything but the voxel count and volume is None.

    Parameters
    ----------
    name : of the segment
    voxel_count : voxels inside
    voxel_volume : mm³ of all voxels inside
    surface : of the closed surface; None also where it cannot be made, with a note
    bounding_box : LPS mm, up to the edges of the voxels
    centroid : LPS mm, weighted by voxel volume
    quantity : what the voxel values are
    values : statistics of the voxel values on the volume's own grid
    notes : what is missing and why, in words; no identifying value, no path
    """

    name: str
    voxel_count: int
    voxel_volume: float
    surface: SurfaceMeasures | None
    bounding_box: BoundingBox | None
    centroid: Vector3 | None
    quantity: Quantity
    values: ValueStatistics | None
    notes: tuple[str, ...] = ()


def measure_segment(segment: Segment, volume: Volume) -> SegmentMeasures:
    """Measure a segment that lies on the voxels of `volume`."""
    surface, surface_notes = _surface(segment, volume.grid)
    values, value_notes = _values(segment, volume)
    empty_note = ("no voxel is inside",) if segment.is_empty else ()
    return SegmentMeasures(
        name=segment.name,
        voxel_count=int(np.count_nonzero(segment.voxels)),
        voxel_volume=voxel_volume(segment, volume.grid),
        surface=surface,
        bounding_box=bounding_box(segment, volume.grid),
        centroid=centroid(segment, volume.grid),
        quantity=Quantity.of(volume),
        values=values,
        notes=empty_note + surface_notes + value_notes,
    )


def _surface(segment: Segment, grid: SliceGrid) -> tuple[SurfaceMeasures | None, tuple[str, ...]]:
    if segment.is_empty:
        return None, ()
    try:
        mesh = closed_surface(segment, grid)
    except MissingPackageError as error:
        return None, (f"no surface: {error}",)
    return SurfaceMeasures(mesh_volume(mesh), mesh_area(mesh)), ()


def _values(segment: Segment, volume: Volume) -> tuple[ValueStatistics | None, tuple[str, ...]]:
    values = volume.voxels[segment.box][segment.voxels]
    if not np.issubdtype(values.dtype, np.inexact):
        return value_statistics(values), ()
    finite = np.isfinite(values)
    left_out = int(np.count_nonzero(~finite))
    notes = (f"{left_out} voxels without a finite value are left out of the statistics",) if left_out else ()
    return value_statistics(values[finite]), notes
