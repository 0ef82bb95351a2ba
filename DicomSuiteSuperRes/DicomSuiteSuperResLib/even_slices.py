"""Slices at even distances: found where a volume has them, interpolated where its slices lie unevenly on a line."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from DicomSuiteLib.geometry import FloatArray, ImageGeometry, slice_position_tolerance
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteSuperResLib.degrade import along_axis
from DicomSuiteSuperResLib.errors import SuperResError

WIDEST_GAP = 2.05
"""In usual slice distances: one missing slice is bridged by interpolation, with a warning; two are not."""


@dataclass(frozen=True)
class EvenSlices:
    """The even grid that a volume is brought to before it is super-resolved.

    Parameters
    ----------
    geometry : the even grid, sheared and left-handed as the volume is
    places : for each of its slices, the fractional number of the volume's slice that lies there; None: it is the
        volume's own grid
    notes : what was done to get there, in words
    """

    geometry: ImageGeometry
    places: tuple[float, ...] | None = None
    notes: tuple[str, ...] = ()

    def of(self, voxels: NDArray) -> NDArray:
        """The values (k, j, i) on the even grid: as they are, or interpolated linearly between slices as float32."""
        if self.places is None:
            return voxels
        return along_axis(_linear_matrix(np.array(self.places), voxels.shape[0]), voxels, 0)


def even_slices(grid: SliceGrid) -> EvenSlices:
    """Find the even grid for `grid`, of its usual (median) slice distance where it is not even itself.

    Raises
    ------
    SuperResError
        If slices are shifted against each other, or more than one is missing in a row.
    """
    if grid.geometry is not None:
        return EvenSlices(grid.geometry)
    heights, direction = _along_line(np.array(grid.positions))
    gaps = np.diff(heights)
    usual = float(np.median(gaps))
    if gaps.max() > WIDEST_GAP * usual:
        raise SuperResError(
            f"Between two slices there are {gaps.max():.3g} mm, elsewhere {usual:.3g} mm: several slices are missing. "
            "Super-resolve the parts before and after the gap as volumes of their own."
        )
    even = np.linspace(heights[0], heights[-1], round((heights[-1] - heights[0]) / usual) + 1)
    axes = np.column_stack([grid.row_step, grid.column_step, direction * (even[1] - even[0])])
    geometry = ImageGeometry.from_axes((grid.columns, grid.rows, len(even)), axes, grid.positions[0])
    places = np.interp(even, heights, np.arange(len(heights)))
    return EvenSlices(geometry, tuple(places.tolist()), (_note(gaps, even),))


def _along_line(positions: FloatArray) -> tuple[FloatArray, FloatArray]:
    """How far (mm, (n,)) the slices lie from the first one, and the LPS unit vector of the line that they lie on."""
    steps = positions - positions[0]
    direction = steps[-1] / np.linalg.norm(steps[-1])
    heights = steps @ direction
    off = np.linalg.norm(steps - np.outer(heights, direction), axis=1).max()
    if off > slice_position_tolerance(float(np.median(np.diff(heights)))):
        raise SuperResError(
            f"The slices are shifted against each other, one by {off:.3g} mm: they make no regular volume. Resample it "
            "to an even grid first (in Slicer: Resample Scalar/Vector/DWI Volume)."
        )
    return heights, direction


def _note(gaps: FloatArray, even: FloatArray) -> str:
    return (
        f"the slices lie {gaps.min():.3g} to {gaps.max():.3g} mm apart; they were interpolated to every "
        f"{even[1] - even[0]:.4g} mm first, so that some thin slices come from unlike thick ones"
    )


def _linear_matrix(places: FloatArray, count: int) -> NDArray[np.float32]:
    """The matrix (places, count) that interpolates linearly at fractional indices."""
    distances = np.abs(places[:, None] - np.arange(count)[None, :])
    return np.clip(1 - distances, 0, None).astype(np.float32)
