"""Which part of the patient a picture shows: three planes through the middle of the mask, at one scale."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from DicomSuiteLib.geometry import FloatArray
from DicomSuiteLib.segment_extent import BoundingBox
from DicomSuiteLib.segments import Segmentation
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteLib.slice_views import Plane, SliceView
from DicomSuiteRTOverlayLib.surface_distances import boundary_points

LEAST_FIELD_MM = 150.0
"""Smallest part of the patient that is shown: enough to recognise where a small mask lies."""

FIELD_PER_MASK = 2.0
"""How many times as wide as the mask the part of the patient is that is shown."""


def picture_views(
    segmentation: Segmentation, boxes: Sequence[BoundingBox], width: int, height: int
) -> tuple[SliceView, ...]:
    """Choose three views of `width` x `height` pixels, one for each plane, that share a point and a scale.

    `boxes` are those of the segments that are not empty; where there are none, the middle of the volume is shown.
    """
    point = shown_point(segmentation)
    low, high = _volume_ends(segmentation.grid)
    pixel_size = _pixel_size(boxes, high - low, width, height)
    views = []
    for plane in Plane:
        centre = point.copy()
        right, down, _ = plane.value
        for axis, pixels in ((right, width), (down, height)):
            centre[axis] = _kept_within(centre[axis], pixels * pixel_size / 2, low[axis], high[axis])
        views.append(SliceView(plane, tuple(centre.tolist()), pixel_size, width, height))
    return tuple(views)


def shown_point(segmentation: Segmentation) -> FloatArray:
    """Centre (3,), LPS mm, of a voxel in the middle of the mask and inside it, so that every plane shows the mask.

    The middle is the centroid of all segments; where that is outside (two kidneys, a ring), the slices, rows and
    columns with the most voxels inside; where that is outside too, the voxel nearest to it.
    """
    grid = segmentation.grid
    profiles = _profiles(segmentation)
    total = profiles[0].sum()
    if not total:
        return grid.lps_from_ijk((np.array(grid.size) - 1) // 2)
    centroid = tuple(round(float(profile @ np.arange(len(profile)) / total)) for profile in profiles)
    fullest = tuple(int(profile.argmax()) for profile in profiles)
    for voxel in (centroid, fullest):
        if _is_inside(segmentation, voxel):
            return grid.lps_from_ijk(voxel[::-1])
    points = np.concatenate([boundary_points(segment, grid) for segment in segmentation.segments])
    distances = np.linalg.norm(points - grid.lps_from_ijk(fullest[::-1]), axis=1)
    return points[distances.argmin()]


def _profiles(segmentation: Segmentation) -> tuple[FloatArray, ...]:
    """Voxels inside for every slice, row and column of the grid."""
    profiles = tuple(np.zeros(length) for length in segmentation.grid.shape)
    for segment in segmentation.segments:
        for axis, (profile, part) in enumerate(zip(profiles, segment.box, strict=True)):
            others = tuple({0, 1, 2} - {axis})
            profile[part] += np.count_nonzero(segment.voxels, axis=others)
    return profiles


def _is_inside(segmentation: Segmentation, voxel: tuple[int, ...]) -> bool:
    for segment in segmentation.segments:
        place = np.array(voxel) - segment.offset
        if np.all((place >= 0) & (place < segment.voxels.shape)) and segment.voxels[tuple(place)]:
            return True
    return False


def _pixel_size(boxes: Sequence[BoundingBox], volume_size: FloatArray, width: int, height: int) -> float:
    """Millimetres of a pixel: the mask with its surroundings fits in, and no more than the volume is shown."""
    field = LEAST_FIELD_MM
    if boxes:
        mask_size = np.max([box.high for box in boxes], axis=0) - np.min([box.low for box in boxes], axis=0)
        field = max(field, FIELD_PER_MASK * mask_size.max())
    whole = max(
        max(volume_size[right] / width, volume_size[down] / height) for right, down, _ in (p.value for p in Plane)
    )
    return float(min(field / min(width, height), whole))


def _volume_ends(grid: SliceGrid) -> tuple[FloatArray, FloatArray]:
    columns, rows, slices = grid.size
    corners = [(i, j, k) for i in (-0.5, columns - 0.5) for j in (-0.5, rows - 0.5) for k in (-0.5, slices - 0.5)]
    points = grid.lps_from_ijk(corners)
    return points.min(axis=0), points.max(axis=0)


def _kept_within(centre: float, half: float, low: float, high: float) -> float:
    """The centre nearest to `centre` for which a stretch of twice `half` stays between the ends, or their middle."""
    if high - low <= 2 * half:
        return (low + high) / 2
    return min(max(centre, low + half), high - half)
