"""Contours that do not run along the slices: fill them on planes of their own, then take that over to the volume."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from DicomSuiteLib.geometry import FloatArray, ImageGeometry
from DicomSuiteLib.segments import smallest_box
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteRTOverlayLib.contour_planes import SliceHeights, contour_planes
from DicomSuiteRTOverlayLib.plane_voxels import EMPTY, BoxVoxels, planes_to_voxels
from DicomSuiteRTOverlayLib.slice_sources import WIDEST_GAP_MM, slice_sources, usual_gap

FINER = 2
"""How many voxels of the contours' own grid lie along the volume's smallest voxel edge."""

MOST_VOXELS = 1 << 25
"""Of that grid; for a structure that would need more it is made coarser."""

AXES_SEEN_ALONG = ((1, 2, 0), (0, 2, 1))
"""Axes of a volume that are i, j and k where it is looked at as sagittal and as coronal slices of its array."""


@dataclass(frozen=True, eq=False)
class ReorientedVoxels:
    """What was made of contours across the slices, and how many were left out, for not running along the others."""

    voxels: BoxVoxels
    left_out: int


def reoriented_voxels(contours: Sequence[FloatArray], volume: SliceGrid) -> ReorientedVoxels:
    """Turn contours, each (n, 3) LPS mm, that run across the slices of a volume into voxels of it.

    The largest contour tells in which direction they run. Those along two of the volume's own axes are filled on its
    voxel centres; others on a finer grid of their own, from which the voxels are interpolated.
    """
    normals = np.array([_area_vector(contour) for contour in contours])
    areas = np.linalg.norm(normals, axis=1)
    if not areas.any():
        return ReorientedVoxels(EMPTY, len(contours))
    normal = normals[areas.argmax()] / areas.max()
    flatness = SliceHeights(volume).flatness
    stacked = [contour for contour in contours if np.ptp(contour @ normal) <= flatness]
    left_out = len(contours) - len(stacked)
    if not stacked:
        return ReorientedVoxels(EMPTY, left_out)
    for axes in AXES_SEEN_ALONG:
        if _runs_along(stacked, volume.geometry, axes, flatness):
            return ReorientedVoxels(_filled_on_voxels(stacked, volume.geometry, axes), left_out)
    return ReorientedVoxels(_filled_on_own_grid(stacked, normal, volume), left_out)


def _area_vector(contour: FloatArray) -> FloatArray:
    """Normal of a polygon (n, 3), as long as its area (Newell's method)."""
    centred = contour - contour[0]
    return np.cross(centred, np.roll(centred, -1, axis=0)).sum(axis=0) / 2


def _runs_along(
    contours: Sequence[FloatArray], geometry: ImageGeometry | None, axes: tuple[int, int, int], flatness: float
) -> bool:
    if geometry is None or geometry.is_sheared:
        return False
    across = np.array(geometry.directions)[:, axes[2]]
    return all(np.ptp(contour @ across) <= flatness for contour in contours)


def _filled_on_voxels(contours: Sequence[FloatArray], geometry: ImageGeometry, axes: tuple[int, int, int]) -> BoxVoxels:
    turned = ImageGeometry.from_axes(
        [geometry.size[axis] for axis in axes], geometry.axes[:, list(axes)], geometry.origin
    )
    offset, voxels = _filled(contours, SliceGrid.from_geometry(turned), 1.0)
    order = [2 - axes.index(axis) for axis in (2, 1, 0)]
    return tuple(offset[axis] for axis in order), np.ascontiguousarray(voxels.transpose(order))


def _filled_on_own_grid(contours: Sequence[FloatArray], normal: FloatArray, volume: SliceGrid) -> BoxVoxels:
    edges = [*SliceHeights(volume).spacing, *volume.slice_distances]
    grid = _own_grid(contours, normal, float(min(edges)) / FINER, float(max(edges)))
    offset, voxels = _filled(contours, grid, float(max(edges)) / grid.slice_distances[0])
    return _resampled((offset, voxels), grid, volume) if voxels.any() else EMPTY


def _filled(contours: Sequence[FloatArray], grid: SliceGrid, lone_spacing: float) -> BoxVoxels:
    """Voxels of `grid`, along whose slices all contours run; one plane alone stands for `lone_spacing` slices."""
    heights = SliceHeights(grid)
    planes, _ = contour_planes(contours, heights, flatness=np.inf)
    usual = usual_gap([np.array([plane.k for plane in planes])], heights) if len(planes) > 1 else lone_spacing
    return planes_to_voxels(planes, slice_sources(planes, heights, usual), heights)


def _own_grid(contours: Sequence[FloatArray], normal: FloatArray, edge: float, margin: float) -> SliceGrid:
    """A grid with cubic voxels of `edge` mm or more around the contours, its slices along their planes."""
    row = np.cross(normal, np.eye(3)[np.abs(normal).argmin()])
    row /= np.linalg.norm(row)
    frame = np.column_stack([row, np.cross(normal, row), normal])
    points = np.concatenate(contours) @ frame
    around = np.array([edge, edge, margin + WIDEST_GAP_MM / 2])
    low, high = points.min(axis=0) - around, points.max(axis=0) + around
    edge = max(edge, float(np.cbrt(np.prod(high - low) / MOST_VOXELS)))
    size = np.ceil((high - low) / edge).astype(int) + 1
    return SliceGrid.from_geometry(ImageGeometry.from_axes(size.tolist(), frame * edge, frame @ low))


def _resampled(own: BoxVoxels, grid: SliceGrid, volume: SliceGrid) -> BoxVoxels:
    """Interpolate linearly between the voxels of `grid`; what is at least half inside is inside."""
    offset, voxels = own
    inside = np.pad(voxels.astype(np.float32), 1)
    first = np.array(offset[::-1]) - 1  # i, j, k of the padded box
    corners = first + np.array(np.meshgrid(*[[0, length] for length in inside.shape[::-1]])).reshape(3, 8).T
    reached = volume.ijk_from_lps(grid.lps_from_ijk(corners))
    low = np.clip(np.floor(reached.min(axis=0)), 0, volume.size).astype(int)
    high = np.clip(np.ceil(reached.max(axis=0)) + 1, 0, volume.size).astype(int)
    if np.any(high <= low):
        return EMPTY
    result = np.zeros((high - low)[::-1], bool)
    j, i = np.mgrid[low[1] : high[1], low[0] : high[0]]
    for k in range(low[2], high[2]):
        places = grid.ijk_from_lps(volume.lps_from_ijk(np.stack([i, j, np.full_like(i, k)], axis=-1))) - first
        result[k - low[2]] = ndimage.map_coordinates(inside, np.moveaxis(places[..., ::-1], -1, 0), order=1) >= 0.5
    box = smallest_box(result)
    starts = tuple(int(low[2 - axis]) + box[axis].start for axis in range(3))
    return (starts, result[box].copy()) if result.any() else EMPTY
