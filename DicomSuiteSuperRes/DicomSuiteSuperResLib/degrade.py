"""Make from a fine volume what a coarser acquisition would have given: thick slices, less resolution, noise.

Axes are those of the array, 0 to 2 for k, j, i.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from DicomSuiteSuperResLib.slice_profile import USUAL_PROFILE, SliceProfile, profile_matrix

LOW_PERCENTILE, HIGH_PERCENTILE = 0.1, 99.9
"""Between these the range of a volume lies, so that single voxels do not decide it."""


def value_range(voxels: NDArray) -> float:
    """How far apart the 99.9th and the 0.1th percentile of the finite values are; what per cent of range refer to."""
    low, high = np.percentile(voxels[np.isfinite(voxels)], (LOW_PERCENTILE, HIGH_PERCENTILE))
    return float(high - low)


def thick_slices(
    voxels: NDArray, axis: int, low_count: int, profile: SliceProfile = USUAL_PROFILE
) -> NDArray[np.float32]:
    """Give the `low_count` thick slices that stand for the thin ones of `voxels` along `axis`, in the same box."""
    return along_axis(profile_matrix(voxels.shape[axis], low_count, profile), voxels, axis)


def lower_resolution(
    voxels: NDArray, counts: Sequence[int], profile: SliceProfile = USUAL_PROFILE
) -> NDArray[np.float32]:
    """Give the coarse volume of `counts` voxels along k, j, i in the same box: `profile` along all three axes."""
    for axis, count in enumerate(counts):
        voxels = thick_slices(voxels, axis, count, profile)
    return voxels


def truncated_k_space(voxels: NDArray, axes: Sequence[int], low_counts: Sequence[int]) -> NDArray[np.float32]:
    """Give the volume of which only the lowest spatial frequencies were acquired: `low_counts` of them along `axes`.

    Unlike thick slices it is not blurred: up to its limit it has every frequency in full, and rings at edges. The
    voxels lie in the same box. Values stay signed: take their magnitude where the image is one.
    """
    for axis, count in zip(axes, low_counts, strict=True):
        voxels = _truncated_along(voxels, axis, count)
    return voxels


def with_rician_noise(voxels: NDArray, fraction_of_range: float, generator: np.random.Generator) -> NDArray[np.float32]:
    """Give the magnitude of `voxels` with Gaussian noise in both channels, its deviation that part of the range.

    That is the noise of MR magnitude images (Gudbjartsson 1995, doi:10.1002/mrm.1910340618).
    """
    deviation = np.float32(fraction_of_range * value_range(voxels))
    real = voxels + deviation * generator.standard_normal(voxels.shape, dtype=np.float32)
    imaginary = deviation * generator.standard_normal(voxels.shape, dtype=np.float32)
    return np.hypot(real, imaginary).astype(np.float32, copy=False)


def along_axis(matrix: NDArray, voxels: NDArray, axis: int) -> NDArray[np.float32]:
    """Apply a (new count, old count) matrix along one axis; the result is float32 and contiguous."""
    voxels = np.asarray(voxels, dtype=np.float32)
    if axis == voxels.ndim - 1:
        return voxels @ matrix.T
    before, count, after = voxels.shape[:axis], voxels.shape[axis], voxels.shape[axis + 1 :]
    return np.matmul(matrix, voxels.reshape(*before, count, -1)).reshape(*before, matrix.shape[0], *after)


def _truncated_along(voxels: NDArray, axis: int, low_count: int) -> NDArray[np.float32]:
    high_count = voxels.shape[axis]
    spectrum = np.fft.rfft(np.asarray(voxels, dtype=np.float32), axis=axis)
    kept = np.moveaxis(spectrum, axis, -1)[..., : low_count // 2 + 1]
    shift = (high_count / low_count - 1) / 2  # to the centre of the first low voxel, in high voxels
    phase = np.exp(2j * np.pi * shift / high_count * np.arange(kept.shape[-1]))
    low = np.fft.irfft(kept * phase, n=low_count, axis=-1) * (low_count / high_count)
    return np.ascontiguousarray(np.moveaxis(low, -1, axis), dtype=np.float32)
