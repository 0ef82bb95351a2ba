"""Agreement with what was measured: thick slices of the thin ones should be the input again."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from DicomSuiteLib.tasks import CancelToken
from DicomSuiteLib.volumes import Volume
from DicomSuiteSuperResLib.cubic_volume import cubic_voxels
from DicomSuiteSuperResLib.degrade import along_axis, value_range
from DicomSuiteSuperResLib.errors import SuperResError
from DicomSuiteSuperResLib.even_slices import even_slices
from DicomSuiteSuperResLib.slice_profile import USUAL_PROFILE, SliceProfile, profile_matrix

MOST_ROUNDS = 100
"""Long before, the result has come as near to the input as it ever will, noise included."""


def back_projected(
    high: NDArray[np.float32],
    low: NDArray[np.float32],
    rounds: int,
    profile: SliceProfile = USUAL_PROFILE,
    token: CancelToken | None = None,
) -> NDArray[np.float32]:
    """Correct `high`, indexed like `low`, so that its degradation by `profile` comes nearer to `low`, `rounds` times.

    Each round adds the cubic interpolation of what `low` has and the degradation lacks (Irani and Peleg 1991,
    doi:10.1016/1049-9652(91)90045-L). `high` itself is changed and returned.

    Raises
    ------
    Cancelled
        If `token` says so, between two rounds.
    """
    for _ in range(rounds):
        if token is not None:
            token.raise_if_cancelled()
        high += cubic_voxels(low - degraded(high, low.shape, profile), high.shape)
    return high


def degraded(high: NDArray, shape: tuple[int, ...], profile: SliceProfile = USUAL_PROFILE) -> NDArray[np.float32]:
    """Give the coarse volume of `shape` in the same box, by `profile` along every axis that has fewer voxels there."""
    for axis, (few, many) in enumerate(zip(shape, high.shape, strict=True)):
        if few != many:
            high = along_axis(profile_matrix(many, few, profile), high, axis)
    return np.asarray(high, dtype=np.float32)


def redegradation_error(result: Volume, volume: Volume, profile: SliceProfile = USUAL_PROFILE) -> float:
    """How far thick slices made of a result are from those measured: root mean square, as a part of their range.

    `profile` is that of the thick slices. A constant volume has no range: its error is that of the values themselves.

    Raises
    ------
    SuperResError
        If the result has fewer voxels than the volume along an axis.
    """
    measured = even_slices(volume.grid).of(volume.voxels)
    if any(few > many for few, many in zip(measured.shape, result.voxels.shape, strict=True)):
        raise SuperResError(f"{result.voxels.shape} voxels are no finer grid for {measured.shape}.")
    error = degraded(result.voxels, measured.shape, profile) - measured
    return float(np.sqrt(np.mean(error.astype(float) ** 2))) / (value_range(measured) or 1.0)
