"""Masks of single planes put together to segments, wherever among the slices of a volume the planes lie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.segments import BoolArray
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteRTOverlayLib.lattice_map import LatticeMap, lattice_map
from DicomSuiteRTOverlayLib.seg_file import SegFrame


@dataclass(frozen=True)
class PlanePlace:
    """The slice `k` of a grid that a frame is, or lies beside, and which of its voxels the frame's are."""

    k: int
    lattice: LatticeMap


@dataclass(frozen=True, eq=False)
class PlanePart:
    """Voxels of one slice, (rows, columns) in a box of its own; `first` is (k, j, i) of the box's first voxel."""

    first: tuple[int, int, int]
    voxels: BoolArray


def place_on_lattice(frame: SegFrame, shape: tuple[int, int], grid: SliceGrid) -> PlanePlace | None:
    """Where a frame of `shape` (rows, columns) lies in `grid`, if its voxels are voxels of a slice; else None.

    Every slice is taken where it is, so frames on tilted and uneven slices match as well as any. A frame beyond the
    first or last slice matches if it lies a whole number of slices away.
    """
    k = int(np.clip(np.rint(grid.ijk_from_lps(frame.position)[2]), 0, len(grid.positions) - 1))
    across = np.cross(grid.row_step, grid.column_step)
    across *= np.min(grid.slice_distances[max(k - 1, 0) : k + 1]) / np.linalg.norm(across)
    if len(grid.positions) > 1 and across @ np.subtract(grid.positions[-1], grid.positions[0]) < 0:
        across = -across
    rows, columns = shape
    own = ImageGeometry.from_axes(
        (columns, rows, 1), np.column_stack([frame.row_step, frame.column_step, across]), frame.position
    )
    slice_axes = np.column_stack([grid.row_step, grid.column_step, across])
    lattice = lattice_map(own, ImageGeometry.from_axes((grid.columns, grid.rows, 1), slice_axes, grid.positions[k]))
    return None if lattice is None else PlanePlace(k, lattice)


def laid_on_slice(plane: BoolArray, place: PlanePlace, grid: SliceGrid) -> PlanePart | None:
    """The voxels inside that fall onto the slice, cut to the grid; None where there are none."""
    k = place.k + place.lattice.offset[2]
    ends = np.array([[0, 0, 0], [plane.shape[1] - 1, plane.shape[0] - 1, 0]])
    i, j = place.lattice.volume_from_mask(ends).min(axis=0)[:2].tolist()
    laid = place.lattice.order.lay(plane[None])[0]
    cut = laid[max(-j, 0) : max(grid.rows - j, 0), max(-i, 0) : max(grid.columns - i, 0)]
    if not 0 <= k < len(grid.positions) or not cut.any():
        return None
    return plane_part(k, cut, max(j, 0), max(i, 0))


def plane_part(k: int, plane: BoolArray, first_j: int = 0, first_i: int = 0) -> PlanePart:
    """Cut the smallest box out of a plane that has voxels inside; its voxel (0, 0) is (first_j, first_i) of slice k."""
    rows, columns = np.flatnonzero(plane.any(axis=1)), np.flatnonzero(plane.any(axis=0))
    box = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    return PlanePart((k, first_j + int(rows[0]), first_i + int(columns[0])), plane[box].copy())


def joined(parts: Sequence[PlanePart]) -> tuple[tuple[int, int, int], BoolArray]:
    """Offset (k, j, i) and voxels of the smallest box that holds all parts; of no extent where there is none."""
    if not parts:
        return (0, 0, 0), np.zeros((0, 0, 0), bool)
    firsts = np.array([part.first for part in parts])
    ends = firsts + [(1, *part.voxels.shape) for part in parts]
    offset = firsts.min(axis=0)
    voxels = np.zeros(ends.max(axis=0) - offset, bool)
    for part, (k, j, i), (_, j_end, i_end) in zip(parts, firsts - offset, ends - offset, strict=True):
        voxels[k, j:j_end, i:i_end] |= part.voxels
    return tuple(offset.tolist()), voxels
