"""Lay a mask over a picture: its outline, and its fill, both smooth."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from DicomSuiteLib.segments import BoolArray, Colour

FILL_OPACITY = 0.2
FINENESS = 2
"""Outlines are drawn this many times as large and then reduced, which smooths their steps."""
OUTLINE_INSIDE = 2
"""How much of the outline lies inside the mask, in those finer pixels; one more lies outside, so that even a single
voxel is seen."""


def paint_mask(pixels: NDArray[np.float32], colour: Colour, inside: BoolArray) -> None:
    """Lay fill and outline of what is `inside`, in finer pixels, over the pixels, in place."""
    outline = _outline(inside)
    opacity = (_reduced(outline) + FILL_OPACITY * _reduced(inside & ~outline))[..., None]
    pixels += opacity * (np.array(colour, np.float32) - pixels)


def _outline(inside: BoolArray) -> BoolArray:
    """Pixels within `OUTLINE_INSIDE` of one outside, or beside one inside; the end of the picture is no border."""
    padded = np.pad(inside, OUTLINE_INSIDE, mode="edge")
    deep = _eroded(_eroded(padded, diagonally=False), diagonally=True)  # in turns, which keeps slanting lines even
    outside = np.pad(~inside, 1, mode="edge")
    return ~_eroded(outside, diagonally=False) & ~deep


def _eroded(inside: BoolArray, diagonally: bool) -> BoolArray:
    """Pixels all of whose 4, or `diagonally` 8, neighbours are inside; a pixel less at every side."""
    across = inside[:, 1:-1] & inside[:, :-2] & inside[:, 2:]
    if diagonally:
        return across[1:-1] & across[:-2] & across[2:]
    return across[1:-1] & inside[:-2, 1:-1] & inside[2:, 1:-1]


def _reduced(fine: BoolArray) -> NDArray[np.float32]:
    """Share of each pixel that its finer pixels cover."""
    rows = sum(fine[start::FINENESS].view(np.uint8) for start in range(FINENESS))
    return sum(rows[:, start::FINENESS] for start in range(FINENESS)) / np.float32(FINENESS**2)
