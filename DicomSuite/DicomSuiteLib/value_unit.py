"""What the values of a volume mean: their unit, and the factor that brings them to it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SHOWN_DIGITS = 6
"""Significant digits of a value that is no whole number; single-precision voxels have about seven."""


@dataclass(frozen=True)
class ValueUnit:
    """How a voxel's value is told.

    Parameters
    ----------
    symbol : written behind the value: "HU", "g/ml"; empty where the unit is not known
    quantity : what is measured, written before the value where the symbol does not say it: "SUVbw"
    factor : a voxel's value times this is the value in that unit
    note : what is not known or was assumed, in words for the user; no identifying value
    """

    symbol: str = ""
    quantity: str = ""
    factor: float = 1.0
    note: str = ""

    @property
    def name(self) -> str:
        """What stands in the head of a column of values: "HU", "SUVbw g/ml"; empty where the unit is not known."""
        return " ".join(part for part in (self.quantity, self.symbol) if part)

    def value(self, voxel: float) -> float:
        """The value in this unit; whole numbers that need no factor stay exactly as they are."""
        return voxel if self.factor == 1 else float(voxel) * self.factor

    def text(self, voxel: float) -> str:
        """The value with its unit, as in "40 HU" or "SUVbw 2.31 g/ml"; "no value" for NaN and infinity."""
        if not np.isfinite(voxel):
            return "no value"
        value = self.value(voxel)
        number = str(value) if isinstance(value, int) else f"{value:.{SHOWN_DIGITS}g}"
        return " ".join(part for part in (self.quantity, number, self.symbol) if part)


HOUNSFIELD = ValueUnit("HU")
UPTAKE_BY_WEIGHT = ValueUnit("g/ml", "SUVbw")
NO_UNIT = ValueUnit()
