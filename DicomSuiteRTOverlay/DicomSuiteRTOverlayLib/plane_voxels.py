"""Fill the contour planes of an ROI on the slices of a volume."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from DicomSuiteLib.geometry import FloatArray
from DicomSuiteLib.segments import BoolArray
from DicomSuiteRTOverlayLib.contour_planes import ContourPlane, SliceHeights
from DicomSuiteRTOverlayLib.even_odd_fill import fill_polygons
from DicomSuiteRTOverlayLib.shape_interpolation import PlaneShape, interpolate_shapes
from DicomSuiteRTOverlayLib.slice_sources import SliceSource

SHIFT_DECIMALS = 6
"""Shifts of a plane that agree to a millionth of a voxel are the same."""

BoxVoxels = tuple[tuple[int, int, int], BoolArray]
"""Index (k, j, i) of the first voxel of a box, and what is inside in it, (k, j, i)."""

EMPTY: BoxVoxels = ((0, 0, 0), np.zeros((0, 0, 0), bool))


def planes_to_voxels(
    planes: Sequence[ContourPlane], sources: Sequence[SliceSource], heights: SliceHeights
) -> BoxVoxels:
    """Fill contour planes on the slices of a volume; what lies beyond its border is cut off.

    Parameters
    ----------
    planes : of one ROI, lowest first
    sources : what each slice is made from, by `slice_sources`
    heights : of the volume's slices
    """
    shapes = _Shapes(planes, sources, heights)
    if not sources or 0 in shapes.size:
        return EMPTY
    first, last = sources[0].number, sources[-1].number
    offset = (first, *shapes.corner)
    voxels = shapes.if_one_a_slice()
    if voxels is None:
        voxels = np.zeros((last - first + 1, *shapes.size), bool)
        for source in sources:
            voxels[source.number - first] = shapes.on_slice(source)
    return (offset, voxels) if voxels.any() else EMPTY


class _Shapes:
    """Contour planes filled inside the box of their ROI, each straight across it for the slices that use it."""

    def __init__(self, planes: Sequence[ContourPlane], sources: Sequence[SliceSource], heights: SliceHeights) -> None:
        self._planes, self._sources, self._heights = planes, sources, heights
        shifts = {
            (plane, source.number): np.round(heights.shift(planes[plane], source.number), SHIFT_DECIMALS)
            for source in sources
            for plane in source.planes
        }
        keys = {use: (use[0], *shift.tolist()) for use, shift in shifts.items()}
        index = {key: number for number, key in enumerate(dict.fromkeys(keys.values()))}
        self._uses = {use: index[key] for use, key in keys.items()}
        placed = [(planes[plane].polygons, np.array(shift)) for plane, *shift in index]
        self.corner, self.size = _box(placed, heights.grid.shape)
        self._polygons = [[polygon + (shift - self.corner[::-1]) for polygon in polygons] for polygons, shift in placed]
        numbers = [number for number, group in enumerate(self._polygons) for _ in group]
        flat = [polygon for group in self._polygons for polygon in group]
        self._filled = fill_polygons(flat, numbers, (len(self._polygons), *self.size))
        self._outlined: dict[int, PlaneShape] = {}

    def if_one_a_slice(self) -> BoolArray | None:
        """All planes as they are filled, where they are the slices one by one: nothing needs to be copied."""
        first = self._sources[0].number
        copied = [self._uses[source.planes[0], source.number] for source in self._sources if len(source.planes) == 1]
        numbers = [source.number - first for source in self._sources]
        return self._filled if copied == numbers == list(range(len(self._filled))) else None

    def on_slice(self, source: SliceSource) -> BoolArray:
        """The shape (rows, columns) on one slice."""
        uses = [self._uses[plane, source.number] for plane in source.planes]
        if len(uses) == 1:
            return self._filled[uses[0]]
        at = [self._planes[plane].height for plane in source.planes]
        height = float(self._heights.of_slices[source.number])
        return interpolate_shapes([self._outline(use) for use in uses], at, height)

    def _outline(self, number: int) -> PlaneShape:
        if number not in self._outlined:
            shape = PlaneShape.from_polygons(self._filled[number], self._polygons[number], self._heights.spacing)
            self._outlined[number] = shape
        return self._outlined[number]


def _box(
    placed: Sequence[tuple[Sequence[FloatArray], FloatArray]], shape: tuple[int, int, int]
) -> tuple[tuple[int, int], tuple[int, int]]:
    """First voxel (j, i) and size (rows, columns) of the part of a slice that polygons, each with a shift, reach."""
    lowest = [polygon.min(axis=0) + shift for polygons, shift in placed for polygon in polygons]
    highest = [polygon.max(axis=0) + shift for polygons, shift in placed for polygon in polygons]
    if not lowest:
        return (0, 0), (0, 0)
    limits = shape[2], shape[1]
    low = np.clip(np.ceil(np.min(lowest, axis=0)), 0, limits).astype(int)
    high = np.clip(np.floor(np.max(highest, axis=0)) + 1, 0, limits).astype(int)
    size = np.maximum(high - low, 0)
    return (int(low[1]), int(low[0])), (int(size[1]), int(size[0]))
