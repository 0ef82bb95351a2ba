"""From the voxels of a mask at some place to the voxels of a volume: `VoxelMap`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from DicomSuiteLib.geometry import FloatArray, ImageGeometry
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteRTOverlayLib.lattice_map import LatticeMap, lattice_map


@dataclass(frozen=True)
class VoxelMap:
    """A mask's voxels at `geometry`, seen from `grid`.

    On a shared lattice voxel goes with voxel, also where the slices of `grid` are uneven and `geometry` lies on the
    lattice of its nominal geometry; elsewhere LPS positions decide.
    """

    geometry: ImageGeometry
    grid: SliceGrid

    @cached_property
    def lattice(self) -> LatticeMap | None:
        """How voxels go with voxels; None if they do not."""
        return lattice_map(self.geometry, self.grid.nominal_geometry)

    @cached_property
    def matrix(self) -> FloatArray:
        """3x3: steps of the volume's index per step of the mask's; where slices are uneven, on average."""
        return np.linalg.solve(self.grid.nominal_geometry.axes, self.geometry.axes)

    def volume_from_mask(self, ijk: ArrayLike) -> FloatArray:
        """Turn indices (..., 3) of the mask into those of the volume, fractions allowed."""
        if self.lattice is not None:
            return self.lattice.volume_from_mask(ijk).astype(float)
        return self.grid.ijk_from_lps(self.geometry.lps_from_ijk(ijk))
