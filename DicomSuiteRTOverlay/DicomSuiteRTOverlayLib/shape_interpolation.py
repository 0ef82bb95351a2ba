"""Shapes on planes between other planes, by their signed distances to the outlines.

Shape-based interpolation (Raya and Udupa, IEEE TMI 9:32, 1990) with monotone cubics (Fritsch and Butland, SIAM J.
Sci. Stat. Comput. 5:300, 1984), which keep round what lines between planes would cut off. Being monotone, they change
sides only where two neighbouring planes differ: what both hold is inside between them, what neither holds is outside,
and only the few voxels on which they differ need distances.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import cKDTree

from DicomSuiteLib.geometry import FloatArray
from DicomSuiteLib.segments import BoolArray

if TYPE_CHECKING:
    from scipy.interpolate import PchipInterpolator

SAMPLES_PER_VOXEL = 4
"""Points on an outline lie at most a quarter of a voxel apart."""

PLANES_BETWEEN = 4
"""Planes that shape one between them: the two beside it and the next on either side."""

PLANES_BEYOND = 3
"""Planes that shape one beyond the last: their slope at the end is of second order."""

STEEPEST = 1.5
"""A shape narrows within half a spacing by at most this times what it did over the last: half of Fritsch's limit, 3."""

Spacing = tuple[float, float]
"""mm between voxel centres along x (columns) and along y (rows)."""


@dataclass(frozen=True, eq=False)
class PlaneShape:
    """A shape on one plane.

    Parameters
    ----------
    inside : (rows, columns)
    spacing : mm along x (columns) and y (rows)
    outline : (n, 2) points x, y (mm from the centre of voxel 0, 0) along its outline, closer than a voxel
    """

    inside: BoolArray
    spacing: Spacing
    outline: FloatArray

    @classmethod
    def from_polygons(cls, inside: BoolArray, polygons: Sequence[FloatArray], spacing: Spacing) -> PlaneShape:
        """Take the outline from the polygons, (n, 2) x, y in voxels, that were filled."""
        step = min(spacing) / SAMPLES_PER_VOXEL
        outline = np.concatenate([_sampled(polygon * spacing, step) for polygon in polygons])
        return cls(inside, spacing, outline)

    def distances(self, points: FloatArray) -> FloatArray:
        """Distances (mm, (n,)) of points (n, 2) from the outline."""
        return self._tree.query(points)[0]

    def signed_distances(self, row: NDArray[np.int64], column: NDArray[np.int64]) -> FloatArray:
        """Distances (mm, (n,)) of voxel centres from the outline, positive inside."""
        distances = self.distances(np.column_stack([column, row]) * self.spacing)
        return np.where(self.inside[row, column], distances, -distances)

    @cached_property
    def _tree(self) -> cKDTree:
        return cKDTree(self.outline)


def planes_around(heights: Sequence[float], height: float) -> range:
    """Indices of those planes of a stack, at increasing `heights`, that shape one at `height`."""
    count, above = len(heights), int(np.searchsorted(heights, height))
    if above < count and heights[above] == height:
        return range(above, above + 1)
    if above == 0:
        return range(min(PLANES_BEYOND, count))
    if above == count:
        return range(max(count - PLANES_BEYOND, 0), count)
    return range(max(above - PLANES_BETWEEN // 2, 0), min(above + PLANES_BETWEEN // 2, count))


def interpolate_shapes(shapes: Sequence[PlaneShape], heights: Sequence[float], height: float) -> BoolArray:
    """The shape (rows, columns) at `height` (mm), made from those at `planes_around` it, lowest first."""
    if len(shapes) == 1:
        return shapes[0].inside
    if height < heights[0]:
        return _tapered(shapes, heights, height, 0)
    if height > heights[-1]:
        return _tapered(shapes, heights, height, -1)
    return _between(shapes, heights, height, above=int(np.searchsorted(heights, height)))


def _between(shapes: Sequence[PlaneShape], heights: Sequence[float], height: float, above: int) -> BoolArray:
    """An island or a hole of one neighbour that has no counterpart on the other reaches half-way to it."""
    lower, upper = shapes[above - 1].inside, shapes[above].inside
    nearer = lower if height - heights[above - 1] < heights[above] - height else upper
    result = nearer.copy()
    row, column = _shared_differences(lower, upper)
    if len(row):
        distances = [shape.signed_distances(row, column) for shape in shapes]
        result[row, column] = _cubic(heights, distances)(height) > 0
    return result


def _tapered(shapes: Sequence[PlaneShape], heights: Sequence[float], height: float, end: int) -> BoolArray:
    """The shape at one end, never widened, and narrowed by the slope with which it ends."""
    result = shapes[end].inside.copy()
    row, column = np.nonzero(result & ~_deep_inside(shapes[end], shapes[1 if end == 0 else -2]))
    if len(row):
        distances = [shape.signed_distances(row, column) for shape in shapes]
        slope = _cubic(heights, distances)(heights[end], nu=1)
        result[row, column] = distances[end] + slope * (height - heights[end]) > 0
    return result


def _cubic(heights: Sequence[float], distances: Sequence[FloatArray]) -> PchipInterpolator:
    """The monotone cubics through the distances at the heights."""
    from scipy.interpolate import PchipInterpolator  # most masks need none, and it takes long to import

    return PchipInterpolator(heights, distances)


def _deep_inside(last: PlaneShape, before: PlaneShape) -> BoolArray:
    """True where a shape is too thick to be narrowed away within half a spacing beyond it."""
    farthest = STEEPEST * before.distances(last.outline).max()
    rows, columns = (int(2 * np.ceil(farthest / spacing) + 1) for spacing in reversed(last.spacing))
    return ndimage.minimum_filter(last.inside.view(np.uint8), (rows, columns), mode="constant").view(bool)


def _shared_differences(below: BoolArray, above: BoolArray) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows and columns of the voxels on which two planes differ, but for islands and holes without a counterpart.

    What differs and touches nothing that both hold is an island; what touches nothing that neither holds, a hole.
    """
    differing = below != above
    labels, count = ndimage.label(differing)
    places = np.flatnonzero(differing)
    row, column = np.divmod(places, differing.shape[1])
    label = labels.reshape(-1)[places]
    is_shared = np.ones(count + 1, bool)
    both, neither = np.pad(below & above, 1), np.pad(~(below | above), 1, constant_values=True)
    for framed in (both, neither):
        touches = np.zeros(count + 1, bool)
        for down, right in ((0, 1), (1, 0), (1, 2), (2, 1)):
            touches[label[framed[row + down, column + right]]] = True
        is_shared &= touches
    chosen = is_shared[label]
    return row[chosen], column[chosen]


def _sampled(polygon: FloatArray, step: float) -> FloatArray:
    """Points at most `step` apart along a closed polygon, its vertices among them."""
    edges = np.roll(polygon, -1, axis=0) - polygon
    counts = np.maximum(np.ceil(np.hypot(*edges.T) / step), 1).astype(int)
    first = np.repeat(np.cumsum(counts) - counts, counts)
    share = (np.arange(counts.sum()) - first) / np.repeat(counts, counts)
    return np.repeat(polygon, counts, axis=0) + share[:, None] * np.repeat(edges, counts, axis=0)
