"""Structural similarity (SSIM) of two volumes, as Wang et al. define it (IEEE Trans Image Process 13:600, 2004)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

SIGMA = 1.5
"""Voxels: the standard deviation of the Gaussian window."""

REACH = 5
"""Voxels to either side that the window is cut to: 3.5 standard deviations."""

K1, K2 = 0.01, 0.03
"""What keeps quotients of small numbers stable, as shares of the range of values."""

SLAB = 24
"""Slices that are worked on at once: more costs memory, fewer time for their surroundings."""


def similarity_map(reference: NDArray, candidate: NDArray, value_range: float) -> NDArray[np.float32]:
    """SSIM of the surroundings of every voxel, of the volumes' shape; 1 where they are alike.

    Equal to scikit-image's map with `gaussian_weights=True, sigma=1.5, use_sample_covariance=False`, which is the
    published definition; beyond the border, volumes are mirrored. Memory is bounded: slabs are worked on one by one.

    Parameters
    ----------
    reference, candidate : (k, j, i), finite, on the same grid
    value_range : between the smallest and the largest value that the reference may have
    """
    result = np.empty(reference.shape, np.float32)
    for read, kept, written in _slabs(len(reference)):
        one, other = (np.asarray(voxels[read], float) for voxels in (reference, candidate))
        result[written] = _similarity(one, other, value_range)[kept]
    return result


def _slabs(length: int) -> Iterator[tuple[slice, slice, slice]]:
    """Slices to read, which of them are kept, and where these are written."""
    for start in range(0, length, SLAB):
        stop = min(start + SLAB, length)
        first = max(start - REACH, 0)
        yield slice(first, stop + REACH), slice(start - first, stop - first), slice(start, stop)


def _similarity(one: NDArray[np.float64], other: NDArray[np.float64], value_range: float) -> NDArray[np.float64]:
    mean_one, mean_other = _local_mean(one), _local_mean(other)
    product, squares = mean_one * mean_other, mean_one**2 + mean_other**2
    covariance = _local_mean(one * other) - product
    variances = _local_mean(one**2) + _local_mean(other**2) - squares
    small, also_small = (K1 * value_range) ** 2, (K2 * value_range) ** 2
    return (2 * product + small) * (2 * covariance + also_small) / ((squares + small) * (variances + also_small))


def _local_mean(voxels: NDArray[np.float64]) -> NDArray[np.float64]:
    return ndimage.gaussian_filter(voxels, SIGMA, mode="reflect", radius=REACH)
