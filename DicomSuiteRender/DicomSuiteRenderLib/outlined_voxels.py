"""The voxels that an outline goes around: one for every line of the grid that passes through it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from DicomSuiteLib.geometry import FloatArray
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteRenderLib.errors import RenderError
from DicomSuiteRenderLib.outlines import Outline

TIE_DECIMALS = 6
"""Of a voxel index: a plane half way between two slices shall not change from one to the other by rounding."""


def outlined_voxels(outline: Outline, grid: SliceGrid) -> NDArray[np.int64]:
    """Indices i, j, k (n, 3) of the voxels that an outline goes around.

    On a plane along the volume's slices (or rows, or columns) these are the voxels of the nearest slice whose centres
    lie inside. On any other plane, every line of voxel centres that crosses the outline's inside gives the voxel
    that it crosses it in; the lines are those of the axis that crosses the plane with the longest steps.
    """
    ijk = _crossings(outline, grid)
    index = np.floor(np.round(ijk, TIE_DECIMALS) + 0.5)
    exists = np.all((index >= 0) & (index < grid.size), axis=1)
    ijk, index = ijk[exists], index[exists].astype(int)
    return index[outline.contains(grid.lps_from_ijk(ijk))]


def _crossings(outline: Outline, grid: SliceGrid) -> FloatArray:
    """Fractional indices i, j, k (n, 3) where lines of voxel centres cross the outline's plane; NaN far outside."""
    normal = outline.normal
    row, column = np.dot(grid.row_step, normal), np.dot(grid.column_step, normal)
    heights = (np.array(grid.positions) - outline.centre) @ normal
    axis = int(np.argmax(np.abs([row, column, _mean_step(grid, normal)])))
    lines = _reach(outline, grid)
    lines[axis] = np.zeros(1, int)
    i, j, k = np.meshgrid(*lines, indexing="ij")
    if axis == 0:
        crossed = -(j * column + heights[k]) / row, j, k
    elif axis == 1:
        crossed = i, -(i * row + heights[k]) / column, k
    else:
        crossed = i, j, _slice_at(heights, -(i * row + j * column), _mean_step(grid, normal))
    return np.stack(crossed, axis=-1).reshape(-1, 3)


def _reach(outline: Outline, grid: SliceGrid) -> list[NDArray[np.int64]]:
    """Indices along i, j, k that the outline may reach; all of them where the slices are uneven, which bends lines."""
    if grid.geometry is None:
        return [np.arange(length) for length in grid.size]
    ends = grid.ijk_from_lps(outline.points)
    low = np.maximum(np.floor(ends.min(axis=0)) - 1, 0)
    high = np.minimum(np.ceil(ends.max(axis=0)) + 2, grid.size)
    return [np.arange(*span) for span in zip(low.astype(int), high.astype(int), strict=True)]


def _mean_step(grid: SliceGrid, normal: FloatArray) -> float:
    """mm along `normal` from slice to slice."""
    if len(grid.positions) == 1:
        return float(np.dot(grid.lone_step, normal))
    return float((np.array(grid.positions[-1]) - grid.positions[0]) @ normal) / (len(grid.positions) - 1)


def _slice_at(heights: FloatArray, wanted: FloatArray, mean_step: float) -> FloatArray:
    """Fractional slice number at `wanted` heights; NaN farther than one slice outside."""
    ends = (mean_step, mean_step) if len(heights) == 1 else (heights[1] - heights[0], heights[-1] - heights[-2])
    known = np.concatenate([[heights[0] - ends[0]], heights, [heights[-1] + ends[1]]]) * np.sign(mean_step)
    if np.any(np.diff(known) <= 0):
        raise RenderError("The slices lie so unevenly that a plane crosses them twice; draw along the slices.")
    numbers = np.arange(-1, len(heights) + 1)
    return np.interp(wanted * np.sign(mean_step), known, numbers, left=np.nan, right=np.nan)
