"""Whole-number labels from voxels that were stored as fractions: labels saved as float, or probabilities."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from DicomSuiteRTOverlayLib.errors import OverlayError

ROUNDING = 1e-3
"""How far a label may lie from a whole number after its way through float: float32 keeps labels to 10,000 so."""

OVERSHOOT = 0.25
"""How far probabilities may lie outside 0 to 1: resampling with splines overshoots a step by up to a fifth."""

LARGEST_LABEL = 2**31
"""Beyond it float cannot stand for a label: float32 only holds every whole number to 2**24."""


def labels_from_floats(voxels: NDArray, threshold: float) -> tuple[NDArray, tuple[str, ...]]:
    """Turn floating-point voxels into labels, and say in words how.

    Parameters
    ----------
    voxels : of any shape
    threshold : a probability; voxels of at least it are inside

    Returns
    -------
    labels
        whole numbers as they are, else 1 where a probability reaches the threshold
    notes
        what was done

    Raises
    ------
    OverlayError
        If the numbers are neither labels nor probabilities.
    """
    notes: tuple[str, ...] = ()
    if not np.isfinite(voxels).all():
        notes = ("voxels that hold no number (NaN or infinity) were left out",)
        voxels = np.where(np.isfinite(voxels), voxels, 0)
    low, high = float(voxels.min()), float(voxels.max())
    if max(-low, high) < LARGEST_LABEL:
        labels = np.rint(voxels)
        if np.abs(voxels - labels).max() <= ROUNDING:
            smallest = np.result_type(np.min_scalar_type(round(low)), np.min_scalar_type(round(high)))
            return labels.astype(smallest), notes
    if low < -OVERSHOOT or high > 1 + OVERSHOOT:
        raise OverlayError(
            f"its voxels are fractions from {low:g} to {high:g}, neither labels nor probabilities from 0 to 1: save it "
            "as labels, resampled with nearest neighbour"
        )
    taken = f"voxels are probabilities; those of at least {threshold:g} were taken as inside"
    return (voxels >= threshold).astype(np.uint8), (*notes, taken)
