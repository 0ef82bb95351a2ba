"""Planes of a volume's own voxels, turned as a radiologist looks at them, without resampling."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from DicomSuiteLib.geometry import Vector3
from DicomSuiteLib.segments import BoolArray, Segment
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteLib.slice_views import Plane
from DicomSuiteRenderLib.errors import RenderError

OBLIQUE_DEGREES = 1.0
"""Turned by more than this against the patient's axes, a plane is called oblique."""


@dataclass(frozen=True)
class NativePlane:
    """The planes of voxels that are nearest to an anatomical plane; they are numbered from 0 as the voxels are.

    Parameters
    ----------
    plane : the anatomical one
    grid : where the voxels lie
    right, down, across : the axes of the voxels (0 i, 1 j, 2 k) that run across the picture, down it, and through it
    is_mirrored, is_upside_down : whether the voxels run to the left, and up
    tilt : degrees by which rows or columns are turned against the patient's axes; the larger of the two
    """

    plane: Plane
    grid: SliceGrid
    right: int
    down: int
    across: int
    is_mirrored: bool
    is_upside_down: bool
    tilt: float

    @classmethod
    def nearest(cls, plane: Plane, grid: SliceGrid) -> NativePlane:
        """Find the axes of the voxels that, all three together, run most along those of the patient."""
        directions = np.array(grid.nominal_geometry.directions)
        axis_along = max(permutations(range(3)), key=lambda axes: np.abs(directions[range(3), axes]).sum())
        right, down, sign = plane.value
        to_right, to_down = directions[right, axis_along[right]], sign * directions[down, axis_along[down]]
        tilt = np.degrees(np.arccos(min(abs(to_right), abs(to_down), 1.0)))
        axes = (axis_along[axis] for axis in (right, down, plane.across))
        return cls(plane, grid, *axes, bool(to_right < 0), bool(to_down < 0), float(tilt))

    @property
    def count(self) -> int:
        """How many planes there are."""
        return self.grid.size[self.across]

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of a plane in voxels."""
        return self.grid.size[self.right], self.grid.size[self.down]

    @property
    def is_oblique(self) -> bool:
        """Whether rows or columns are turned against the patient's axes."""
        return self.tilt > OBLIQUE_DEGREES

    def values(self, voxels: NDArray, index: int) -> NDArray:
        """One plane (height, width) of an array (slices, rows, columns): a view of it, not a copy."""
        return self._turned(np.moveaxis(voxels, 2 - self.across, 0)[index])

    def mask(self, segment: Segment, index: int) -> BoolArray | None:
        """Which voxels of a plane, (height, width), a segment holds; None where its box does not reach it."""
        box = list(segment.box)
        through = box.pop(2 - self.across)
        if not through.start <= index < through.stop:
            return None
        size = list(self.grid.shape)
        size.pop(2 - self.across)
        plane = np.zeros(size, bool)
        plane[tuple(box)] = np.moveaxis(segment.voxels, 2 - self.across, 0)[index - through.start]
        return self._turned(plane)

    def centre(self, index: int) -> Vector3:
        """The middle of a plane, LPS mm."""
        ijk = (np.array(self.grid.size) - 1) / 2
        ijk[self.across] = index
        return tuple(self.grid.lps_from_ijk(ijk).tolist())

    def check(self, index: int) -> None:
        """Raise `RenderError` if there is no plane of this number."""
        if not 0 <= index < self.count:
            raise RenderError(
                f"There is no {self.plane.name.lower()} slice {index}: the volume has 0 to {self.count - 1}."
            )

    def _turned(self, plane: NDArray) -> NDArray:
        """A plane with its axes in the order of the array, as the picture shows it."""
        upright = plane if self.down > self.right else plane.T
        return upright[:: -1 if self.is_upside_down else 1, :: -1 if self.is_mirrored else 1]
