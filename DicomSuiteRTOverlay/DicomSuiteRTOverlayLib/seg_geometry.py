"""The even grid on which the frames of a DICOM Segmentation lie, where they are no slices of the volume."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from DicomSuiteLib.geometry import FloatArray, ImageGeometry, slice_position_tolerance
from DicomSuiteRTOverlayLib.seg_file import SegFile

SAME_STEP = 1e-3
"""Part of a voxel by which the steps of two frames may differ, and the frames still share one lattice."""

MOST_SLICES = 10_000
"""A spacing that asks for more slices between the first frame and the last is damaged."""


def even_grid(file: SegFile) -> tuple[ImageGeometry, dict[int, int]] | None:
    """The grid that holds every frame, those left out for being empty included, and each frame's slice by its number.

    None if frames are turned against each other, or lie at no whole multiple of any spacing.
    """
    first = file.frames[0]
    steps = np.array([(frame.row_step, frame.column_step) for frame in file.frames])
    if np.abs(steps - steps[0]).max() > SAME_STEP * np.linalg.norm(steps[0], axis=1).min():
        return None
    normal = np.cross(first.row_step, first.column_step)
    normal /= np.linalg.norm(normal)
    positions = np.array([frame.position for frame in file.frames])
    heights = positions @ normal
    lowest, highest = int(np.argmin(heights)), int(np.argmax(heights))
    for spacing in _spacings(file, heights):
        slices = np.rint((heights - heights[lowest]) / spacing).astype(int)
        last = int(slices[highest])
        step = (positions[highest] - positions[lowest]) / last if last else normal * spacing
        even = positions[lowest] + slices[:, None] * step
        if np.linalg.norm(positions - even, axis=1).max() <= slice_position_tolerance(spacing):
            axes = np.column_stack([first.row_step, first.column_step, step])
            rows, columns = file.shape
            geometry = ImageGeometry.from_axes((columns, rows, last + 1), axes, positions[lowest])
            return geometry, dict(zip((frame.number for frame in file.frames), slices.tolist(), strict=True))
    return None


def _spacings(file: SegFile, heights: FloatArray) -> Iterator[float]:
    """What may lie between slices, mm, most likely first: as stated, the least between two frames, the thickness."""
    stated, thickness = file.slice_spacing("SpacingBetweenSlices"), file.slice_spacing("SliceThickness")
    gaps = np.diff(np.unique(heights))
    apart = gaps[gaps > slice_position_tolerance(float(gaps.max()))] if gaps.size else gaps
    least = float(apart.min()) if apart.size else None
    for spacing in (stated, least, thickness):
        if spacing is not None and np.ptp(heights) / spacing < MOST_SLICES:
            yield spacing
