"""Make pairs of a fine volume and the coarse one that a scanner would have given, to train and measure with."""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from DicomSuiteLib.affine_resampling import even_geometry
from DicomSuiteLib.check_intensities import check_intensities
from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteLib.volumes import Volume
from DicomSuiteSuperResLib.degrade import lower_resolution, thick_slices, truncated_k_space, with_rician_noise
from DicomSuiteSuperResLib.errors import SuperResError
from DicomSuiteSuperResLib.output_plan import resized
from DicomSuiteSuperResLib.slice_profile import SliceProfile

SCHEMA = "dicomsuite-pair-1"
MOST_NOISE = 0.5
"""Of the range; more leaves no picture."""


class Degradation(enum.StrEnum):
    """What makes a volume coarse."""

    SLICE_PROFILE = "slice profile"
    """Thick slices: each is a weighted mean of thin ones."""
    K_SPACE = "k-space"
    """Fewer spatial frequencies were acquired."""


@dataclass(frozen=True)
class PairRequest:
    """How a coarse volume is made.

    Parameters
    ----------
    factor : times as coarse; what comes nearest with whole numbers of voxels is taken and told
    axis : 0, 1, 2 for i, j, k, along which it becomes coarse; None: along all three
    degradation : what makes it coarse
    profile : of the slices, for `SLICE_PROFILE`
    noise : standard deviation of the noise, as part of the volume's range (0 to 0.5); Rician, as MR images have it
    seed : of the noise

    Raises
    ------
    SuperResError
        If a number is out of range.
    """

    factor: float
    axis: int | None = 2
    degradation: Degradation = Degradation.SLICE_PROFILE
    profile: SliceProfile = SliceProfile()
    noise: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.factor) and self.factor > 1):
            raise SuperResError(f"A pair {self.factor:g} times as coarse is none; give a factor above 1.")
        if not 0 <= self.noise <= MOST_NOISE:
            raise SuperResError(f"Noise is a part of the range between 0 and {MOST_NOISE}, not {self.noise:g}.")
        if self.seed < 0:
            raise SuperResError(f"A seed is a whole number from 0 on, not {self.seed}.")


@dataclass(frozen=True, eq=False)
class Pair:
    """A fine volume and the coarse one in the same box; `facts` is how it was made, for JSON, without any name."""

    high: Volume
    low: Volume
    facts: dict[str, Any]


def make_pair(volume: Volume, request: PairRequest, stream: int = 0) -> Pair:
    """Make the coarse counterpart, float32, of `volume`.

    Parameters
    ----------
    stream : number of the volume among others with the same seed, so that each has noise of its own

    Raises
    ------
    VolumeError, GeometryError, SuperResError
        If the volume is none to be used, would have fewer than two voxels or as many as before along an axis, or has
        values below 0 where there is to be noise.
    """
    check_intensities(volume)
    if request.noise and volume.voxels.min() < 0:
        raise SuperResError("Rician noise is that of magnitude images, which have no values below 0; make it without.")
    geometry = even_geometry(volume)
    axes = (0, 1, 2) if request.axis is None else (request.axis,)
    counts = enumerate(geometry.size)
    size = tuple(_low_count(count, request.factor) if axis in axes else count for axis, count in counts)
    coarse = _coarse(volume.voxels, size[::-1], [2 - axis for axis in axes], request)
    if request.noise:
        coarse = with_rician_noise(coarse, request.noise, np.random.default_rng((request.seed, stream)))
    grid = SliceGrid.from_geometry(resized(geometry, size))
    low = replace(volume, voxels=coarse, grid=grid, series_uid="", files=())
    return Pair(volume, low, _facts(geometry, low, axes, request, stream))


def _low_count(count: int, factor: float) -> int:
    low = round(count / factor)
    if low < 2:
        raise SuperResError(f"{count} voxels made {factor:g} times as coarse leave {low}; choose a smaller factor.")
    if low == count:
        raise SuperResError(f"{count} voxels made {factor:g} times as coarse stay {count}; choose a larger factor.")
    return low


def _coarse(voxels: NDArray, shape: tuple[int, ...], axes: list[int], request: PairRequest) -> NDArray[np.float32]:
    if request.degradation is Degradation.K_SPACE:
        coarse = truncated_k_space(voxels, axes, [shape[axis] for axis in axes])
        return coarse if voxels.min() < 0 else np.abs(coarse)
    if request.axis is None:
        return lower_resolution(voxels, shape, request.profile)
    return thick_slices(voxels, axes[0], shape[axes[0]], request.profile)


def _facts(
    geometry: ImageGeometry, low: Volume, axes: tuple[int, ...], request: PairRequest, stream: int
) -> dict[str, Any]:
    coarse = even_geometry(low)
    facts: dict[str, Any] = {
        "schema": SCHEMA,
        "axes": ["ijk"[axis] for axis in axes],
        "factors": [high / count for high, count in zip(geometry.size, coarse.size, strict=True)],
        "degradation": request.degradation.value,
    }
    if request.degradation is Degradation.SLICE_PROFILE:
        facts["profile"] = {"shape": request.profile.shape.value, "fwhm_slice_distances": request.profile.fwhm}
    return {
        **facts,
        "noise": {"model": "Rician", "part_of_range": request.noise, "seed": request.seed, "stream": stream},
        "high": {"size": geometry.size, "spacing_mm": geometry.spacing},
        "low": {"size": coarse.size, "spacing_mm": coarse.spacing},
    }
