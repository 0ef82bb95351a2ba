"""How the values of a volume are written and set: their unit, their decimals, and the range of controls."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from DicomSuiteRenderLib.volume_units import value_unit_of_node

_DIGITS = 4
"""A control distinguishes about so many digits of the whole range; more is noise."""
_FEW_WHOLE_VALUES = 20
"""Below so many whole values, steps of one are too coarse for a window."""


@dataclass(frozen=True)
class ValueScale:
    """For the controls of one volume.

    Parameters
    ----------
    low, high : the values of the voxels lie between; low < high
    unit : "HU", or "" where it is not known
    decimals : that values are told and set with
    """

    low: float = 0.0
    high: float = 1.0
    unit: str = ""
    decimals: int = 2

    @classmethod
    def of(cls, volumeNode: Any) -> ValueScale:
        """The scale for a vtkMRMLScalarVolumeNode that has voxels."""
        image = volumeNode.GetImageData()
        low, high = image.GetScalarRange()
        if not (math.isfinite(low) and math.isfinite(high) and low < high):
            low = low if math.isfinite(low) else 0.0
            high = low + 1.0
        isWhole = not image.GetScalarTypeAsString().startswith(("float", "double"))
        span = high - low
        digits = max(_DIGITS - 1 - math.floor(math.log10(span)), 0)
        decimals = 0 if isWhole and span >= _FEW_WHOLE_VALUES else digits
        return cls(low, high, value_unit_of_node(volumeNode).symbol, decimals)

    @property
    def suffix(self) -> str:
        """What stands behind a number in a box."""
        return f" {self.unit}" if self.unit else ""

    @property
    def step(self) -> float:
        """The smallest difference that controls make."""
        return 10.0**-self.decimals

    def text(self, value: float) -> str:
        """A value with its unit, no more exact than controls set it."""
        return f"{round(value, self.decimals):.12g}{self.suffix}"
