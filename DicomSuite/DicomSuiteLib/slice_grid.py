"""Where the voxels of stacked slices lie when each slice has a position of its own: `SliceGrid`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from DicomSuiteLib.geometry import (
    FloatArray,
    GeometryError,
    ImageGeometry,
    Vector3,
    checked_orientation,
    slice_offsets,
    slice_position_tolerance,
)
from DicomSuiteLib.stacks import Stack

SAME_PLACE_MM = 0.01
"""How far apart voxels may lie that count as the same: above the rounding of decimal strings, far below a voxel."""


@dataclass(frozen=True)
class SliceGrid:
    """Place of stacked slices in the patient: all share one lattice in the plane, each lies where it says.

    It holds what `ImageGeometry` cannot: a gantry that tilts, spacings that change, slices that are missing. Between
    two slices, positions are interpolated linearly; beyond the first and the last they go on as at the end.

    Parameters
    ----------
    columns, rows : number of voxels along i and along j
    row_step, column_step : LPS mm to the next voxel along i (along a row) and along j (down a column)
    positions : LPS mm of the centre of voxel (0, 0) of every slice, in the order in which they are stacked
    lone_step : LPS mm across a single slice, through its thickness; not used where there are several

    Raises
    ------
    GeometryError
        If the slices do not follow each other along their normal, or a single one has no spacing.
    """

    columns: int
    rows: int
    row_step: Vector3
    column_step: Vector3
    positions: tuple[Vector3, ...]
    lone_step: Vector3 | None = None

    def __post_init__(self) -> None:
        if not self.positions:
            raise GeometryError("A grid of slices needs at least one slice.")
        if len(self.positions) == 1 and self.lone_step is None:
            raise GeometryError("One slice alone does not tell its spacing; its thickness is needed.")
        if not np.all(np.diff(self._heights) > 0):
            raise GeometryError("The slices do not follow each other along their normal: two share a position.")

    @classmethod
    def from_geometry(cls, geometry: ImageGeometry) -> SliceGrid:
        """Take over an even grid; sheared and left-handed axes stay as they are."""
        columns, rows, slices = geometry.size
        axes = geometry.axes
        positions = np.array(geometry.origin) + np.outer(np.arange(slices), axes[:, 2])
        return cls(columns, rows, _vector(axes[:, 0]), _vector(axes[:, 1]), _vectors(positions), _vector(axes[:, 2]))

    @classmethod
    def from_stack(cls, stack: Stack) -> SliceGrid:
        """Take the place of every frame of a DICOM series' volume from its ImagePositionPatient.

        Raises
        ------
        GeometryError
            If a frame has no position, no orientation or no pixel spacing, or two share a position.
        """
        first = stack.frames[0]
        if not all(frame.is_placed for frame in stack.frames):
            raise GeometryError("Not every image has a position and an orientation in the patient.")
        if first.pixel_spacing is None:
            raise GeometryError("The images have no PixelSpacing, so their size in mm is unknown.")
        row, column = checked_orientation(first.orientation)
        between_rows, between_columns = first.pixel_spacing
        across = None if first.thickness is None else _vector(np.cross(row, column) * first.thickness)
        return cls(
            first.columns,
            first.rows,
            _vector(row * between_columns),
            _vector(column * between_rows),
            tuple(frame.position for frame in stack.frames),
            across,
        )

    def is_close(self, other: SliceGrid, tolerance_mm: float = SAME_PLACE_MM) -> bool:
        """True if there are as many voxels, and none is more than `tolerance_mm` from its counterpart."""
        if self.size != other.size:
            return False
        columns, rows, slices = self.size
        k = np.arange(slices)
        corners = np.stack([np.column_stack(np.broadcast_arrays(i, j, k)) for i in (0, columns) for j in (0, rows)])
        distances = np.linalg.norm(self.lps_from_ijk(corners) - other.lps_from_ijk(corners), axis=-1)
        return bool(distances.max() <= tolerance_mm)

    @property
    def size(self) -> tuple[int, int, int]:
        """Number of voxels along i, j, k."""
        return self.columns, self.rows, len(self.positions)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape of an array of its voxels: slices, rows, columns."""
        return len(self.positions), self.rows, self.columns

    @cached_property
    def geometry(self) -> ImageGeometry | None:
        """The even grid that this is, sheared or not; None where the slices are not evenly spaced on a line."""
        places = self._positions
        step = self._end_steps[0] if len(places) == 1 else (places[-1] - places[0]) / (len(places) - 1)
        tolerance = slice_position_tolerance(float(np.linalg.norm(step)))
        if len(places) > 1 and slice_offsets(places).max() > tolerance:
            return None
        axes = np.column_stack([self.row_step, self.column_step, step])
        return ImageGeometry.from_axes(self.size, axes, places[0])

    @cached_property
    def nominal_geometry(self) -> ImageGeometry:
        """`geometry` where there is one; else slices evenly spaced along their normal, from the first one on."""
        if self.geometry is not None:
            return self.geometry
        step = self._normal * (self._heights[-1] - self._heights[0]) / (len(self.positions) - 1)
        axes = np.column_stack([self.row_step, self.column_step, step])
        return ImageGeometry.from_axes(self.size, axes, self.positions[0])

    def lps_from_ijk(self, ijk: ArrayLike) -> FloatArray:
        """Turn voxel indices (..., 3), fractions allowed, into LPS points (..., 3) in mm."""
        indices = np.asarray(ijk, dtype=float)
        in_plane = np.column_stack([self.row_step, self.column_step])
        return indices[..., :2] @ in_plane.T + self._positions_at(indices[..., 2])

    def ijk_from_lps(self, lps: ArrayLike) -> FloatArray:
        """Turn LPS points (..., 3) in mm into fractional voxel indices (..., 3)."""
        points = np.asarray(lps, dtype=float)
        k = self._slice_at(points @ self._normal)
        in_plane = np.linalg.pinv(np.column_stack([self.row_step, self.column_step]))
        return np.concatenate([(points - self._positions_at(k)) @ in_plane.T, k[..., None]], axis=-1)

    @cached_property
    def slice_distances(self) -> FloatArray:
        """Distances (mm, along the normal) between neighbouring slices, (n - 1,); for a lone slice its own, (1,)."""
        return np.diff(self._heights) if len(self.positions) > 1 else np.array([self._end_steps[0] @ self._normal])

    @cached_property
    def slice_thicknesses(self) -> FloatArray:
        """How much (mm, along the normal) each slice stands for, (n,): half the way to either neighbour."""
        distances = self.slice_distances
        if len(self.positions) == 1:
            return distances
        return (np.concatenate([distances[:1], distances]) + np.concatenate([distances, distances[-1:]])) / 2

    @cached_property
    def voxel_volumes(self) -> FloatArray:
        """Volume (mm³) of a voxel of each slice, (n,)."""
        area = float(np.linalg.norm(np.cross(self.row_step, self.column_step)))
        return area * self.slice_thicknesses

    @cached_property
    def _positions(self) -> FloatArray:
        return np.array(self.positions, dtype=float)

    @cached_property
    def _normal(self) -> FloatArray:
        """LPS unit vector across the slices, along which k grows."""
        normal = np.cross(self.row_step, self.column_step)
        length = np.linalg.norm(normal)
        if length == 0:
            raise GeometryError("Rows and columns of the slices run along one line.")
        along = self._end_steps[0] @ normal
        return normal / (-length if along < 0 else length)

    @cached_property
    def _heights(self) -> FloatArray:
        return self._positions @ self._normal

    @cached_property
    def _end_steps(self) -> tuple[FloatArray, FloatArray]:
        """LPS mm from the first slice to the second, and from the last but one to the last."""
        if len(self.positions) == 1:
            return np.array(self.lone_step), np.array(self.lone_step)
        places = self._positions
        return places[1] - places[0], places[-1] - places[-2]

    def _slice_at(self, heights: FloatArray) -> FloatArray:
        """Fractional slice number at `heights` (mm along the normal)."""
        known = self._heights
        k = np.interp(heights, known, np.arange(len(known)))
        first, last = (float(step @ self._normal) for step in self._end_steps)
        k = np.where(heights < known[0], (heights - known[0]) / first, k)
        return np.where(heights > known[-1], len(known) - 1 + (heights - known[-1]) / last, k)

    def _positions_at(self, k: FloatArray) -> FloatArray:
        """LPS of voxel (0, 0) at fractional slice numbers `k`."""
        places, last = self._positions, len(self.positions) - 1
        inside = np.clip(k, 0, last)
        below = np.minimum(inside.astype(int), max(last - 1, 0))
        above = np.minimum(below + 1, last)
        share = (inside - below)[..., None]
        first_step, last_step = self._end_steps
        beyond = np.minimum(k, 0)[..., None] * first_step + np.maximum(k - last, 0)[..., None] * last_step
        return places[below] * (1 - share) + places[above] * share + beyond


def _vector(values: Sequence[float] | FloatArray) -> Vector3:
    return tuple(np.asarray(values, dtype=float).tolist())


def _vectors(values: FloatArray) -> tuple[Vector3, ...]:
    return tuple(map(tuple, values.tolist()))
