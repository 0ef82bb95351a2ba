"""The boxes that the segments of a mask file fill in its layers."""

from __future__ import annotations

from scipy import ndimage

from DicomSuiteLib.segments import smallest_box
from DicomSuiteRTOverlayLib.mask_file import MaskFile

Box = tuple[slice, slice, slice]

LARGEST_TABLED_VALUE = 65_535
"""Up to this value the boxes of all labels are found in one pass, in a table as long as the largest value."""


def label_boxes(mask: MaskFile) -> list[Box]:
    """The box (k, j, i) that each segment fills in its layer; of no extent for an empty one."""
    tables: dict[int, list[Box | None]] = {}
    boxes = []
    for part in mask.segments:
        layer = mask.layers[part.layer]
        if not 0 < part.value <= LARGEST_TABLED_VALUE:
            boxes.append(smallest_box(layer == part.value))
            continue
        if part.layer not in tables:
            tables[part.layer] = ndimage.find_objects(layer, LARGEST_TABLED_VALUE)
        boxes.append(tables[part.layer][part.value - 1] or (slice(0, 0),) * 3)
    return boxes
