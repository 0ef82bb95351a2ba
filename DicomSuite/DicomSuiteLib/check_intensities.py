"""Whether the voxels of a volume are intensities that can be interpolated, matched and measured."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from DicomSuiteLib.volumes import Volume, VolumeError

LARGEST_VALUE = 1e15
"""No intensity is larger; float32 could not hold its square, nor float64 all whole numbers beyond."""


def check_intensities(volume: Volume) -> None:
    """Make sure that the voxels of `volume` are intensities of one volume; a constant one is.

    Raises
    ------
    VolumeError
        If there are not three dimensions as the grid has them, or a value is complex, true or false only, NaN,
        infinite or too large.
    """
    voxels = volume.voxels
    if voxels.ndim != 3:
        raise VolumeError(
            f"The image has {voxels.ndim} dimensions; a volume has 3: slices, rows and columns. Of a colour image, "
            "take one channel; of a time series, one time."
        )
    if voxels.shape != volume.grid.shape:
        raise VolumeError(f"The volume has {voxels.shape} voxels, but its grid {volume.grid.shape}; read it again.")
    if voxels.dtype.kind not in "iuf":
        raise VolumeError(f"The values are {voxels.dtype}; intensities are needed. A mask can be resampled, no more.")
    _check_values(voxels)


def _check_values(voxels: NDArray) -> None:
    if voxels.dtype.kind == "f":
        wrong = voxels.size - np.count_nonzero(np.isfinite(voxels))
        if wrong:
            raise VolumeError(
                f"{wrong:,} of {voxels.size:,} voxels are not finite (NaN or infinite); every value near them would be "
                "lost. Fill them, with 0 outside the body for example."
            )
    largest = max(abs(float(voxels.min())), abs(float(voxels.max())))
    if largest > LARGEST_VALUE:
        raise VolumeError(f"There are values up to {largest:.3g}, which no scanner gives; rescale the volume first.")
