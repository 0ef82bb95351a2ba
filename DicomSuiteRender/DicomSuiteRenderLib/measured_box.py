"""A box that may be turned in the patient, and the voxels whose centres lie in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from DicomSuiteLib.geometry import FloatArray, Vector3
from DicomSuiteLib.segments import BoolArray
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteRenderLib.errors import RenderError

ON_FACE = 1e-9
"""mm by which a voxel centre may lie outside and still count as on a face."""


@dataclass(frozen=True, eq=False)
class MeasuredBox:
    """A box of any orientation; voxel centres on its faces are inside.

    Parameters
    ----------
    centre : LPS mm
    axes : 3x3, columns are the LPS unit vectors of its edges, perpendicular to each other
    size : mm along its edges

    Raises
    ------
    RenderError
        If it has no extent.
    """

    centre: Vector3
    axes: FloatArray
    size: Vector3

    def __post_init__(self) -> None:
        if not min(self.size) > 0:
            raise RenderError("The box has no extent; draw it larger.")

    @property
    def volume(self) -> float:
        """mm³."""
        return float(np.prod(self.size))

    @property
    def corners(self) -> FloatArray:
        """(8, 3) LPS mm."""
        signs = np.stack(np.meshgrid(*[(-0.5, 0.5)] * 3), axis=-1).reshape(-1, 3)
        return np.array(self.centre) + (signs * self.size) @ self.axes.T

    def voxels(self, grid: SliceGrid) -> Iterator[tuple[int, slice, slice, BoolArray]]:
        """The voxels whose centres are inside, slice by slice: k, rows, columns, and which of those (rows, columns)."""
        in_plane = np.column_stack([grid.row_step, grid.column_step])
        to_indices = np.linalg.pinv(in_plane)
        corners = self.corners
        slices = _span(grid.ijk_from_lps(corners)[:, 2], len(grid.positions))
        for k in range(slices.start, slices.stop):
            # On one slice i and j change evenly along any line, so nowhere in the box farther than at its corners.
            columns, rows = map(_span, ((corners - grid.positions[k]) @ to_indices.T).T, grid.size)
            yield k, rows, columns, self._holds(grid, k, rows, columns)

    def _holds(self, grid: SliceGrid, k: int, rows: slice, columns: slice) -> BoolArray:
        i, j = np.arange(columns.start, columns.stop), np.arange(rows.start, rows.stop)
        start = (np.array(grid.positions[k]) - self.centre) @ self.axes
        along_rows, along_columns = (np.array(step) @ self.axes for step in (grid.row_step, grid.column_step))
        inside = np.ones((len(j), len(i)), bool)
        for axis in range(3):
            offset = start[axis] + j[:, None] * along_columns[axis] + i * along_rows[axis]
            inside &= np.abs(offset) <= self.size[axis] / 2 + ON_FACE
        return inside


def _span(indices: NDArray[np.float64], count: int) -> slice:
    """Every whole index from the lowest to the highest of `indices` and a little beyond, of `count`."""
    first = max(int(np.floor(indices.min())), 0)
    return slice(first, max(first, min(int(np.ceil(indices.max())) + 1, count)))
