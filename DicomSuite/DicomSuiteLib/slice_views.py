"""Cut anatomical planes out of a volume and its segments, as a radiologist looks at them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from DicomSuiteLib.geometry import FloatArray, Vector3
from DicomSuiteLib.plane_sampling import plane_indices, sampled
from DicomSuiteLib.segment_extent import BoundingBox
from DicomSuiteLib.segments import BoolArray, Segment
from DicomSuiteLib.slice_grid import SliceGrid

HALF = 0.5 - 1e-4
"""A share of inside from which on a pixel is inside; less than one half by more than rounding, which would fray borders
that fall on pixels."""


class Plane(Enum):
    """The three planes, each with the LPS axis that grows to the right, the one that grows down, and its sign.

    Radiological: the patient's right, and for sagittal planes the front, is at the left of the picture.
    """

    AXIAL = (0, 1, 1)
    CORONAL = (0, 2, -1)
    SAGITTAL = (1, 2, -1)

    @property
    def across(self) -> int:
        """The LPS axis (0 to 2) that the plane is perpendicular to."""
        return 3 - self.value[0] - self.value[1]

    @property
    def letters(self) -> tuple[str, str, str, str]:
        """What lies at the left, right, top and bottom of the picture."""
        right, down, sign = self.value
        ends = (("R", "L"), ("A", "P"), ("I", "S"))
        top, bottom = ends[down][::sign]
        return *ends[right], top, bottom


@dataclass(frozen=True)
class SliceView:
    """A picture of `height` x `width` square pixels in one plane.

    Parameters
    ----------
    plane : which
    centre : LPS mm of the middle of the picture
    pixel_size : mm
    """

    plane: Plane
    centre: Vector3
    pixel_size: float
    width: int
    height: int

    def edges(self) -> tuple[FloatArray, FloatArray]:
        """LPS mm of the pixels' centres at the left (height, 3) and at the top (width, 3)."""
        right, down, sign = self.plane.value
        corner = np.array(self.centre)
        corner[right] -= (self.width - 1) / 2 * self.pixel_size
        corner[down] -= sign * (self.height - 1) / 2 * self.pixel_size
        axes = np.eye(3) * self.pixel_size
        return (
            corner + sign * np.arange(self.height)[:, None] * axes[down],
            corner + np.arange(self.width)[:, None] * axes[right],
        )

    def part(self, box: BoundingBox, magnification: int) -> tuple[SliceView, slice, slice] | None:
        """The part that shows a box of the patient and a pixel around it, where the picture goes on; else None.

        Returns the view with pixels `magnification` times as small, and the rows and columns that it covers here.
        """
        right, down, sign = self.plane.value
        if not box.low[self.plane.across] <= self.centre[self.plane.across] <= box.high[self.plane.across]:
            return None
        columns = self._span(self.width, box.low[right], box.high[right], self.centre[right])
        low, high = sorted((sign * box.low[down], sign * box.high[down]))
        rows = self._span(self.height, low, high, sign * self.centre[down])
        if columns.start >= columns.stop or rows.start >= rows.stop:
            return None
        centre = list(self.centre)
        centre[right] += ((columns.start + columns.stop) - self.width) / 2 * self.pixel_size
        centre[down] += sign * ((rows.start + rows.stop) - self.height) / 2 * self.pixel_size
        width, height = columns.stop - columns.start, rows.stop - rows.start
        finer = SliceView(
            self.plane, tuple(centre), self.pixel_size / magnification, width * magnification, height * magnification
        )
        return finer, rows, columns

    def _span(self, count: int, low: float, high: float, centre: float) -> slice:
        """Pixels from just before to just behind the stretch from `low` to `high` (mm), of `count` around `centre`."""
        first = int(np.floor((low - centre) / self.pixel_size + count / 2)) - 1
        last = int(np.ceil((high - centre) / self.pixel_size + count / 2)) + 1
        return slice(max(first, 0), min(last, count))


def volume_slice(voxels: NDArray, grid: SliceGrid, view: SliceView) -> NDArray[np.float32]:
    """Values at the pixels of a view, (height, width), interpolated linearly; NaN outside the volume."""
    indices = plane_indices(*view.edges(), grid)
    inside = np.ones((), bool)
    for index, length in zip(indices, voxels.shape, strict=True):
        inside = inside & (index >= -0.5) & (index <= length - 0.5)
    kept = tuple(np.clip(index, 0, length - 1) for index, length in zip(indices, voxels.shape, strict=True))
    return np.where(inside, sampled(voxels, kept), np.float32(np.nan))


def segment_slice(segment: Segment, grid: SliceGrid, view: SliceView) -> BoolArray:
    """Which pixels of a view, (height, width), are inside a segment, its border at half way between voxel centres."""
    indices = plane_indices(*view.edges(), grid)
    from_box = tuple(index - start for index, start in zip(indices, segment.offset, strict=True))
    return sampled(segment.voxels, from_box) >= HALF
