"""Segments sorted into layers in which none overlaps another, as label maps need them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from DicomSuiteLib.segments import Segment
from DicomSuiteRTOverlayLib.segment_algebra import intersection


def segment_layers(segments: Sequence[Segment]) -> list[list[int]]:
    """Return, layer by layer, the places in `segments` of those that go together; empty ones are left out.

    Each goes into the first layer where nothing is in its way, so one that overlaps none never needs a new layer.
    """
    layers: list[list[int]] = []
    for place, segment in enumerate(segments):
        if segment.is_empty:
            continue
        for layer in layers:
            if all(intersection(segment, segments[other]).is_empty for other in layer):
                layer.append(place)
                break
        else:
            layers.append([place])
    return layers


def label_map(segments: Sequence[Segment], layer: Sequence[int], shape: tuple[int, int, int]) -> NDArray[np.uint16]:
    """The voxels of one layer, (slices, rows, columns): the place in `segments`, counted from 1, of what is there."""
    labels = np.zeros(shape, np.uint8 if len(segments) <= np.iinfo(np.uint8).max else np.uint16)
    for place in layer:
        labels[segments[place].box][segments[place].voxels] = place + 1
    return labels
