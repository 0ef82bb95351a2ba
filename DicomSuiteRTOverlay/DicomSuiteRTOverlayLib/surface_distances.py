"""Distances between the surfaces of two segments, from boundary voxel to boundary voxel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from DicomSuiteLib.geometry import FloatArray
from DicomSuiteLib.segments import BoolArray, Segment
from DicomSuiteLib.slice_grid import SliceGrid

PERCENT = 95
"""Per cent of the distances that the robust Hausdorff distance takes in."""

ALL_PROCESSORS = -1
"""scipy's word for using every processor; the result is the same."""


@dataclass(frozen=True)
class SurfaceDistances:
    """How far apart two surfaces are, mm; by plastimatch's "boundary" definitions.

    From every boundary voxel of one segment the distance to the nearest boundary voxel of the other is taken, in both
    directions.

    Parameters
    ----------
    hausdorff : the largest of all
    hausdorff_95 : mean over the two directions of the 95th percentile, by nearest rank: the floor(0.95 n)-th smallest
    mean : mean over the two directions of the mean distance
    """

    hausdorff: float
    hausdorff_95: float
    mean: float


def surface_distances(first: Segment, second: Segment, grid: SliceGrid) -> SurfaceDistances | None:
    """Measure how far the surfaces of two segments on `grid` are apart; None where one of them is empty.

    Exact for tilted, oblique and unevenly spaced slices, because voxel centres are compared where they lie.
    """
    if first.is_empty or second.is_empty:
        return None
    points, others = boundary_points(first, grid), boundary_points(second, grid)
    there, back = _nearest(points, others), _nearest(others, points)
    return SurfaceDistances(
        hausdorff=float(max(there[-1], back[-1])),
        hausdorff_95=float(_percentile(there) + _percentile(back)) / 2,
        mean=float(there.mean() + back.mean()) / 2,
    )


def boundary_points(segment: Segment, grid: SliceGrid) -> FloatArray:
    """Centres (n, 3), LPS mm, of the voxels inside that share a face with one outside or with the end of the grid."""
    indices = np.argwhere(boundary(segment.voxels)) + segment.offset
    return grid.lps_from_ijk(indices[:, ::-1])


def boundary(voxels: BoolArray) -> BoolArray:
    """Which voxels are inside and share a face with one outside; everything around the array is outside."""
    core = (slice(1, -1),) * 3
    deep = voxels[core].copy()
    for axis in range(3):
        for shifted in (slice(None, -2), slice(2, None)):
            deep &= voxels[core[:axis] + (shifted,) + core[axis + 1 :]]
    edge = voxels.copy()
    edge[core] &= ~deep
    return edge


def _nearest(points: FloatArray, others: FloatArray) -> NDArray[np.float64]:
    """Distance from each point to the nearest of the others, in growing order."""
    # Median splits and tight boxes cost more to build than they save for surfaces.
    tree = cKDTree(others, balanced_tree=False, compact_nodes=False)
    distances, _ = tree.query(points, workers=ALL_PROCESSORS)
    return np.sort(distances)


def _percentile(ordered: NDArray[np.float64]) -> float:
    return ordered[max(PERCENT * len(ordered) // 100 - 1, 0)]
