"""Where values, shades and counts lie in the picture of a histogram, in logical pixels from its top left corner."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from DicomSuiteRenderLib.histogram import Histogram

MARGIN = 9.0
"""Pixels around the plot, in which a point at its border is still seen whole."""
STRIP = 9.0
"""Height of the strip below the plot that shows the shades."""

FEWEST_BINS = 8
"""Less of them is no picture of how values are spread."""

_ROUND_STEPS = (1, 2, 5, 10)


@dataclass(frozen=True)
class HistogramAxes:
    """A plot of the values from `low` to `high`, shade 0 at its bottom and 1 at its top.

    Parameters
    ----------
    width, height : of the whole picture, which a line of `textHeight` ends
    low, high : in the units of the volume; low < high
    """

    width: float
    height: float
    textHeight: float
    low: float
    high: float

    @property
    def left(self) -> float:
        """Where `low` lies."""
        return MARGIN

    @property
    def right(self) -> float:
        """Where `high` lies."""
        return max(self.width - MARGIN, self.left + 1)

    @property
    def top(self) -> float:
        """Where shade 1 lies."""
        return MARGIN

    @property
    def bottom(self) -> float:
        """Where shade 0 lies, and no count."""
        return max(self.height - self.textHeight - STRIP - MARGIN, self.top + 1)

    def xOf(self, value: float) -> float:
        """Where a value lies; outside of the plot for one that is not shown."""
        return self.left + (value - self.low) / (self.high - self.low) * (self.right - self.left)

    def valueAt(self, x: float) -> float:
        """The value at a place, kept within what is shown."""
        share = (x - self.left) / (self.right - self.left)
        return self.low + min(max(share, 0.0), 1.0) * (self.high - self.low)

    def yOf(self, shade: Any) -> Any:
        """Where a shade from 0 to 1 lies, or where many do (n,)."""
        return self.bottom - shade * (self.bottom - self.top)

    def shadeAt(self, y: float) -> float:
        """The shade at a place, kept from 0 to 1."""
        return min(max((self.bottom - y) / (self.bottom - self.top), 0.0), 1.0)

    @property
    def step(self) -> float:
        """The difference of value that one pixel makes."""
        return (self.high - self.low) / (self.right - self.left)

    def ticks(self, atMost: int) -> list[float]:
        """Round values within what is shown, evenly spaced, the fewest pixels apart that leave no more than asked."""
        span = self.high - self.low
        magnitude = 10.0 ** math.floor(math.log10(span / max(atMost, 1)))
        step = next(round_ * magnitude for round_ in _ROUND_STEPS if span / (round_ * magnitude) <= atMost)
        first = math.ceil(self.low / step)
        return [index * step for index in range(first, math.floor(self.high / step) + 1)]


def columnHeights(
    histogram: Histogram, axes: HistogramAxes, *, isLog: bool, cutoff: float
) -> NDArray[np.floating]:
    """Height of each column of pixels of the plot, 0 to 1, from left to right: that of the tallest bin in it.

    The tallest bin that is shown fills the plot; `cutoff` as in `Histogram.heights`.
    """
    borders = np.linspace(axes.low, axes.high, max(round(axes.right - axes.left), 1) + 1)
    first = np.clip(np.searchsorted(histogram.edges, borders[:-1], side="right") - 1, 0, None)
    last = np.searchsorted(histogram.edges, borders[1:], side="left")
    start, stop = int(first[0]), int(last[-1])
    if stop <= start:
        return np.zeros(len(first))
    shown = Histogram(histogram.counts[start:stop], histogram.edges[start : stop + 1])
    heights = np.append(shown.heights(isLog, cutoff), 0.0)
    return np.array([heights[a:b].max(initial=0.0) for a, b in zip(first - start, last - start, strict=True)])


def mainRange(histogram: Histogram, leftOut: float) -> tuple[float, float]:
    """The values without the share `leftOut` of the voxels at each end: padding and metal shall not squeeze the rest.

    Returns the whole range where that leaves too little to look at, and (0, 1) where there are no values at all.
    """
    edges = histogram.edges
    if not len(histogram.counts):
        return 0.0, 1.0
    below = np.cumsum(histogram.counts)
    start = int(np.searchsorted(below, leftOut * histogram.total, side="right"))
    stop = int(np.searchsorted(below, (1 - leftOut) * histogram.total, side="left")) + 1
    if stop - start < FEWEST_BINS:
        return float(edges[0]), float(edges[-1])
    return float(edges[start]), float(edges[stop])
