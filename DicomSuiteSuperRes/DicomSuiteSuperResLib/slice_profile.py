"""How thick slices weigh what lies in them, and the matrices that make them from thin ones and interpolate them back.

Two grids along one axis share the corners of their box: with `factor` = high count / low count, low sample l and high
sample h lie at the same place where l = (h + .5) / factor - .5.
"""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, special

from DicomSuiteSuperResLib.errors import SuperResError

_FWHM_PER_SIGMA = 2 * math.sqrt(2 * math.log(2))


class ProfileShape(enum.StrEnum):
    """The form of a slice profile."""

    GAUSSIAN = "gaussian"
    """What a selective pulse gives in 2D imaging, nearly."""
    BOX = "box"
    """Everything within the slice counts alike: thin slices averaged to thick ones."""


@dataclass(frozen=True)
class SliceProfile:
    """How much what lies at some distance from a slice's centre counts in it.

    Parameters
    ----------
    shape : its form
    fwhm : its full width at half maximum, in units of the distance between slices; above 1 where slices overlap
    """

    shape: ProfileShape = ProfileShape.GAUSSIAN
    fwhm: float = 1.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.fwhm) and self.fwhm > 0):
            raise SuperResError(f"A slice profile of width {self.fwhm} is none; give a width above 0 slice distances.")

    @classmethod
    def measured(cls, fwhm_mm: float, slice_distance_mm: float) -> SliceProfile:
        """The Gaussian whose width was measured (or is the slice thickness), for slices that far apart; both in mm."""
        if not slice_distance_mm > 0:
            raise SuperResError(f"Slices cannot be {slice_distance_mm} mm apart; give a distance above 0 mm.")
        return cls(ProfileShape.GAUSSIAN, fwhm_mm / slice_distance_mm)

    def share_below(self, distance: NDArray) -> NDArray:
        """The share (0 to 1) of the profile that lies below `distance` (slice distances) from its centre."""
        if self.shape is ProfileShape.BOX:
            return np.clip(distance / self.fwhm + 0.5, 0, 1)
        return special.ndtr(distance * _FWHM_PER_SIGMA / self.fwhm)


USUAL_PROFILE = SliceProfile()
"""Of slices of which nothing is known: Gaussian, as wide as they are far apart."""


@lru_cache(maxsize=64)
def profile_matrix(high_count: int, low_count: int, profile: SliceProfile = USUAL_PROFILE) -> NDArray[np.float32]:
    """The (low_count, high_count) matrix that makes thick slices from thin ones; read-only, every row sums to 1.

    Each thin slice counts by the share of the profile that lies in it; what of the profile lies outside the box is
    left out, so that a constant stays what it is up to the edge.
    """
    _check_counts(low_count, high_count)
    edges = np.arange(high_count + 1) * (low_count / high_count)
    centres = np.arange(low_count) + 0.5
    weights = np.diff(profile.share_below(edges[None, :] - centres[:, None]), axis=1)
    return _read_only(weights / weights.sum(axis=1, keepdims=True))


@lru_cache(maxsize=32)
def cubic_matrix(low_count: int, high_count: int) -> NDArray[np.float32]:
    """The (high_count, low_count) matrix that interpolates by cubic B-splines; read-only, every row sums to 1.

    The spline goes through the samples, and the outermost ones go on beyond the box. Of the cubic interpolations it is
    the one nearest to the truth (Unser 1999, doi:10.1109/79.799930).
    """
    _check_counts(low_count, high_count)
    places = (np.arange(high_count) + 0.5) * (low_count / high_count) - 0.5
    samples = np.pad(np.eye(low_count), ((_EDGE, _EDGE), (0, 0)), mode="edge")
    coefficients = ndimage.spline_filter1d(samples, order=3, axis=0, mode="mirror")
    base = np.floor(places).astype(int)
    weights = sum(
        _b_spline(places - (base + offset))[:, None] * coefficients[base + offset + _EDGE] for offset in range(-1, 3)
    )
    return _read_only(weights / weights.sum(axis=1, keepdims=True))


_EDGE = 16
"""Samples by which the outermost ones are repeated: the spline's memory of what lies further away is below 1e-9."""


def _b_spline(distance: NDArray) -> NDArray:
    """The cubic B-spline at distances of up to two samples."""
    near = np.abs(distance)
    return np.where(near < 1, 2 / 3 - near**2 + near**3 / 2, np.clip(2 - near, 0, None) ** 3 / 6)


def _check_counts(low_count: int, high_count: int) -> None:
    if not 1 <= low_count <= high_count:
        raise SuperResError(f"{high_count} thin slices cannot stand for {low_count} thick ones; there must be as many.")


def _read_only(weights: NDArray) -> NDArray[np.float32]:
    matrix = np.ascontiguousarray(weights, dtype=np.float32)
    matrix.flags.writeable = False
    return matrix
