"""Bring the segments of a placed mask onto the voxels of a volume."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from DicomSuiteLib.geometry import FloatArray, ImageGeometry
from DicomSuiteLib.segments import BoolArray, Segment, Segmentation
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteRTOverlayLib.label_boxes import Box, label_boxes
from DicomSuiteRTOverlayLib.lattice_map import LatticeMap, lattice_map
from DicomSuiteRTOverlayLib.mask_file import FileSegment, MaskFile


def resample_mask(mask: MaskFile, geometry: ImageGeometry, grid: SliceGrid, smooth: bool = False) -> Segmentation:
    """Put every segment of a mask whose voxels lie at `geometry` onto the voxels of `grid`.

    Where mask and volume share a lattice, voxels are copied one by one; on a volume with uneven slices that is so
    where `geometry` lies on the lattice of its nominal geometry, so that each slice goes with its slice. Elsewhere each
    voxel of the volume takes the nearest of the mask's, by its own LPS position; with `smooth`, the side of the
    segment's surface on which it lies, by linear interpolation of the distance (mm) to the surface. What
    lies beyond the volume is cut off, with a note.
    """
    lattice = lattice_map(geometry, grid.nominal_geometry)
    boxes = label_boxes(mask)
    segments, notes = [], []
    for part, box in zip(mask.segments, boxes, strict=True):
        inside = mask.layers[part.layer][box] == part.value
        if lattice is not None:
            offset, voxels = _copied(inside, box, lattice, grid)
        else:
            offset, voxels = _interpolated(inside, box, geometry, grid, smooth)
        segment = _trimmed(part, offset, voxels)
        note = _loss(part, inside, segment, is_copy=lattice is not None)
        segments.append(segment)
        notes += [note] if note else []
    return Segmentation(tuple(segments), grid, tuple(notes))


def _copied(inside: BoolArray, box: Box, lattice: LatticeMap, grid: SliceGrid) -> tuple[NDArray[np.int64], BoolArray]:
    """Offset (k, j, i) in the grid and voxels, cut to the grid."""
    laid = lattice.order.lay(inside)
    ends = np.array([[part.start, part.stop - 1] for part in box[::-1]]).T
    start = lattice.volume_from_mask(ends).min(axis=0)[::-1]
    low = np.maximum(start, 0)
    high = np.minimum(start + laid.shape, grid.shape)
    kept = tuple(slice(a, max(a, b)) for a, b in zip(low - start, high - start, strict=True))
    return low, laid[kept]


def _interpolated(
    inside: BoolArray, box: Box, geometry: ImageGeometry, grid: SliceGrid, smooth: bool
) -> tuple[NDArray[np.int64], BoolArray]:
    """Offset (k, j, i) in the grid and voxels, looked up slice by slice of the grid."""
    low, high = _reach(box, geometry, grid)
    if inside.size == 0 or np.any(high <= low):
        return np.zeros(3, int), np.zeros((0, 0, 0), bool)
    depth = _depth(inside, geometry.spacing) if smooth else None
    first = np.array([part.start for part in box]) - (0 if depth is None else 1)
    j, i = np.meshgrid(np.arange(low[1], high[1]), np.arange(low[0], high[0]), indexing="ij")
    voxels = np.empty((high - low)[::-1], bool)
    for plane, k in zip(voxels, range(low[2], high[2]), strict=True):
        lps = grid.lps_from_ijk(np.stack([i, j, np.full_like(i, k)], axis=-1))
        where = geometry.ijk_from_lps(lps)[..., ::-1] - first
        plane[...] = _nearest(inside, where) if depth is None else _linear(depth, where) > 0
    return low[::-1], voxels


def _reach(box: Box, geometry: ImageGeometry, grid: SliceGrid) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First and last but one index (i, j, k) of the grid's voxels that a box of the mask may touch."""
    ends = np.array([[part.start - 0.5, part.stop - 0.5] for part in box[::-1]])
    # Points all over the faces, not the corners alone: uneven slices bend them.
    lines = [np.linspace(*end, 9) for end in ends]
    points = np.stack(np.meshgrid(*lines, indexing="ij"), axis=-1)
    reached = grid.ijk_from_lps(geometry.lps_from_ijk(points)).reshape(-1, 3)
    low = np.floor(reached.min(axis=0)).astype(int) - 1
    high = np.ceil(reached.max(axis=0)).astype(int) + 2
    return np.clip(low, 0, grid.size), np.clip(high, 0, grid.size)


def _nearest(inside: BoolArray, where: FloatArray) -> BoolArray:
    nearest = np.floor(where + 0.5).astype(int)
    within = np.all((nearest >= 0) & (nearest < inside.shape), axis=-1)
    k, j, i = np.moveaxis(np.where(within[..., None], nearest, 0), -1, 0)
    return within & inside[k, j, i]


def _depth(inside: BoolArray, spacing: tuple[float, float, float]) -> NDArray[np.float32]:
    """Depth (mm) below the surface, negative outside, with one voxel around; 0 halfway between unlike neighbours."""
    padded = np.pad(inside, 1)
    sampling = spacing[::-1]
    within = ndimage.distance_transform_edt(padded, sampling)
    return (within - ndimage.distance_transform_edt(~padded, sampling)).astype(np.float32)


def _linear(depth: NDArray[np.float32], where: FloatArray) -> NDArray[np.float32]:
    return ndimage.map_coordinates(depth, np.moveaxis(where, -1, 0), order=1, mode="nearest")


def _trimmed(part: FileSegment, offset: NDArray[np.int64], voxels: BoolArray) -> Segment:
    cut = Segment.from_mask(part.name, part.colour, part.value, voxels)
    if not cut.voxels.size:
        return cut
    start = tuple(int(a + b) for a, b in zip(offset, cut.offset, strict=True))
    return Segment(part.name, part.colour, part.value, start, cut.voxels)


def _loss(part: FileSegment, inside: BoolArray, segment: Segment, is_copy: bool) -> str | None:
    """What became less on the way, in words."""
    before, after = int(np.count_nonzero(inside)), int(np.count_nonzero(segment.voxels))
    if before and not after:
        return f"{part.name}: none of its {before} voxels falls onto the volume's voxels"
    if is_copy and after < before:
        return f"{part.name}: {before - after} of {before} voxels lie beyond the volume and are cut off"
    return None
