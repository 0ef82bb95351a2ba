"""Whether a volume is blurred as slice profiles blur, or as sharp as its voxels allow.

A model undoes the blur of slice profiles. In 3D acquisitions, in volumes interpolated in k-space and in isotropic ones
there is none, and what the model would add is wrong. The spectrum tells, so that it decides how much is added.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from DicomSuiteSuperResLib.degrade import truncated_k_space

HIGH_BAND, LOW_BAND = (0.3, 0.48), (0.1, 0.22)
"""Cycles per voxel: what a slice profile takes away, and what it leaves, for comparison. Anatomy that is finer along
one axis is so in both."""
NOISE_BAND = 0.4
"""Cycles per voxel: where all three frequencies are above it, there is hardly anything but noise."""
BLURRED, SHARP = 0.66, 0.74
"""Sharpness of thick slices across them, relative to that in the plane, up to which they count as blurred by a slice
profile as wide as they are apart, and from which they do not. In three heads made 2 to 6 times thicker along each axis,
whole and as slabs of 25 and 33 slices, with up to 2 % noise, 95 of 100 had up to .67 by such profiles, and from .73 by
k-space truncation."""
ISOTROPIC_BLURRED, ISOTROPIC_SHARP = 0.075, 0.105
"""The same for the high frequencies of isotropic voxels, relative to the low ones: .02 to .07 in heads made 2 times
coarser by such profiles, with up to 2 % noise, .12 to .18 by k-space truncation (.07 in Colin27, a mean of scans)."""
FEWEST_VOXELS = 12
"""Below that a spectrum says too little, and the volume is taken to be blurred, as most are."""

_SAMPLES = 32


def residual_share(voxels: NDArray, axis: int, spacing: Sequence[float]) -> float:
    """Say how much of what a model for thick slices adds to the cubic interpolation should be added, 0 to 1.

    Brought to the same resolution along all axes, blurred slices have less of the high frequencies across them than in
    their plane.

    Parameters
    ----------
    voxels : the thick slices, [k, j, i], all finite
    axis : the array axis across which they are thick
    spacing : mm along k, j, i
    """
    others = [other for other in range(3) if other != axis]
    counts = [_count(voxels.shape[other], spacing[other], spacing[axis]) for other in others]
    if min(voxels.shape[axis], *counts) < FEWEST_VOXELS:
        return 1.0
    alike = truncated_k_space(voxels, others, counts)
    across, *along = (_high_share(_line_power(alike, own), alike.shape[own]) for own in (axis, *others))
    reference = float(np.sqrt(along[0] * along[1]))
    return _share(across / reference, BLURRED, SHARP) if reference > 0 else 1.0


def isotropic_residual_share(voxels: NDArray) -> float:
    """Say how much of what an isotropic model adds to the cubic interpolation should be added, 0 to 1.

    No axis is there to compare with, so that it is the mean of all: in heads, what is finer is weaker by much the same
    everywhere. The power of noise, seen in the corners of the spectrum, does not count.
    """
    if min(voxels.shape) < FEWEST_VOXELS:
        return 1.0
    power = _spectrum(voxels)
    corner = np.ix_(*(np.abs(np.fft.fftfreq(size)) > NOISE_BAND for size in voxels.shape))
    noise = float(np.median(power[corner])) / np.log(2)
    shares = [max(_high_share(_along(power, axis) - noise, voxels.shape[axis]), 0.0) for axis in range(3)]
    return _share(float(np.prod(shares) ** (1 / 3)), ISOTROPIC_BLURRED, ISOTROPIC_SHARP)


def _count(size: int, step: float, thick_step: float) -> int:
    """How many voxels as long as the slices are apart an axis has room for; never more than it has."""
    return min(size, round(size * step / thick_step))


def _share(sharpness: float, blurred: float, sharp: float) -> float:
    return float(np.clip((sharp - sharpness) / (sharp - blurred), 0, 1))


def _line_power(voxels: NDArray, axis: int) -> NDArray[np.float64]:
    """Mean power of all lines along an axis, from frequency 0 to half a cycle per voxel."""
    lines = np.moveaxis(np.asarray(voxels, np.float32), axis, -1)
    taper = _taper(lines.shape[-1])
    spectrum = np.fft.rfft((lines - lines.mean(axis=-1, keepdims=True)) * taper, axis=-1)
    return np.mean(np.abs(spectrum) ** 2, axis=(0, 1), dtype=float)


def _spectrum(voxels: NDArray) -> NDArray[np.float64]:
    """Power of every frequency of a volume, whose borders are faded out."""
    faded = np.asarray(voxels, np.float32) - np.float32(voxels.mean(dtype=float))
    for axis, size in enumerate(voxels.shape):
        faded *= np.expand_dims(_taper(size), [other for other in range(3) if other != axis])
    return np.abs(np.fft.fftn(faded)) ** 2


def _along(power: NDArray[np.float64], axis: int) -> NDArray[np.float64]:
    """Mean power by the frequency along one axis, from 0 to half a cycle per voxel."""
    others = tuple(other for other in range(3) if other != axis)
    return power.mean(axis=others)[: power.shape[axis] // 2 + 1]


def _high_share(power: NDArray[np.float64], count: int) -> float:
    """Mean power in `HIGH_BAND`, relative to that in `LOW_BAND`, of `count` voxels; 0 where there is none in that.

    Both are sampled at the same frequencies whatever the count: power falls steeply within a band.
    """
    frequency = np.arange(len(power)) / count
    high, low = (np.interp(np.linspace(*band, _SAMPLES), frequency, power).mean() for band in (HIGH_BAND, LOW_BAND))
    return float(high / low) if low > 0 else 0.0


def _taper(count: int) -> NDArray[np.float32]:
    return np.hanning(count + 2)[1:-1].astype(np.float32)
