"""Even slices in place of uneven ones: ray casters know no others, and Slicer would take seconds to resample."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import shift

from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteLib.volumes import Volume

MOST_TIMES = 4
"""How many times as many slices there may be as before; two that nearly touch would ask for thousands."""

_IN_LINE = 0.05
"""Voxels by which a slice may lie off the line from the first to the last one without being moved onto it."""


def with_even_slices(volume: Volume) -> Volume:
    """The volume on an even grid from its first to its last slice, as close together as its closest two.

    Between slices, values are interpolated linearly. A volume whose slices are even is given back as it is.
    """
    if volume.grid.geometry is not None:
        return volume
    geometry = _even_geometry(volume.grid)
    places = volume.grid.ijk_from_lps(geometry.lps_from_ijk([(0, 0, k) for k in range(geometry.size[2])]))
    slices = [_between(volume.voxels, i, j, k) for i, j, k in places]
    return replace(volume, voxels=np.stack(slices), grid=SliceGrid.from_geometry(geometry))


def _even_geometry(grid: SliceGrid) -> ImageGeometry:
    columns, rows, slices = grid.size
    first, last = np.array(grid.positions[0]), np.array(grid.positions[-1])
    steps = math.ceil(grid.slice_distances.sum() / grid.slice_distances.min())
    steps = min(steps, MOST_TIMES * (slices - 1))
    axes = np.column_stack([grid.row_step, grid.column_step, (last - first) / steps])
    return ImageGeometry.from_axes((columns, rows, steps + 1), axes, first)


def _between(voxels: NDArray, i: float, j: float, k: float) -> NDArray:
    """The slice whose voxel (0, 0) lies at these indices, fractions allowed."""
    below = min(max(int(k), 0), len(voxels) - 2)
    share = min(max(k - below, 0.0), 1.0)
    mixed = voxels[below] * (1 - share) + voxels[below + 1] * share
    if max(abs(i), abs(j)) > _IN_LINE:
        mixed = shift(mixed, (-j, -i), order=1, mode="nearest")
    return mixed.astype(voxels.dtype) if voxels.dtype.kind == "f" else np.rint(mixed).astype(voxels.dtype)
