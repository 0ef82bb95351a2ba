"""How values become shades of grey: DICOM's window centre and width (PS3.3 C.11.2.1.2)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from DicomSuiteRenderLib.errors import RenderError

LEAST_LINEAR_WIDTH = 1.0
"""PS3.3 C.11.2.1.2.1: a smaller width has no meaning for LINEAR, which counts whole values."""


class VoiFunction(StrEnum):
    """DICOM's VOI LUT Function (0028,1056)."""

    LINEAR = "LINEAR"
    LINEAR_EXACT = "LINEAR_EXACT"
    SIGMOID = "SIGMOID"


@dataclass(frozen=True)
class WindowLevel:
    """A display window, in the units of the volume's values; HU for CT.

    Parameters
    ----------
    level, width : DICOM's Window Center and Window Width; the width is at least 1 for LINEAR, else above 0
    function : how values between the ends become shades

    Raises
    ------
    RenderError
        If a number is not finite, or the width too small.
    """

    level: float
    width: float
    function: VoiFunction = VoiFunction.LINEAR

    def __post_init__(self) -> None:
        if not (math.isfinite(self.level) and math.isfinite(self.width)):
            raise RenderError(f"A window needs finite numbers, not level {self.level} and width {self.width}.")
        if self.function is VoiFunction.LINEAR and self.width < LEAST_LINEAR_WIDTH:
            raise RenderError(f"The window's width is {self.width:g}; for LINEAR it must be at least 1.")
        if self.width <= 0:
            raise RenderError(f"The window's width is {self.width:g}; it must be above 0.")

    @classmethod
    def from_ends(cls, low: float, high: float) -> WindowLevel:
        """The window in which values up to `low` are black and from `high` on white."""
        return cls((low + high) / 2, high - low, VoiFunction.LINEAR_EXACT)

    @property
    def low(self) -> float:
        """The value up to which everything is black; for SIGMOID where its steepest tangent is."""
        return self._middle - self._span / 2

    @property
    def high(self) -> float:
        """The value from which on everything is white; for SIGMOID where its steepest tangent is."""
        return self._middle + self._span / 2

    def shades(self, values: ArrayLike) -> NDArray[np.float32]:
        """Shades from 0 (black) to 1 (white) of values of any shape; NaN stays NaN.

        Notes
        -----
        PS3.3 C.11.2.1.2.1 (LINEAR), C.11.2.1.3.1 (SIGMOID), C.11.2.1.3.2 (LINEAR_EXACT), for outputs from 0 to 1.
        """
        shades = np.subtract(values, self._middle, dtype=float)
        if self.function is VoiFunction.SIGMOID:
            return expit(4 * shades / self.width).astype(np.float32)
        if self._span == 0:
            return np.heaviside(shades, 0).astype(np.float32)
        shades /= self._span
        shades += 0.5
        return np.clip(shades, 0, 1).astype(np.float32)

    @property
    def _middle(self) -> float:
        """The value that is shown in the middle grey."""
        return self.level - 0.5 if self.function is VoiFunction.LINEAR else self.level

    @property
    def _span(self) -> float:
        """From the last black value to the first white one."""
        return self.width - 1 if self.function is VoiFunction.LINEAR else self.width
