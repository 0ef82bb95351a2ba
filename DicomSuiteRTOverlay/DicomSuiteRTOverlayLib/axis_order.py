"""Along which axis of a volume each axis of a mask's array runs: `AxisOrder`, the 48 signed permutations."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations, product

import numpy as np
from numpy.typing import ArrayLike, NDArray

from DicomSuiteLib.geometry import ImageGeometry

AXIS_NAMES = "ijk"
Axes = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class AxisOrder:
    """One way to lay an array upon another, axis upon axis.

    Parameters
    ----------
    source : for the volume's axes i, j, k in turn, the mask's axis (0 for i, 1 for j, 2 for k) that runs along it
    signs : 1 where it runs the same way, -1 where it runs backwards
    """

    source: Axes
    signs: Axes

    @property
    def key(self) -> str:
        """Stable word: "+i+j+k" is the same layout; "+k+j+i" an array whose axes are in the opposite order."""
        pairs = zip(self.signs, self.source, strict=True)
        return "".join(("+" if sign > 0 else "-") + AXIS_NAMES[axis] for sign, axis in pairs)

    @property
    def matrix(self) -> NDArray[np.int64]:
        """3x3: volume indices of a mask's index step (i, j, k as rows and columns)."""
        matrix = np.zeros((3, 3), int)
        matrix[range(3), self.source] = self.signs
        return matrix

    def fits(self, mask_size: Axes, size: Axes) -> bool:
        """True if a mask of `mask_size` (i, j, k) covers a volume of `size` exactly."""
        return tuple(mask_size[axis] for axis in self.source) == tuple(size)

    def offset(self, size: Axes) -> NDArray[np.int64]:
        """Volume index (i, j, k) of the mask's voxel (0, 0, 0) where the mask covers a volume of `size`."""
        return np.where(np.array(self.signs) < 0, np.array(size) - 1, 0)

    def volume_from_mask(self, ijk: ArrayLike, size: Axes) -> NDArray:
        """Turn indices (..., 3) of a mask that covers a volume of `size` into indices of the volume."""
        return np.asarray(ijk)[..., self.source] * np.array(self.signs) + self.offset(size)

    def mask_geometry(self, volume: ImageGeometry) -> ImageGeometry:
        """Place of a mask that covers `volume`, voxel upon voxel."""
        sizes = np.empty(3, int)
        sizes[list(self.source)] = volume.size
        origin = volume.lps_from_ijk(self.offset(volume.size))
        return ImageGeometry.from_axes(sizes.tolist(), volume.axes @ self.matrix, origin)

    def lay(self, array: NDArray) -> NDArray:
        """A view of a mask's array (k, j, i) in the order of the volume's axes."""
        array_axes = [2 - self.source[axis] for axis in (2, 1, 0)]
        steps = tuple(slice(None, None, self.signs[axis]) for axis in (2, 1, 0))
        return array.transpose(array_axes)[steps]


AXIS_ORDERS = tuple(
    AxisOrder(source, signs) for source in permutations(range(3)) for signs in product((1, -1), repeat=3)
)
"""All 48, the same layout first."""

SAME_LAYOUT = AXIS_ORDERS[0]


def fitting_orders(mask_size: Axes, size: Axes) -> tuple[AxisOrder, ...]:
    """Those by which a mask of `mask_size` (i, j, k) covers a volume of `size` exactly."""
    return tuple(order for order in AXIS_ORDERS if order.fits(mask_size, size))
