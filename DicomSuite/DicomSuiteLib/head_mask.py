"""Where the patient is: everything brighter than the air around, holes filled."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

COARSE_SIZE = 96
"""Voxels along an axis that are looked at, at most: the outline of a head needs no more."""
_BRIGHT_PERCENTILE = 98.0  # brighter ones (fat, fluid, metal) would raise Otsu's threshold into the tissue
_BINS = 256


def head_mask(voxels: NDArray) -> NDArray[np.bool_]:
    """Give the mask, of the shape of `voxels`, of the largest object in it without its holes.

    It is told from the air by Otsu's threshold (1979) on a smoothed coarse copy; values that are not finite count as
    air. Where there is nothing to tell apart (a constant volume), everything is foreground.
    """
    steps = tuple(-(-size // COARSE_SIZE) for size in voxels.shape)
    coarse = ndimage.gaussian_filter(_block_means(voxels, steps), 1.0, mode="nearest")
    coarse = np.minimum(coarse, np.percentile(coarse, _BRIGHT_PERCENTILE))
    if coarse.max() <= coarse.min():
        return np.ones(voxels.shape, dtype=bool)
    mask = _largest_object(coarse > otsu_threshold(coarse))
    for axis, step in enumerate(steps):
        mask = np.repeat(mask, step, axis=axis)
    return mask[tuple(slice(size) for size in voxels.shape)]


def otsu_threshold(values: NDArray) -> float:
    """The threshold that parts `values` into two classes as different as can be (Otsu, doi:10.1109/TSMC.1979.4310076).

    Between the classes of a histogram with a gap every threshold is as good; the middle one is taken.
    """
    # float64: between nearly equal values float32 has no room for so many bins.
    counts, edges = np.histogram(values.astype(float), bins=_BINS)
    below = np.cumsum(counts)[:-1].astype(float)
    above = counts.sum() - below
    sums = np.cumsum(counts * (edges[:-1] + edges[1:]) / 2)
    between = below * above * (sums[:-1] / below - (sums[-1] - sums[:-1]) / above) ** 2
    best = np.flatnonzero(between >= between.max() * (1 - 1e-9))
    return float(edges[1 + best[len(best) // 2]])


def _block_means(voxels: NDArray, steps: tuple[int, ...]) -> NDArray[np.float32]:
    """The means of blocks of `steps` voxels, the last of which repeat the edge."""
    means = np.asarray(voxels, dtype=np.float32)
    finite = np.isfinite(means)
    means = np.where(finite, means, np.min(means, where=finite, initial=np.inf))
    for axis, step in enumerate(steps):
        starts = np.arange(0, means.shape[axis], step)
        counts = np.diff(np.append(starts, means.shape[axis]))
        shape = [-1 if other == axis else 1 for other in range(means.ndim)]
        means = np.add.reduceat(means, starts, axis=axis) / counts.reshape(shape).astype(np.float32)
    return means


def _largest_object(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    labels, count = ndimage.label(mask)
    if count > 1:
        mask = labels == 1 + np.argmax(np.bincount(labels.ravel())[1:])
    return ndimage.binary_fill_holes(mask)
