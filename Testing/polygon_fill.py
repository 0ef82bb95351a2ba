"""Voxel centres inside polygons, found one by one: slow, and plain enough to be trusted by tests."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np


def even_odd(polygons: Iterable[np.ndarray], shape: tuple[int, int]) -> np.ndarray:
    """(rows, columns) True where a ray from the centre along +i crosses the polygons (i, j) an odd number of times."""
    filled = np.zeros(shape, bool)
    for polygon in polygons:
        filled ^= inside_one(polygon, shape)
    return filled


def union(polygons: Iterable[np.ndarray], shape: tuple[int, int]) -> np.ndarray:
    """(rows, columns) True where the centre is inside of at least one polygon."""
    filled = np.zeros(shape, bool)
    for polygon in polygons:
        filled |= inside_one(polygon, shape)
    return filled


def inside_one(polygon: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Even-odd inside of one polygon."""
    j, i = np.indices(shape)
    inside = np.zeros(shape, bool)
    for (i0, j0), (i1, j1) in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        if j0 != j1:
            inside ^= ((j0 <= j) != (j1 <= j)) & (i < i0 + (j - j0) * (i1 - i0) / (j1 - j0))
    return inside
