"""Turn an ROI of a structure set into a segment on the voxels of a volume."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from DicomSuiteLib.geometry import FloatArray
from DicomSuiteLib.segment_colours import segment_colour
from DicomSuiteLib.segments import Segment
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteRTOverlayLib.contour_planes import ContourPlane, SliceHeights, contour_planes
from DicomSuiteRTOverlayLib.plane_voxels import BoxVoxels, planes_to_voxels
from DicomSuiteRTOverlayLib.reoriented_contours import reoriented_voxels
from DicomSuiteRTOverlayLib.rtstruct_contours import Roi
from DicomSuiteRTOverlayLib.slice_sources import SliceSource, slice_sources, usual_gap

NOTICED_MM = 0.05
"""Less than this beyond the border is rounding of the coordinates, and no note."""


@dataclass(frozen=True, eq=False)
class RoiMask:
    """What became of one ROI; `segment` is None where no voxel is inside, and `notes` say why."""

    segment: Segment | None
    notes: tuple[str, ...]


def rois_to_masks(rois: Sequence[Roi], grid: SliceGrid) -> list[RoiMask]:
    """Fill the contours of every ROI of a structure set on the voxels of a volume, in their order."""
    heights = SliceHeights(grid)
    usual = usual_gap([_slice_numbers(roi, heights) for roi in rois], heights)
    return [_mask(roi, number, heights, usual) for number, roi in enumerate(rois)]


def mm_outside(points: FloatArray, grid: SliceGrid) -> FloatArray:
    """Distances (mm, (n,)) of LPS points (n, 3) from the box that a grid's voxels fill; 0 inside."""
    inside = np.clip(grid.ijk_from_lps(points), -0.5, np.array(grid.size) - 0.5)
    return np.linalg.norm(points - grid.lps_from_ijk(inside), axis=1)


def _slice_numbers(roi: Roi, heights: SliceHeights) -> FloatArray:
    """Fractional slice numbers of the contours that run along the slices, as a point and its opposite tell it."""
    if not roi.contours:
        return np.zeros(0)
    ends = np.array([(contour[0], contour[len(contour) // 2]) for contour in roi.contours])
    is_along = np.ptp(heights.of(ends), axis=1) <= heights.flatness
    return heights.grid.ijk_from_lps(ends[is_along, 0])[:, 2]


def _mask(roi: Roi, number: int, heights: SliceHeights, usual: float) -> RoiMask:
    planes, across = contour_planes(roi.contours, heights, heights.flatness)
    notes = list(roi.left_out)
    if not roi.contours:
        return RoiMask(None, _of(roi, notes))
    if planes:
        sources = slice_sources(planes, heights, usual)
        box = planes_to_voxels(planes, sources, heights)
        unused = len(across)
        notes += _about_planes(planes, sources)
    else:
        reoriented = reoriented_voxels(across, heights.grid)
        box, unused = reoriented.voxels, reoriented.left_out
        notes.append("its contours do not run along the slices; it was filled on planes of its own")
    if unused:
        notes.append(f"{unused} of {len(roi.contours)} contours left out: they do not run along the others")
    notes += _about_border(roi, box, heights.grid)
    return RoiMask(_segment(roi, number, box), _of(roi, notes))


def _segment(roi: Roi, number: int, box: BoxVoxels) -> Segment | None:
    offset, voxels = box
    if not voxels.size:
        return None
    colour = segment_colour(number) if roi.colour is None else roi.colour
    return Segment(roi.name, colour, roi.number, offset, voxels)


def _of(roi: Roi, notes: Sequence[str]) -> tuple[str, ...]:
    return tuple(f"{roi.name} (ROI {roi.number}): {note}" for note in notes)


def _about_planes(planes: Sequence[ContourPlane], sources: Sequence[SliceSource]) -> list[str]:
    notes = []
    between = sum(len(source.planes) > 1 for source in sources)
    if between:
        notes.append(f"{between} of its {len(sources)} slices lie between or beyond its contours and were interpolated")
    numbers = [source.number for source in sources]
    empty = max(numbers) - min(numbers) + 1 - len(numbers) if numbers else 0
    if empty:
        notes.append(f"it is in separate parts: {empty} slices between them have no contours near and stay empty")
    repeated = sum(plane.repeated for plane in planes)
    if repeated:
        notes.append(f"{repeated} contours left out: each is there twice")
    return notes


def _about_border(roi: Roi, box: BoxVoxels, grid: SliceGrid) -> list[str]:
    points = np.concatenate(roi.contours)
    corners = np.array(np.meshgrid(*zip(points.min(axis=0), points.max(axis=0), strict=True))).reshape(3, 8).T
    filled = bool(box[1].size)
    if filled and mm_outside(corners, grid).max() <= NOTICED_MM:
        return []
    outside = mm_outside(points, grid)
    if filled:
        cut = float(outside.max())
        return [f"it reaches {cut:.1f} mm beyond the volume and is cut off there"] if cut > NOTICED_MM else []
    if outside.min() > NOTICED_MM:
        return [f"left out: it lies outside the volume, {outside.min():.1f} mm away"]
    return ["left out: no voxel centre lies inside it"]
