"""Segments painted as label values, one plane at a time, so that files are written without a whole volume in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from DicomSuiteLib.segments import Segment

LARGEST_VALUE = np.iinfo(np.uint16).max
"""Values above are replaced: readers of label maps often know 16 bits only."""


def label_values_of(segments: Sequence[Segment]) -> list[int]:
    """What stands for each segment in a file: its own value where all are distinct, positive and small, else 1 to n."""
    own = [segment.value for segment in segments]
    if len(set(own)) == len(own) and all(0 < value <= LARGEST_VALUE for value in own):
        return own
    return list(range(1, len(segments) + 1))


def label_planes(
    segments: Sequence[Segment], values: Sequence[int], layers: Sequence[Sequence[int]], shape: tuple[int, int, int]
) -> Iterator[NDArray[np.unsignedinteger]]:
    """Paint plane after plane, each (rows, columns, layers).

    Parameters
    ----------
    segments, values : the value that stands for each segment
    layers : of each layer the places in `segments` of what it holds; a later one covers an earlier one
    shape : slices, rows, columns of the whole
    """
    slices, rows, columns = shape
    plane = np.zeros((rows, columns, len(layers)), np.min_scalar_type(max(values, default=0)))
    for k in range(slices):
        plane[:] = 0
        for layer, places in enumerate(layers):
            for place in places:
                _paint(plane[:, :, layer], k, segments[place], values[place])
        yield plane


def _paint(plane: NDArray, k: int, segment: Segment, value: int) -> None:
    box = segment.box
    if box[0].start <= k < box[0].stop:
        plane[box[1:]][segment.voxels[k - box[0].start]] = value
