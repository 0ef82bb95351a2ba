"""The box around the head, and how the network's part fades out towards its sides."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from DicomSuiteLib.head_mask import head_mask
from DicomSuiteSuperResLib.tiling import Box, Shape, Weights

MARGIN_MM = 8.0
"""Around the head: the network's part fades out there, so that in noisy air no edge of the box is seen."""


def whole_box(shape: Shape) -> Box:
    """The box that is the whole volume."""
    return tuple(slice(0, size) for size in shape)


def head_box(voxels: NDArray, spacing: tuple[float, float, float]) -> Box:
    """Find the box (k, j, i) around the head with its margin, in a volume with voxels of `spacing` mm along k, j, i."""
    mask = head_mask(voxels)
    box = []
    for axis, size in enumerate(mask.shape):
        others = tuple(other for other in range(3) if other != axis)
        inside = np.flatnonzero(mask.any(axis=others))
        margin = math.ceil(MARGIN_MM / spacing[axis])
        box.append(slice(max(int(inside[0]) - margin, 0), min(int(inside[-1]) + 1 + margin, size)))
    return tuple(box)


def fading(box: Box, shape: Shape, factors: Shape, spacing: tuple[float, float, float]) -> Weights:
    """Weights 0 to 1 along each axis of the output's part in `box`: 1 inside, falling over the margin.

    They do not fall towards a side that is the volume's own. `factors` are output voxels per input voxel.
    """
    weights = []
    for part, size, factor, length in zip(box, shape, factors, spacing, strict=True):
        count = (part.stop - part.start) * factor
        places = np.arange(count) + 0.5
        width = math.ceil(MARGIN_MM / length) * factor
        from_start = places / width if part.start > 0 else np.ones(count)
        from_stop = (count - places) / width if part.stop < size else np.ones(count)
        weights.append(np.clip(np.minimum(from_start, from_stop), 0, 1).astype(np.float32))
    return tuple(weights)
