"""Sample voxels along a plane, linearly; quickly where its rows and columns follow the axes of the array."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from DicomSuiteLib.geometry import FloatArray
from DicomSuiteLib.slice_grid import SliceGrid

LINEAR = 1
"""scipy's order of an interpolation."""

SAME_INDEX = 1e-6
"""Voxels by which an index may change along a line of pixels and still count as the same."""

PlaneIndices = tuple[FloatArray, FloatArray, FloatArray]
"""Fractional voxel indices k, j, i of the pixels of a plane; together they broadcast to (height, width)."""


def plane_indices(left: FloatArray, top: FloatArray, grid: SliceGrid) -> PlaneIndices:
    """Find the voxel indices of a plane's pixels from the LPS of those at its left (height, 3) and top (width, 3).

    Where the plane follows the grid, one index changes down the plane only, and has the shape (height, 1), one across
    it only, (1, width), and the third does not change, (1, 1); else all have the shape (height, width).
    """
    down, across = _indices(left, grid), _indices(top, grid)
    moves_down, moves_across = (np.ptp(line, axis=0) > SAME_INDEX for line in (down, across))
    if moves_down.sum() == moves_across.sum() == 1 and not np.any(moves_down & moves_across):
        lines = [down[:1, None, :], down[:, None, :], across[None, :, :]]
        return tuple(lines[moves_down[axis] + 2 * moves_across[axis]][..., axis] for axis in range(3))
    return tuple(np.moveaxis(_indices(left[:, None] + (top - top[0]), grid), -1, 0))


def sampled(array: NDArray, indices: PlaneIndices) -> NDArray[np.float32]:
    """Values (height, width) of an array (k, j, i) at fractional indices; beyond its voxels everything is 0."""
    if any(sum(index.shape[side] > 1 for index in indices) != 1 for side in (0, 1)):
        return ndimage.map_coordinates(
            array, np.stack(indices), np.float32, order=LINEAR, mode="grid-constant", prefilter=False
        )
    # The axis that needs a single place comes first, because it leaves little of the array.
    for axis in sorted(range(3), key=lambda axis: indices[axis].size):
        array = _sampled_along(array, axis, indices[axis].ravel())
    across, down = (next(axis for axis in range(3) if indices[axis].shape[side] > 1) for side in (1, 0))
    return array.transpose(down, across, 3 - down - across)[..., 0]


def _indices(points: FloatArray, grid: SliceGrid) -> FloatArray:
    """Fractional voxel indices k, j, i (..., 3) of LPS points (..., 3)."""
    ijk = grid.ijk_from_lps(points) if grid.geometry is None else grid.geometry.ijk_from_lps(points)
    return ijk[..., ::-1]


def _sampled_along(array: NDArray, axis: int, places: FloatArray) -> NDArray[np.float32]:
    """The array with values at fractional `places` of one of its three axes."""
    before = np.floor(places).astype(int)
    share = places - before
    shape = tuple(-1 if axis == other else 1 for other in range(3))
    result = np.zeros((), np.float32)
    for index, weight in ((before, 1 - share), (before + 1, share)):
        exists = (index >= 0) & (index < array.shape[axis])
        weight = np.where(exists, weight, 0).astype(np.float32)
        result = result + array.take(np.where(exists, index, 0), axis) * weight.reshape(shape)
    return result
