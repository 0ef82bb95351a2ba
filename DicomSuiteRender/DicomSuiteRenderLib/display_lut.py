"""A piecewise-linear look-up table from values to shades of grey, as drawn by hand over a histogram."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from DicomSuiteRenderLib.errors import RenderError
from DicomSuiteRenderLib.render_mode import ColourPoint, Point
from DicomSuiteRenderLib.window_level import VoiFunction, WindowLevel

SMALLEST_GAP = 1e-4
"""How near a moved point comes to its neighbours, as a part of the table's length."""

FIT_TOLERANCE = 0.5 / 255
"""By how much (shade) a fitted table may differ: half of a screen's smallest step."""

SIGMOID_REACH = 2.0
"""Widths from the level at which a SIGMOID is as good as black or white: exp(-8)."""
SIGMOID_SAMPLES = 1025
"""Values at which a SIGMOID is looked at."""


@dataclass(frozen=True)
class LutPoint:
    """At `value`, in the unit of the volume, the shade is `shade`, from 0 (black) to 1 (white)."""

    value: float
    shade: float


@dataclass(frozen=True)
class DisplayLut:
    """Shades of values: linear between neighbouring points, constant before the first and behind the last.

    Parameters
    ----------
    points : at least two, their values strictly ascending

    Raises
    ------
    RenderError
        If there are fewer points, two share a value, or a number is not finite or a shade not from 0 to 1.
    """

    points: tuple[LutPoint, ...]

    def __post_init__(self) -> None:
        if len(self.points) < 2:
            raise RenderError("A look-up table needs at least two points.")
        for point in self.points:
            if not (math.isfinite(point.value) and 0 <= point.shade <= 1):
                raise RenderError(f"A look-up table cannot have the shade {point.shade:g} at {point.value:g}.")
        if any(after.value <= before.value for before, after in zip(self.points, self.points[1:], strict=False)):
            raise RenderError("The values of a look-up table's points must ascend, no two alike.")

    @classmethod
    def from_pairs(cls, pairs: Iterable[tuple[float, float]]) -> DisplayLut:
        """Build from pairs of value and shade."""
        return cls(tuple(LutPoint(float(value), float(shade)) for value, shade in pairs))

    @classmethod
    def from_window(cls, window: WindowLevel) -> DisplayLut:
        """The table that does what a window does: of two points, or for a SIGMOID as many as it needs."""
        if window.function is VoiFunction.SIGMOID:
            values = window.level + window.width * np.linspace(-SIGMOID_REACH, SIGMOID_REACH, SIGMOID_SAMPLES)
            return cls.fitted(values, window.shades(values))
        return cls((LutPoint(window.low, 0.0), LutPoint(max(window.high, math.nextafter(window.low, math.inf)), 1.0)))

    @classmethod
    def fitted(cls, values: NDArray, shades: NDArray) -> DisplayLut:
        """A table of few points that differs nowhere from `shades` at `values` (n >= 2, ascending) by what is seen.

        Notes
        -----
        Douglas and Peucker, Cartographica 10:112 (1973), with distances along the axis of the shades.
        """
        kept, stretches = {0, len(values) - 1}, [(0, len(values) - 1)]
        while stretches:
            first, last = stretches.pop()
            stretch = slice(first, last + 1)
            line = np.interp(values[stretch], values[[first, last]], shades[[first, last]])
            distances = np.abs(line - shades[stretch])
            farthest = first + int(distances.argmax())
            if distances.max() > FIT_TOLERANCE:
                kept.add(farthest)
                stretches += [(first, farthest), (farthest, last)]
        return cls.from_pairs((values[index], shades[index]) for index in sorted(kept))

    @property
    def values(self) -> tuple[float, ...]:
        """The values of the points."""
        return tuple(point.value for point in self.points)

    def shades(self, values: ArrayLike) -> NDArray[np.float32]:
        """Shades from 0 (black) to 1 (white) of values of any shape; NaN stays NaN."""
        known = [point.shade for point in self.points]
        return np.interp(np.asarray(values, dtype=float), self.values, known).astype(np.float32)

    def with_point(self, value: float, shade: float | None = None) -> DisplayLut:
        """Add a point; without a shade it lies on the line that is already there, and changes nothing yet.

        Raises
        ------
        RenderError
            If a point has this value already.
        """
        if value in self.values:
            raise RenderError(f"The look-up table already has a point at {value:g}; move that one.")
        place = bisect_left(self.values, value)
        point = LutPoint(value, float(self.shades(value)) if shade is None else _within(shade, 0, 1))
        return DisplayLut((*self.points[:place], point, *self.points[place:]))

    def moved(self, index: int, value: float, shade: float) -> DisplayLut:
        """Move one point as far as its neighbours, and black and white, let it."""
        gap = SMALLEST_GAP * (self.values[-1] - self.values[0])
        low = self.values[index - 1] + gap if index > 0 else -math.inf
        high = self.values[index + 1] - gap if index < len(self.points) - 1 else math.inf
        held = _within(value, low, high) if low < high else self.values[index]
        point = LutPoint(held, _within(shade, 0, 1))
        return DisplayLut((*self.points[:index], point, *self.points[index + 1 :]))

    def without(self, index: int) -> DisplayLut:
        """Remove one point.

        Raises
        ------
        RenderError
            If only two are left.
        """
        return DisplayLut(self.points[:index] + self.points[index + 1 :])


def lut_to_transfer_functions(
    lut: DisplayLut, opacity: float = 1.0
) -> tuple[tuple[Point, ...], tuple[ColourPoint, ...]]:
    """The points of opacity and colour with which 3D shows what the slices show.

    White is as opaque as `opacity` (0 to 1) says and black is transparent; colours are the shades of grey.
    """
    if not 0 <= opacity <= 1:
        raise RenderError(f"The opacity is {opacity:g}; it must be from 0 to 1.")
    points = tuple((point.value, point.shade * opacity) for point in lut.points)
    colours = tuple((point.value, point.shade, point.shade, point.shade) for point in lut.points)
    return points, colours


def _within(value: float, low: float, high: float) -> float:
    return min(max(value, low), high)
