"""Draw a mask over its volume: three orthogonal slices through its middle, with its outlines, as one PNG."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from DicomSuiteLib.volumes import Volume
from DicomSuiteRTOverlayLib.missing_package import missing_package
from DicomSuiteRTOverlayLib.output_file import output_file
from DicomSuiteRTOverlayLib.picture_labels import BACKGROUND, write_caption, write_orientation, write_scale
from DicomSuiteRTOverlayLib.picture_views import picture_views
from DicomSuiteRTOverlayLib.segment_extent import BoundingBox, bounding_box
from DicomSuiteRTOverlayLib.segments import BoolArray, Colour, Segment, Segmentation
from DicomSuiteRTOverlayLib.slice_views import SliceView, segment_slice, volume_slice
from DicomSuiteRTOverlayLib.voxel_window import VoxelWindow

PICTURE_SIZE = (1200, 420)
PANEL_SIZE = (398, 390)
"""Width and height in pixels."""
PANEL_STEP = 401
"""From the left of one panel to that of the next."""

COMPRESSION = 3
"""zlib's level: as small as the default level 6 makes these pictures, in half the time."""

FILL_OPACITY = 0.2
FINENESS = 2
"""Outlines are drawn this many times as large and then reduced, which smooths their steps."""
OUTLINE_INSIDE = 2
"""How much of the outline lies inside the mask, in those finer pixels; one more lies outside, so that even a single
voxel is seen."""


def write_picture(path: Path, volume: Volume, segmentation: Segmentation, caption: str) -> None:
    """Write the picture of a mask as a PNG; `caption` is shown as it is and must not name the patient.

    Raises
    ------
    OverlayError
        If Pillow is missing or the file cannot be written.
    """
    picture = overlay_picture(volume, segmentation, caption)
    with output_file(path) as partial:
        partial.write_bytes(picture)


def overlay_picture(volume: Volume, segmentation: Segmentation, caption: str) -> bytes:
    """Draw the picture of a mask on the voxels of `volume`; the same input gives the same bytes.

    Raises
    ------
    OverlayError
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
            _paint(colours[rows, columns], segment.colour, segment_slice(segment, volume.grid, finer))
    return np.rint(colours * 255).astype(np.uint8)


def _paint(pixels: NDArray[np.float32], colour: Colour, inside: BoolArray) -> None:
    """Lay fill and outline of what is `inside`, in finer pixels, over the pixels, in place."""
    outline = _outline(inside)
    opacity = (_reduced(outline) + FILL_OPACITY * _reduced(inside & ~outline))[..., None]
    pixels += opacity * (np.array(colour, np.float32) - pixels)


def _outline(inside: BoolArray) -> BoolArray:
    """Pixels within `OUTLINE_INSIDE` of one outside, or beside one inside; the end of the picture is no border."""
    padded = np.pad(inside, OUTLINE_INSIDE, mode="edge")
    deep = _eroded(_eroded(padded, diagonally=False), diagonally=True)  # in turns, which keeps slanting lines even
    outside = np.pad(~inside, 1, mode="edge")
    return ~_eroded(outside, diagonally=False) & ~deep


def _eroded(inside: BoolArray, diagonally: bool) -> BoolArray:
    """Pixels all of whose 4, or `diagonally` 8, neighbours are inside; a pixel less at every side."""
    across = inside[:, 1:-1] & inside[:, :-2] & inside[:, 2:]
    if diagonally:
        return across[1:-1] & across[:-2] & across[2:]
    return across[1:-1] & inside[:-2, 1:-1] & inside[2:, 1:-1]


def _reduced(fine: BoolArray) -> NDArray[np.float32]:
    """Share of each pixel that its finer pixels cover."""
    height, width = (length // FINENESS for length in fine.shape)
    return fine.reshape(height, FINENESS, width, FINENESS).mean(axis=(1, 3), dtype=np.float32)
