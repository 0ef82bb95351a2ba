"""A closed outline in the patient: its plane, its area, and which points of the plane lie inside."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from DicomSuiteLib.geometry import FloatArray
from DicomSuiteLib.segments import BoolArray
from DicomSuiteRenderLib.errors import RenderError

SMALLEST_AREA = 1e-9
"""mm²; an outline around less lies on a line or in a point."""


@dataclass(frozen=True, eq=False)
class Outline:
    """A polygon, its last point joined to its first.

    Its plane is the one onto which it casts the largest area; in that plane it must not cross itself.

    Parameters
    ----------
    points : (n, 3) LPS mm, at least three that are not on a line

    Raises
    ------
    RenderError
        If it encloses nothing, or crosses itself, so that inside and outside are not defined.
    """

    points: FloatArray

    def __post_init__(self) -> None:
        points = np.asarray(self.points, dtype=float).reshape(-1, 3)
        # A point given twice in a row, as a closed curve repeats its first, adds an edge of no length.
        object.__setattr__(self, "points", points[np.any(points != np.roll(points, 1, axis=0), axis=1)])
        if len(self.points) < 3:
            raise RenderError("An area needs an outline of at least three points; add more.")
        if self.area < SMALLEST_AREA:
            raise RenderError("The outline encloses no area: its points lie on a line; move them apart.")
        if _crosses_itself(self._flat):
            raise RenderError("The outline crosses itself, so what is inside is not defined; move its points.")

    @property
    def area(self) -> float:
        """mm², exact where the points lie in one plane; else of the outline seen along `normal`."""
        return float(np.linalg.norm(self._vector_area))

    @cached_property
    def normal(self) -> FloatArray:
        """LPS unit vector across the plane; the outline runs counter-clockwise seen against it."""
        return self._vector_area / np.linalg.norm(self._vector_area)

    @cached_property
    def centre(self) -> FloatArray:
        """LPS mm of the mean of the points, which lies in the plane."""
        return self.points.mean(axis=0)

    @property
    def unevenness(self) -> float:
        """mm by which the farthest point is off the plane."""
        return float(np.abs((self.points - self.centre) @ self.normal).max())

    def contains(self, points: ArrayLike) -> BoolArray:
        """Which points (n, 3) of the plane, LPS mm, lie inside, by the even-odd rule."""
        flat = self._on_plane(np.asarray(points, dtype=float))
        near = np.flatnonzero(np.all((flat >= self._flat.min(axis=0)) & (flat <= self._flat.max(axis=0)), axis=1))
        # In order of height, every edge meets only a short stretch of the points.
        near = near[flat[near, 1].argsort()]
        x, y = flat[near].T
        starts, ends = self._flat, np.roll(self._flat, -1, axis=0)
        first = y.searchsorted(np.minimum(starts[:, 1], ends[:, 1]))
        last = y.searchsorted(np.maximum(starts[:, 1], ends[:, 1]))
        odd = np.zeros(len(near), bool)
        for (x1, y1), (x2, y2), low, high in zip(starts, ends, first, last, strict=True):
            if low < high:
                odd[low:high] ^= x[low:high] < x1 + (y[low:high] - y1) * ((x2 - x1) / (y2 - y1))
        inside = np.zeros(len(flat), bool)
        inside[near[odd]] = True
        return inside

    @cached_property
    def _vector_area(self) -> FloatArray:
        """Newell's vector: along the normal, as long as the area; not troubled by where the origin is."""
        from_centre = self.points - self.centre
        return np.cross(from_centre, np.roll(from_centre, -1, axis=0)).sum(axis=0) / 2

    @cached_property
    def _flat(self) -> FloatArray:
        """The points in the plane's own coordinates, (n, 2) mm."""
        return self._on_plane(self.points)

    def _on_plane(self, points: FloatArray) -> FloatArray:
        return (points - self.centre) @ self._axes

    @cached_property
    def _axes(self) -> FloatArray:
        """(3, 2): two perpendicular unit vectors in the plane."""
        across = np.cross(self.normal, np.eye(3)[np.abs(self.normal).argmin()])
        across /= np.linalg.norm(across)
        return np.column_stack([across, np.cross(self.normal, across)])


def _crosses_itself(flat: FloatArray) -> bool:
    """Whether two edges of a closed polygon (n, 2) cross at a point inside both."""
    starts, ends = flat, np.roll(flat, -1, axis=0)
    for first in range(len(flat) - 2):
        a, b, c, d = starts[first], ends[first], starts[first + 2 :], ends[first + 2 :]
        sides = _side(a, b, c) * _side(a, b, d), _side(c, d, a) * _side(c, d, b)
        if np.any((sides[0] < 0) & (sides[1] < 0)):
            return True
    return False


def _side(start: FloatArray, end: FloatArray, point: FloatArray) -> FloatArray:
    """-1, 0 or 1: on which side of the lines from `start` to `end` the points lie."""
    along, to_point = end - start, point - start
    return np.sign(along[..., 0] * to_point[..., 1] - along[..., 1] * to_point[..., 0])
