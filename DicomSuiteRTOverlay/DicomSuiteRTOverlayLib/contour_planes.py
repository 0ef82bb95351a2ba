"""Group the contours of an ROI into planes, in the index space of the volume's slices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from DicomSuiteLib.geometry import FloatArray
from DicomSuiteLib.slice_grid import SliceGrid

ROUNDING_MM = 0.1
"""Coordinates are rounded to this by some writers: heights that agree to it are one plane's."""

ROUNDING_SHARE = 0.1
"""Heights that differ by more than this share of the slice distance are never one plane's."""

STRAIGHT_VOXELS = 1e-4
"""Slices that lie less than this off the line of their normal are on it."""


@dataclass(frozen=True, eq=False)
class ContourPlane:
    """All contours of an ROI at one height.

    Parameters
    ----------
    height : mm along the normal of the slices
    k : the height as a fractional slice number
    polygons : each (n, 2), x along i and y along j, in voxels
    repeated : how many contours were left out because the plane has them already
    """

    height: float
    k: float
    polygons: tuple[FloatArray, ...]
    repeated: int = 0


class SliceHeights:
    """Heights (mm along the normal, growing with k) of points over the slices of a grid."""

    def __init__(self, grid: SliceGrid) -> None:
        self.grid = grid
        normal = np.cross(grid.row_step, grid.column_step)
        along = grid.lps_from_ijk([0, 0, 1]) - grid.lps_from_ijk([0, 0, 0])
        self._normal = normal / (np.linalg.norm(normal) * np.sign(normal @ along))
        self._in_plane = np.linalg.pinv(np.column_stack([grid.row_step, grid.column_step])).T
        self.of_slices = np.array(grid.positions) @ self._normal

    @cached_property
    def tolerance(self) -> float:
        """How far (mm) heights may differ and still be one plane's."""
        return min(ROUNDING_MM, ROUNDING_SHARE * float(self.grid.slice_distances.min()))

    @cached_property
    def flatness(self) -> float:
        """How far (mm) the heights of one contour may be apart for it to count as parallel to the slices."""
        return max(ROUNDING_MM, 2 * ROUNDING_SHARE * float(np.median(self.grid.slice_distances)))

    @cached_property
    def spacing(self) -> tuple[float, float]:
        """mm between voxel centres along i and j."""
        return float(np.linalg.norm(self.grid.row_step)), float(np.linalg.norm(self.grid.column_step))

    def of(self, points: FloatArray) -> FloatArray:
        """Heights (n,) of LPS points (n, 3)."""
        return points @ self._normal

    def slices_at(self, points: FloatArray, heights: FloatArray) -> FloatArray:
        """Fractional slice numbers (n,) at `heights` (n,), straight above or below LPS points (n, 3)."""
        lifted = points + (heights - self.of(points))[:, None] * self._normal
        return self.grid.ijk_from_lps(lifted)[:, 2]

    def in_plane(self, offsets: FloatArray) -> FloatArray:
        """x, y (n, 2) in voxels of LPS vectors (n, 3); what they have along the normal does not matter."""
        return offsets @ self._in_plane

    def shift(self, plane: ContourPlane, number: int) -> FloatArray:
        """What takes x, y of a plane to those straight across it on slice `number`; nothing unless a gantry tilts."""
        if self._are_straight:
            return np.zeros(2)
        own = self.grid.lps_from_ijk([0, 0, plane.k])
        return self.in_plane(own - np.array(self.grid.positions[number]))

    @cached_property
    def _are_straight(self) -> bool:
        """True if the slices follow each other along their normal, as they do unless a gantry tilts."""
        positions = np.array([*self.grid.positions, self.grid.lps_from_ijk([0, 0, 1])])
        return bool(np.abs(self.in_plane(positions - positions[0])).max() < STRAIGHT_VOXELS)


def contour_planes(
    contours: Sequence[FloatArray], heights: SliceHeights, flatness: float
) -> tuple[list[ContourPlane], list[FloatArray]]:
    """Group contours, each (n, 3) LPS mm, by their heights, lowest first; return also those not parallel to the slices.

    Parameters
    ----------
    flatness : how far (mm) the heights of a contour may be apart for it to count as parallel

    A contour that its plane has already, point by point, is taken once: by the even-odd rule two would be none.
    """
    if not contours:
        return [], []
    counts = np.array([len(contour) for contour in contours])
    starts = np.cumsum(counts) - counts
    points = np.concatenate(contours)
    levels, ranges = _levels(heights.of(points), starts, counts)
    flat = ranges <= flatness
    across = [contours[number] for number in np.flatnonzero(~flat)]
    order = np.flatnonzero(flat)[np.argsort(levels[flat], kind="stable")]
    if not len(order):
        return [], across
    groups = np.split(order, np.flatnonzero(np.diff(levels[order]) > heights.tolerance) + 1)
    ks = heights.slices_at(points[starts], levels)
    origins = heights.grid.lps_from_ijk(np.column_stack([np.zeros_like(ks), np.zeros_like(ks), ks]))
    polygons = np.split(heights.in_plane(points - np.repeat(origins, counts, axis=0)), starts[1:])
    return [_plane([polygons[member] for member in group], levels[group], ks[group]) for group in groups], across


def _levels(heights: FloatArray, starts: NDArray[np.int64], counts: NDArray[np.int64]) -> tuple[FloatArray, FloatArray]:
    """Mean and range of the heights of every contour."""
    ranges = np.maximum.reduceat(heights, starts) - np.minimum.reduceat(heights, starts)
    return np.add.reduceat(heights, starts) / counts, ranges


def _plane(polygons: Sequence[FloatArray], levels: FloatArray, ks: FloatArray) -> ContourPlane:
    distinct = {polygon.tobytes(): polygon for polygon in polygons} if len(polygons) > 1 else {b"": polygons[0]}
    repeated = len(polygons) - len(distinct)
    return ContourPlane(float(levels.mean()), float(ks.mean()), tuple(distinct.values()), repeated)
