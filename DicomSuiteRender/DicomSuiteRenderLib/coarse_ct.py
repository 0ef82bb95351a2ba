"""A CT in voxels of 1 to 3 mm, its axes along the patient's: enough to tell the patient from the table, and quick."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from DicomSuiteLib.geometry import FloatArray, Vector3
from DicomSuiteLib.segments import BoolArray
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteLib.volumes import Volume

AIR_HU = -1000.0

COARSE_MM = (2.5, 1.4, 1.4)
"""Lengths of voxels, towards the head, the back and the left, that neighbours are put together to come near to.

Table shells are 2 to 4 mm thick, and pads leave gaps of a few mm, so that the plane of the slices needs more detail.
"""


@dataclass(frozen=True, eq=False)
class CoarseCt:
    """Means of neighbouring voxels of a CT.

    Parameters
    ----------
    values : HU; axis 0 grows towards the head, 1 towards the back, 2 towards the left, as nearly as the volume's do
    spacing : mm along the three axes; along slices that are not evenly spaced, their mean
    order : the axis of the volume (0 is k, 1 is j, 2 is i) that each axis runs along
    is_turned : whether it runs against it
    factors : how many voxels of the volume, along each axis, make one
    shape : of the volume (k, j, i)
    """

    values: NDArray[np.float32]
    spacing: Vector3
    order: tuple[int, int, int]
    is_turned: tuple[bool, bool, bool]
    factors: tuple[int, int, int]
    shape: tuple[int, int, int]

    @classmethod
    def from_volume(cls, volume: Volume) -> CoarseCt:
        """Put together the voxels of a CT; NaN counts as air."""
        steps = _array_steps(volume.grid)
        order = _nearest_axes(steps)
        along = steps[[2, 1, 0], order]
        lengths = np.linalg.norm(steps[:, order], axis=0)
        is_even = volume.grid.geometry is not None
        factors = tuple(
            max(1, round(wanted / length)) if axis or is_even else 1
            for axis, (wanted, length) in zip(order, zip(COARSE_MM, lengths, strict=True), strict=True)
        )
        values = _without_nan(volume.voxels).transpose(order)
        for axis, factor in enumerate(factors):
            values = _means(values, axis, factor)
        is_turned = tuple(bool(step < 0) for step in along)
        turned_axes = [axis for axis in range(3) if is_turned[axis]]
        spacing = tuple(float(length * factor) for length, factor in zip(lengths, factors, strict=True))
        return cls(np.flip(values, turned_axes), spacing, order, is_turned, factors, volume.voxels.shape)

    def on_volume(self, mask: BoolArray) -> BoolArray:
        """Bring a mask of `values` onto the voxels of the volume."""
        fine = np.flip(mask, [axis for axis in range(3) if self.is_turned[axis]])
        for axis, factor in enumerate(self.factors):
            fine = fine.repeat(factor, axis).take(range(self.shape[self.order[axis]]), axis)
        return np.ascontiguousarray(fine.transpose(np.argsort(self.order)))

    def radii(self, length: float) -> tuple[int, int]:
        """A length (mm) in voxels along axes 1 and 2, at least 1."""
        return tuple(max(1, round(length / spacing)) for spacing in self.spacing[1:])


def _array_steps(grid: SliceGrid) -> FloatArray:
    """3x3, rows x, y, z: columns are the LPS steps (mm) along k, j, i; between slices, their mean."""
    return grid.nominal_geometry.axes[:, ::-1]


def _nearest_axes(steps: FloatArray) -> tuple[int, int, int]:
    """Which axis of the array runs nearest to z, to y and to x."""
    cosines = np.abs(steps / np.linalg.norm(steps, axis=0))
    return max(permutations(range(3)), key=lambda order: cosines[[2, 1, 0], order].sum())


def _without_nan(voxels: NDArray) -> NDArray:
    return np.nan_to_num(voxels, nan=AIR_HU, posinf=AIR_HU, neginf=AIR_HU) if voxels.dtype.kind == "f" else voxels


def _means(values: NDArray, axis: int, factor: int) -> NDArray[np.float32]:
    """Means of `factor` neighbours along an axis; the last ones, of what is left."""
    values = np.moveaxis(values, axis, 0)
    sums = values[::factor].astype(np.float32)
    counts = np.full(len(sums), factor, np.float32)
    for offset in range(1, factor):
        part = values[offset::factor]
        sums[: len(part)] += part
    counts[-1] = len(values) - (len(sums) - 1) * factor
    return np.moveaxis(sums / counts[:, None, None], 0, axis)
