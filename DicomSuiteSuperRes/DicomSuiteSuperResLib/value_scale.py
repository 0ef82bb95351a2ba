"""The values as a model wants them, and back."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from DicomSuiteLib.head_mask import head_mask
from DicomSuiteSuperResLib.models import Normalisation

BRIGHT_PERCENTILE = 99.9
"""Of the foreground; it becomes 1 with `Normalisation.UNIT`."""


@dataclass(frozen=True)
class ValueScale:
    """A model sees (value - offset) / scale; of what it returns, the inverse is taken."""

    offset: float
    scale: float

    @classmethod
    def of(cls, voxels: NDArray, normalisation: Normalisation) -> ValueScale:
        """Find the scale for a volume; where its values have no spread or no size, they stay as they are."""
        if normalisation is Normalisation.RANGE:
            low, high = float(voxels.min()), float(voxels.max())
            return cls(low, _positive(high - low))
        if normalisation is Normalisation.NONE:
            return cls(0.0, 1.0)
        foreground = voxels[head_mask(voxels)]
        if normalisation is Normalisation.UNIT:
            return cls(0.0, _positive(float(np.percentile(foreground, BRIGHT_PERCENTILE))))
        return cls(float(foreground.mean(dtype=float)), _positive(float(foreground.std(dtype=float))))

    def applied(self, voxels: NDArray) -> NDArray[np.float32]:
        """The values as the model wants them."""
        return (voxels - np.float32(self.offset)) * np.float32(1 / self.scale)

    def undone(self, values: NDArray, is_difference: bool) -> NDArray[np.float32]:
        """The values in the volume's own unit; differences have no offset."""
        restored = values * np.float32(self.scale)
        return restored if is_difference else restored + np.float32(self.offset)


def _positive(number: float) -> float:
    return number if number > 0 and math.isfinite(number) else 1.0
