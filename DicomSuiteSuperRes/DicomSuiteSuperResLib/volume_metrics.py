"""How like a reference a volume is: PSNR, SSIM, mean absolute error and edge sharpness, whole and slice by slice."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from DicomSuiteLib.head_mask import head_mask
from DicomSuiteLib.segments import BoolArray
from DicomSuiteLib.volumes import Volume
from DicomSuiteSuperResLib.degrade import value_range
from DicomSuiteSuperResLib.edge_sharpness import EdgeSlopes, edge_slopes
from DicomSuiteSuperResLib.errors import SuperResError
from DicomSuiteSuperResLib.structural_similarity import REACH, similarity_map

SAME_PLACE_MM = 1e-3
"""By which voxels of two volumes may be apart and count as the same."""


@dataclass(frozen=True)
class Metrics:
    """How like the reference some voxels are.

    Parameters
    ----------
    voxels : how many were compared; the rest is None where there are none
    psnr : peak signal-to-noise ratio, dB; infinite where all voxels are equal
    ssim : mean structural similarity, up to 1
    mae : mean absolute error, in the unit of the volumes
    edge_sharpness : 1 where edges are as sharp as the reference's, less where they are blurred; None without edges
    """

    voxels: int
    psnr: float | None
    ssim: float | None
    mae: float | None
    edge_sharpness: float | None


@dataclass(frozen=True)
class Comparison:
    """How like the reference a volume is.

    Parameters
    ----------
    whole : over all voxels of the mask
    slices : the same for each slice across `axis`, in order; its SSIM is the mean of the volume's there
    axis : 0, 1, 2 for i, j, k
    value_range : of the reference, by which PSNR and SSIM are scaled; 1 where it is constant
    """

    whole: Metrics
    slices: tuple[Metrics, ...]
    axis: int
    value_range: float


def psnr(mean_squared_error: float, value_range: float) -> float:
    """Peak signal-to-noise ratio in dB; infinite where there is no error."""
    return 10 * math.log10(value_range**2 / mean_squared_error) if mean_squared_error else math.inf


def compare(reference: Volume, candidate: Volume, mask: BoolArray | None = None, axis: int = 2) -> Comparison:
    """Measure how like `reference` a volume on the same grid is.

    Parameters
    ----------
    mask : (k, j, i), the voxels that count; None: those of the head, found in the reference
    axis : 0, 1, 2 for i, j, k: across which slices are told apart

    Raises
    ------
    SuperResError
        If the grids differ, the mask has another shape or is empty, or values are not finite.
    """
    _check_places(reference, candidate)
    counted = head_mask(reference.voxels) if mask is None else np.asarray(mask, bool)
    _check_mask(counted, reference)
    box = _box(counted)
    one, other = (_finite(volume, words)[box] for volume, words in ((reference, "reference"), (candidate, "result")))
    spread = value_range(np.asarray(reference.voxels, np.float32)) or 1.0  # integers of few bits would overflow
    measured = _Measured(
        counted[box],
        np.subtract(other, one, dtype=float),
        similarity_map(one, other, spread),
        edge_slopes(one, other, reference.grid.nominal_geometry.spacing[::-1], counted[box]),
        spread,
    )
    return Comparison(measured.metrics(), _slices(measured, box, reference.voxels.shape, axis), axis, spread)


@dataclass(frozen=True, eq=False)
class _Measured:
    """What is known of every voxel in the box around the mask."""

    mask: BoolArray
    error: NDArray[np.float64]
    similarity: NDArray[np.float32]
    slopes: EdgeSlopes
    value_range: float

    def metrics(self, part: tuple[slice | int, ...] = ()) -> Metrics:
        mask = self.mask[part]
        count = int(np.count_nonzero(mask))
        if not count:
            return Metrics(0, None, None, None, None)
        error = self.error[part][mask]
        return Metrics(
            count,
            psnr(float(np.mean(error**2)), self.value_range),
            float(self.similarity[part][mask].mean(dtype=float)),
            float(np.abs(error).mean()),
            self.slopes.sharpness(part),
        )


def _slices(
    measured: _Measured, box: tuple[slice, ...], shape: tuple[int, ...], axis: int
) -> tuple[Metrics, ...]:
    """The metrics of each slice of the whole volume; there is nothing to compare before and behind the box."""
    across = 2 - axis
    empty = Metrics(0, None, None, None, None)
    inside = range(box[across].stop - box[across].start)
    slices = [measured.metrics((slice(None),) * across + (number,)) for number in inside]
    return (empty,) * box[across].start + tuple(slices) + (empty,) * (shape[across] - box[across].stop)


def _check_places(reference: Volume, candidate: Volume) -> None:
    if reference.grid.is_close(candidate.grid, SAME_PLACE_MM):
        return
    sizes = ["{} x {} x {}".format(*volume.grid.size) for volume in (reference, candidate)]
    words = f"{sizes[0]} against {sizes[1]} voxels" if sizes[0] != sizes[1] else "as many voxels, in other places"
    raise SuperResError(
        f"The reference and the result do not lie on the same grid ({words}), so that their voxels cannot be compared; "
        "ask for the reference's spacing, or choose another reference."
    )


def _check_mask(mask: BoolArray, reference: Volume) -> None:
    if mask.shape != reference.voxels.shape:
        raise SuperResError(
            f"The mask has {mask.shape} voxels, the volumes {reference.voxels.shape}; draw it on one of the volumes."
        )
    if not mask.any():
        raise SuperResError("The mask is empty, so that there is nothing to compare; choose another one.")


def _finite(volume: Volume, words: str) -> NDArray:
    if volume.voxels.dtype.kind == "f" and not np.all(np.isfinite(volume.voxels)):
        raise SuperResError(f"The {words} holds values that are no finite numbers (NaN, infinite); replace them first.")
    return volume.voxels


def _box(mask: BoolArray) -> tuple[slice, slice, slice]:
    """The box around the mask, with as many voxels around it as what is measured at its border depends on."""
    sides = [np.flatnonzero(mask.any(axis=tuple({0, 1, 2} - {axis}))) for axis in range(3)]
    ends = [(max(side[0] - REACH, 0), side[-1] + REACH + 1) for side in sides]
    return tuple(slice(first, min(end, length)) for (first, end), length in zip(ends, mask.shape, strict=True))
