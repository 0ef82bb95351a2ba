"""Whether a mask's voxels are voxels of a volume, and which: `LatticeMap`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteRTOverlayLib.axis_order import Axes, AxisOrder

ON_LATTICE = 0.1
"""How far (in voxels, along each axis) any voxel of a mask may lie from the volume's voxel that it is taken for."""


@dataclass(frozen=True, slots=True)
class LatticeMap:
    """Mask voxels that are voxels of a volume: the mask's axes run along the volume's, a whole number of voxels off.

    Parameters
    ----------
    order : which axis of the mask runs along which of the volume
    offset : the volume's index (i, j, k) of the mask's voxel (0, 0, 0)
    """

    order: AxisOrder
    offset: Axes

    def volume_from_mask(self, ijk: NDArray) -> NDArray:
        """Turn indices (..., 3) of the mask into indices of the volume, which may lie outside it."""
        return np.asarray(ijk)[..., self.order.source] * np.array(self.order.signs) + np.array(self.offset)

    def covers(self, mask_size: Axes, size: Axes) -> bool:
        """True if a mask of `mask_size` covers a volume of `size` exactly."""
        return self.order.fits(mask_size, size) and tuple(self.order.offset(size)) == self.offset


def lattice_map(mask: ImageGeometry, volume: ImageGeometry, tolerance: float = ON_LATTICE) -> LatticeMap | None:
    """Find which voxels of `volume` the mask's voxels are; None if any is more than `tolerance` voxels off."""
    steps = np.linalg.solve(volume.axes, mask.axes)
    whole = np.rint(steps)
    ones = np.abs(whole)
    if ones.max() > 1 or np.any(ones.sum(axis=0) != 1) or np.any(ones.sum(axis=1) != 1):
        return None
    first = volume.ijk_from_lps(mask.origin)
    offset = np.rint(first)
    drift = np.abs(first - offset) + np.abs(steps - whole) @ (np.array(mask.size) - 1)
    if drift.max() > tolerance:
        return None
    source = ones.argmax(axis=1)
    signs = whole[range(3), source]
    return LatticeMap(
        AxisOrder(tuple(source.tolist()), tuple(signs.astype(int).tolist())), tuple(offset.astype(int).tolist())
    )
