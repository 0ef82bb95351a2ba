"""How voxel values become shades of grey."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from DicomSuiteLib.volumes import Volume

MOST_SAMPLES = 1_000_000
"""Voxels that percentiles are estimated from."""

SHOWN_PERCENTILES = (1, 99)
"""Which values of a volume other than CT are black and white: a few bright vessels shall not make the rest dark."""


@dataclass(frozen=True)
class VoxelWindow:
    """Values up to `low` are black, from `high` on white."""

    low: float
    high: float

    @classmethod
    def of(cls, volume: Volume) -> VoxelWindow:
        """Soft tissue for CT; by percentiles for every other modality, whose values have no fixed meaning."""
        if volume.modality == "CT":
            return SOFT_TISSUE
        step = max(1, round((volume.voxels.size / MOST_SAMPLES) ** (1 / 3)))
        samples = volume.voxels[::step, ::step, ::step].astype(float)
        finite = samples[np.isfinite(samples)]
        if not finite.size:
            return cls(0.0, 1.0)
        low, high = np.percentile(finite, SHOWN_PERCENTILES)
        return cls(float(low), float(high) if high > low else float(low) + 1)

    def grey(self, values: NDArray) -> NDArray[np.float32]:
        """Shades from 0 to 1; NaN stays NaN."""
        return np.clip((values - self.low) / (self.high - self.low), 0, 1).astype(np.float32)


SOFT_TISSUE = VoxelWindow(40 - 400 / 2, 40 + 400 / 2)
"""Level 40, width 400 HU: the window in which the abdomen is usually read."""
