"""Bring intensities, which MRI gives in no unit, to a common scale."""

from __future__ import annotations

import enum
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from DicomSuiteSuperResLib.errors import SuperResError

LOW_PERCENTILE, HIGH_PERCENTILE = 1.0, 99.0
"""Of the foreground, which become 0 and 1; what lies beyond goes on beyond."""
STRIPE = 0.05
"""Share of the brain to either side of white matter's peak that is taken for white matter (Shinohara 2014,
doi:10.1016/j.nicl.2014.08.008)."""
BINS = 256
SMOOTHING_BINS = 4.0
LEAST_PROMINENCE = 0.05
"""Of the highest peak: lower ones of the histogram are noise."""


class NormalisationMethod(enum.StrEnum):
    """How the common scale is found."""

    PERCENTILE = "percentile"
    ZSCORE = "z-score"
    WHITE_STRIPE = "white-stripe"
    """By white matter, the brightest tissue of the brain in T1: the last peak of its histogram."""
    WHITE_STRIPE_T2 = "white-stripe-t2"
    """By white matter in T2 or FLAIR: the highest peak."""

    @property
    def needs_brain(self) -> bool:
        """Whether it makes sense in a brain mask only."""
        return self in (NormalisationMethod.WHITE_STRIPE, NormalisationMethod.WHITE_STRIPE_T2)


@dataclass(frozen=True, eq=False)
class NormalisedIntensities:
    """Voxels (k, j, i) as (original - offset) / scale."""

    voxels: NDArray[np.float32]
    offset: float
    scale: float


def normalise(voxels: NDArray, method: NormalisationMethod, mask: NDArray[np.bool_]) -> NormalisedIntensities:
    """Bring `voxels` to a common scale, found within `mask`: the head, or for white stripes the brain.

    Raises
    ------
    SuperResError
        If the mask is empty or all its voxels are the same.
    """
    inside = np.asarray(voxels[mask], dtype=np.float64)
    offset, scale = _offset_and_scale(inside, method) if inside.size else (0.0, 0.0)
    if not scale > 0:
        raise SuperResError("There is no contrast within the mask, so intensities cannot be normalised.")
    return NormalisedIntensities(((voxels - np.float32(offset)) / np.float32(scale)).astype(np.float32), offset, scale)


def _offset_and_scale(values: NDArray[np.float64], method: NormalisationMethod) -> tuple[float, float]:
    if method is NormalisationMethod.PERCENTILE:
        low, high = np.percentile(values, (LOW_PERCENTILE, HIGH_PERCENTILE))
        return float(low), float(high - low)
    if method.needs_brain:
        values = _white_matter(values, is_t1=method is NormalisationMethod.WHITE_STRIPE)
    return float(values.mean()), float(values.std())


def _white_matter(values: NDArray[np.float64], is_t1: bool) -> NDArray[np.float64]:
    """The values around white matter's peak in the histogram of the brain."""
    from scipy.signal import find_peaks  # takes as long to import as everything else here

    low, high = np.percentile(values, (LOW_PERCENTILE, HIGH_PERCENTILE))
    if not high > low:
        return values
    counts, edges = np.histogram(values, bins=BINS, range=(low, high))
    smooth = ndimage.gaussian_filter1d(counts.astype(float), SMOOTHING_BINS, mode="constant")
    padded = np.concatenate([[0.0], smooth, [0.0]])
    peaks, _ = find_peaks(padded, prominence=LEAST_PROMINENCE * smooth.max())
    peak = (peaks[-1] if is_t1 else peaks[np.argmax(padded[peaks])]) - 1
    place = np.mean(values <= (edges[peak] + edges[peak + 1]) / 2)
    first, last = np.quantile(values, np.clip((place - STRIPE, place + STRIPE), 0, 1))
    return values[(values >= first) & (values <= last)]
