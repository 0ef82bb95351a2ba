"""Segments on uneven slices, brought to an even grid at right angles, as files with one geometry need it."""

from __future__ import annotations

import numpy as np

from DicomSuiteLib.geometry import FloatArray, ImageGeometry
from DicomSuiteLib.segments import Segment, Segmentation
from DicomSuiteLib.slice_grid import SliceGrid

UNEVEN_NOTE = (
    "The volume's slices are uneven. Files that can hold one spacing only were resampled (nearest slice) to "
    "{spacing:.2f} mm; RTSTRUCT, DICOM SEG and surfaces lie where the slices lie."
)


def even_segmentation(segmentation: Segmentation) -> Segmentation:
    """The same segments on an even grid; unchanged where the grid is even already, sheared or not.

    An uneven grid becomes one at right angles with the smallest distance between its slices, around all of them;
    every voxel takes the value of the voxel of the volume in which its centre lies.
    """
    grid = segmentation.grid
    if grid.geometry is not None:
        return segmentation
    geometry = _even_geometry(grid)
    segments = tuple(_moved(segment, grid, geometry) for segment in segmentation.segments)
    note = UNEVEN_NOTE.format(spacing=geometry.spacing[2])
    return Segmentation(segments, SliceGrid.from_geometry(geometry), (*segmentation.notes, note))


def _even_geometry(grid: SliceGrid) -> ImageGeometry:
    """A grid with the columns and rows of the slices, at right angles, that reaches around all of them."""
    row, column = np.array(grid.row_step), np.array(grid.column_step)
    nominal = grid.nominal_geometry
    normal = np.array(nominal.directions)[:, 2]
    step = float(grid.slice_distances.min())
    axes = np.column_stack([row, column, normal * step])
    last = [n - 1 for n in grid.size]
    corners = np.array([[i, j, k] for i in (0, last[0]) for j in (0, last[1]) for k in range(grid.size[2])])
    places = (grid.lps_from_ijk(corners) - np.array(grid.positions[0])) @ np.linalg.inv(axes).T
    low, high = np.floor(places.min(axis=0) + 1e-6), np.ceil(places.max(axis=0) - 1e-6)
    return ImageGeometry.from_axes(high - low + 1, axes, grid.positions[0] + axes @ low)


def _moved(segment: Segment, grid: SliceGrid, geometry: ImageGeometry) -> Segment:
    if segment.is_empty:
        return segment
    reach = _reach(segment, grid, geometry)
    mask = np.zeros(geometry.size[::-1], bool)
    j, i = np.mgrid[reach[1], reach[2]]
    for k in range(reach[0].start, reach[0].stop):
        places = geometry.lps_from_ijk(np.stack([i, j, np.full_like(i, k)], axis=-1))
        mask[k, reach[1], reach[2]] = _values_at(segment, grid.ijk_from_lps(places))
    return Segment.from_mask(segment.name, segment.colour, segment.value, mask)


def _reach(segment: Segment, grid: SliceGrid, geometry: ImageGeometry) -> tuple[slice, slice, slice]:
    """Which voxels (k, j, i) of the even grid the segment's box can touch."""
    first, last = np.array(segment.offset), np.array(segment.offset) + segment.voxels.shape
    slices = np.arange(first[0], last[0])
    edges = np.concatenate([[first[0] - 0.5], slices, [last[0] - 0.5]])
    sides_i, sides_j = (first[2] - 0.5, last[2] - 0.5), (first[1] - 0.5, last[1] - 0.5)
    corners = [[i, j, k] for i in sides_i for j in sides_j for k in edges]
    places = geometry.ijk_from_lps(grid.lps_from_ijk(corners))[:, ::-1]
    size = np.array(geometry.size[::-1])
    low = np.clip(np.floor(places.min(axis=0)), 0, size).astype(int)
    high = np.clip(np.ceil(places.max(axis=0)) + 1, 0, size).astype(int)
    return tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))


def _values_at(segment: Segment, ijk: FloatArray) -> np.ndarray:
    """The segment's value in the voxel in which each index (…, 3) lies; False outside its box."""
    kji = np.rint(ijk[..., ::-1]).astype(int) - np.array(segment.offset)
    inside = np.all((kji >= 0) & (kji < np.array(segment.voxels.shape)), axis=-1)
    values = np.zeros(inside.shape, bool)
    values[inside] = segment.voxels[tuple(kji[inside].T)]
    return values
