"""Draw a mask over its volume: three orthogonal slices through its middle, with its outlines, as one PNG."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from DicomSuiteLib.mask_painting import FINENESS, paint_mask
from DicomSuiteLib.missing_package import missing_package
from DicomSuiteLib.output_file import output_file
from DicomSuiteLib.picture_text import BACKGROUND, write_orientation, write_scale
from DicomSuiteLib.segment_extent import BoundingBox, bounding_box
from DicomSuiteLib.segments import Segment, Segmentation
from DicomSuiteLib.slice_views import SliceView, segment_slice, volume_slice
from DicomSuiteLib.volumes import Volume
from DicomSuiteLib.voxel_window import VoxelWindow
from DicomSuiteRTOverlayLib.picture_labels import write_caption
from DicomSuiteRTOverlayLib.picture_views import picture_views

PICTURE_SIZE = (1200, 420)
PANEL_SIZE = (398, 390)
"""Width and height in pixels."""
PANEL_STEP = 401
"""From the left of one panel to that of the next."""

COMPRESSION = 3
"""zlib's level: as small as the default level 6 makes these pictures, in half the time."""


def write_picture(path: Path, volume: Volume, segmentation: Segmentation, caption: str) -> None:
    """Write the picture of a mask as a PNG; `caption` is shown as it is and must not name the patient.

    Raises
    ------
    MissingPackageError
        If Pillow is missing.
    OutputError
        If the file cannot be written.
    """
    picture = overlay_picture(volume, segmentation, caption)
    with output_file(path) as partial:
        partial.write_bytes(picture)


def overlay_picture(volume: Volume, segmentation: Segmentation, caption: str) -> bytes:
    """Draw the picture of a mask on the voxels of `volume`; the same input gives the same bytes.

    Raises
    ------
    MissingPackageError
        If Pillow is missing.
    """
    try:
        from PIL import Image, ImageDraw
    except ImportError as error:
        raise missing_package("Pillow", "Pictures") from error
    boxes = {segment: box for segment in segmentation.segments if (box := bounding_box(segment, segmentation.grid))}
    views = picture_views(segmentation, list(boxes.values()), *PANEL_SIZE)
    window = VoxelWindow.of(volume)
    picture = Image.new("RGB", PICTURE_SIZE, BACKGROUND)
    draw = ImageDraw.Draw(picture)
    for number, view in enumerate(views):
        pixels = _panel(volume, boxes, view, window)
        picture.paste(Image.fromarray(pixels), (number * PANEL_STEP, 0))
        write_orientation(draw, view, number * PANEL_STEP)
    write_scale(draw, views[0])
    write_caption(draw, caption, segmentation.segments, top=PANEL_SIZE[1], size=PICTURE_SIZE)
    file = io.BytesIO()
    picture.save(file, "PNG", compress_level=COMPRESSION)
    return file.getvalue()


def _panel(
    volume: Volume, boxes: Mapping[Segment, BoundingBox], view: SliceView, window: VoxelWindow
) -> NDArray[np.uint8]:
    """The pixels (height, width, 3) of one view, with the segments that lie in these boxes."""
    grey = window.grey(volume_slice(volume.voxels, volume.grid, view))[..., None]
    colours = np.where(np.isnan(grey), np.array(BACKGROUND, np.float32) / 255, grey)
    for segment, box in boxes.items():
        part = view.part(box, FINENESS)
        if part is not None:
            finer, rows, columns = part
            paint_mask(colours[rows, columns], segment.colour, segment_slice(segment, volume.grid, finer))
    return np.rint(colours * 255).astype(np.uint8)
