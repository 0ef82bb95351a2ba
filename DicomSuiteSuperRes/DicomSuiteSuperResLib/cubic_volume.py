"""What interpolation alone makes of a volume: the measure of what super-resolution adds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteLib.volumes import Volume
from DicomSuiteSuperResLib.degrade import along_axis
from DicomSuiteSuperResLib.even_slices import even_slices
from DicomSuiteSuperResLib.slice_profile import cubic_matrix


def cubic_volume(volume: Volume, grid: SliceGrid) -> Volume:
    """Interpolate `volume` by cubic splines to the `grid` of its super-resolved self: the same box, more voxels.

    Values are float32 and may lie a little beyond the volume's.
    """
    voxels = cubic_voxels(even_slices(volume.grid).of(volume.voxels), grid.shape)
    return replace(volume, voxels=voxels, grid=grid, series_uid="", files=(), notes=())


def cubic_voxels(voxels: NDArray, shape: Sequence[int]) -> NDArray[np.float32]:
    """Interpolate `voxels` by cubic splines to `shape`, in the same box; the result is always an array of its own."""
    values = voxels
    for axis, (few, many) in enumerate(zip(voxels.shape, shape, strict=True)):
        if few != many:
            values = along_axis(cubic_matrix(few, many), values, axis)
    return values.astype(np.float32) if values is voxels else values
