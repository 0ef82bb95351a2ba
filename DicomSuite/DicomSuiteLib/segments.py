"""Segments on the voxels of a volume: `Segment` and `Segmentation`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from DicomSuiteLib.slice_grid import SliceGrid

Colour = tuple[float, float, float]
"""Red, green, blue; each 0 to 1 (sRGB, as MRML, NRRD and RTSTRUCT's 0 to 255 mean it)."""

BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Segment:
    """One named structure. Only the box that it fills is held, so that many small ones cost little.

    Parameters
    ----------
    name : as its source calls it
    colour : as its source has it, else one of `segment_colours`
    value : what stands for it in its source: a label value, ROINumber or SegmentNumber
    offset : index (k, j, i) of the box's first voxel in the grid
    voxels : (k, j, i) True inside; an empty segment has the shape (0, 0, 0)
    """

    name: str
    colour: Colour
    value: int
    offset: tuple[int, int, int]
    voxels: BoolArray

    @classmethod
    def from_mask(cls, name: str, colour: Colour, value: int, mask: BoolArray) -> Segment:
        """Cut the smallest box out of a mask of the whole grid, (slices, rows, columns)."""
        box = smallest_box(mask)
        voxels = np.ascontiguousarray(mask[box])
        return cls(name, colour, value, tuple(part.start for part in box), voxels)

    @property
    def box(self) -> tuple[slice, slice, slice]:
        """Where `voxels` lie in an array of the whole grid."""
        return tuple(slice(start, start + length) for start, length in zip(self.offset, self.voxels.shape, strict=True))

    @property
    def is_empty(self) -> bool:
        """True if no voxel is inside."""
        return not self.voxels.any()

    def full_mask(self, shape: tuple[int, int, int]) -> BoolArray:
        """The mask on a whole grid of `shape` (slices, rows, columns)."""
        mask = np.zeros(shape, bool)
        mask[self.box] = self.voxels
        return mask


@dataclass(frozen=True, eq=False)
class Segmentation:
    """Segments on the grid of one volume; they may overlap.

    `notes` say what was left out, cut off or changed on the way here, in words; no identifying value, no path.
    """

    segments: tuple[Segment, ...]
    grid: SliceGrid
    notes: tuple[str, ...] = ()


def smallest_box(mask: NDArray) -> tuple[slice, slice, slice]:
    """The smallest box (k, j, i) around every voxel that is not 0; of no extent at the origin where there is none."""
    slices = mask.any(axis=(1, 2))
    if not slices.any():
        return slice(0, 0), slice(0, 0), slice(0, 0)
    k = _span(slices)
    plane = mask[k].any(axis=0)
    return k, _span(plane.any(axis=1)), _span(plane.any(axis=0))


def _span(line: BoolArray) -> slice:
    places = np.flatnonzero(line)
    return slice(int(places[0]), int(places[-1]) + 1)
