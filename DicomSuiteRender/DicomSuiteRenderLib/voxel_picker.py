"""What lies at a point of the patient: the voxel there, and its value."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from DicomSuiteLib.geometry import RAS_SIGNS, Vector3
from DicomSuiteLib.value_unit import NO_UNIT, ValueUnit
from DicomSuiteLib.volumes import Volume
from DicomSuiteRenderLib.errors import RenderError

OUTSIDE = "outside"
"""What is told of a point where the volume has no voxel."""


@dataclass(frozen=True)
class Pick:
    """What a volume has at a point.

    Parameters
    ----------
    lps : the point, LPS mm
    ijk : fractional voxel indices of the point, also outside
    index : i, j, k of the voxel that the point lies in; None outside
    voxel : its value as it is stored in the volume; None outside
    unit : what that value means
    """

    lps: Vector3
    ijk: Vector3
    index: tuple[int, int, int] | None
    voxel: float | None
    unit: ValueUnit = NO_UNIT

    @property
    def ras(self) -> Vector3:
        """The point, RAS mm, as Slicer shows it."""
        return tuple((np.array(self.lps) * RAS_SIGNS + 0.0).tolist())

    @property
    def is_inside(self) -> bool:
        """True if the point lies in a voxel."""
        return self.index is not None

    @property
    def value(self) -> float | None:
        """The value in `unit`; None outside; NaN where the volume has no value."""
        return None if self.voxel is None else self.unit.value(self.voxel)

    @property
    def value_text(self) -> str:
        """The value with its unit, as in "40 HU"; "outside" where there is no voxel."""
        return OUTSIDE if self.voxel is None else self.unit.text(self.voxel)


def pick(volume: Volume, lps: ArrayLike, unit: ValueUnit = NO_UNIT) -> Pick:
    """Find the voxel that a point (LPS mm) lies in: it reaches half way to its neighbours in its own grid.

    On uneven and tilted slices every slice lies where its own position says.

    Raises
    ------
    RenderError
        If the point is not three finite numbers.
    """
    point = np.asarray(lps, dtype=float)
    if point.shape != (3,) or not np.all(np.isfinite(point)):
        raise RenderError(f"A point is three finite numbers in mm, not {point.tolist()}; choose another.")
    ijk = volume.grid.ijk_from_lps(point)
    nearest = np.floor(ijk + 0.5)
    if not np.all((nearest >= 0) & (nearest < volume.grid.size)):
        return Pick(tuple(point.tolist()), tuple(ijk.tolist()), None, None, unit)
    i, j, k = nearest.astype(int).tolist()
    return Pick(tuple(point.tolist()), tuple(ijk.tolist()), (i, j, k), volume.voxels[k, j, i].item(), unit)
