"""How much room a segment takes in the patient, and where: volume, bounding box, centroid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from DicomSuiteLib.geometry import Vector3
from DicomSuiteLib.segments import Segment
from DicomSuiteLib.slice_grid import SliceGrid


@dataclass(frozen=True)
class BoundingBox:
    """The smallest box along the patient's axes that holds every voxel up to its edges; LPS mm."""

    low: Vector3
    high: Vector3

    @property
    def size(self) -> Vector3:
        """Lengths (mm) along x, y, z."""
        return tuple(high - low for low, high in zip(self.low, self.high, strict=True))


def voxel_volume(segment: Segment, grid: SliceGrid) -> float:
    """Volume (mm³) of all voxels inside; each slice stands for half the way to either neighbour."""
    slices = segment.box[0]
    return float(np.count_nonzero(segment.voxels, axis=(1, 2)) @ grid.voxel_volumes[slices])


def bounding_box(segment: Segment, grid: SliceGrid) -> BoundingBox | None:
    """Find the box that holds every voxel up to its edges, for any orientation; None where the segment is empty."""
    if segment.is_empty:
        return None
    voxels, (first_k, first_j, first_i) = segment.voxels, segment.offset
    # A row of voxels reaches farthest at its ends, whichever way it runs.
    k, j = np.nonzero(voxels.any(axis=2))
    row_starts = voxels.argmax(axis=2)[k, j] - 0.5
    row_ends = voxels.shape[2] - voxels[:, :, ::-1].argmax(axis=2)[k, j] - 0.5
    i = np.stack([row_starts, row_ends]) + first_i
    in_plane = i[..., None] * np.array(grid.row_step) + (j + first_j)[:, None] * np.array(grid.column_step)
    across = np.abs(grid.column_step) / 2
    edges = _slice_edges(np.arange(len(voxels)) + first_k, grid)
    low = in_plane.min(axis=0) - across + edges.min(axis=0)[k]
    high = in_plane.max(axis=0) + across + edges.max(axis=0)[k]
    return BoundingBox(tuple(low.min(axis=0).tolist()), tuple(high.max(axis=0).tolist()))


def centroid(segment: Segment, grid: SliceGrid) -> Vector3 | None:
    """Mean (LPS mm) of the voxel centres, weighted by voxel volume; None where the segment is empty."""
    if segment.is_empty:
        return None
    first_k, first_j, first_i = segment.offset
    slices, rows, columns = segment.voxels.shape
    along_j = np.count_nonzero(segment.voxels, axis=2)
    along_i = np.count_nonzero(segment.voxels, axis=1)
    counts = along_j.sum(axis=1)
    filled = np.flatnonzero(counts)
    i = along_i[filled] @ (np.arange(columns) + first_i) / counts[filled]
    j = along_j[filled] @ (np.arange(rows) + first_j) / counts[filled]
    centres = grid.lps_from_ijk(np.column_stack([i, j, filled + first_k]))
    weights = (counts * grid.voxel_volumes[segment.box[0]])[filled]
    return tuple((weights @ centres / weights.sum()).tolist())


def _slice_edges(k: np.ndarray, grid: SliceGrid) -> np.ndarray:
    """LPS of the line (0, 0) of slices `k` where each begins and where it ends, (2, n, 3)."""
    ends = np.stack([k - 0.5, k + 0.5])
    return grid.lps_from_ijk(np.stack([np.zeros_like(ends), np.zeros_like(ends), ends], axis=-1))
