"""Read a .seg.nrrd that this library has written, ready to be shown."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteRTOverlayLib.errors import OverlayError
from DicomSuiteRTOverlayLib.mask_file import FileSegment
from DicomSuiteRTOverlayLib.read_mask_file import read_mask_file
from DicomSuiteRTOverlayLib.segmentation_node import LabelBox, label_boxes


@dataclass(frozen=True, eq=False)
class ReadSegments:
    """Layers of labels cut to what is not empty, the segments in them, and where the uncut voxels lie."""

    boxes: tuple[LabelBox, ...]
    segments: tuple[FileSegment, ...]
    geometry: ImageGeometry


def read_segments(path: Path) -> ReadSegments:
    """Read a file whose header is complete.

    Raises
    ------
    OverlayError
        If the file cannot be read, or its header is not complete.
    """
    mask = read_mask_file(path)
    claims = mask.claims
    if claims.axes is None or claims.origin is None:
        raise OverlayError(f"{path} does not say where its voxels lie; it was not written by DicomSuite.")
    geometry = ImageGeometry.from_axes(claims.size, claims.axes, claims.origin)
    return ReadSegments(label_boxes(mask.layers), mask.segments, geometry)
