"""Boxes of a picture made black, whatever its pixels mean (PS3.3 C.7.6.3.1.2)."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from pydicom.dataset import Dataset
from pydicom.pixels import apply_color_lut

from DicomSuiteAnonymizeLib.pixels.frame_format import FrameFormat
from DicomSuiteAnonymizeLib.pixels.pixel_rules import Box

_DARKEST_OF_PARTIAL_RANGE = 16 / 256
"""Luminance of black where the range is not used in full, as in video (PS3.3 C.7.6.3.1.2, YBR_PARTIAL_…)."""


def black(dataset: Dataset, form: FrameFormat) -> np.ndarray:
    """The darkest sample, or samples of one pixel, of an image with these attributes and frames of this format.

    The padding value counts as black where there is one, because viewers leave it out of the grey scale.
    """
    if form.photometric == "PALETTE COLOR":
        darkest = _darkest_index(dataset, form)
    elif form.photometric.startswith("YBR"):
        middle = 1 << (form.stored - 1)
        luminance = int(_DARKEST_OF_PARTIAL_RANGE * 2 * middle) if "PARTIAL" in form.photometric else 0
        darkest = [luminance, middle, middle]
    elif form.photometric == "RGB":
        darkest = [0, 0, 0]
    else:
        darkest = _darkest_grey(dataset, form)
    return np.array(darkest, form.dtype)


def blank(frame: np.ndarray, boxes: Iterable[Box], value: np.ndarray, form: FrameFormat) -> None:
    """Fill the boxes of a frame, in place. Where pairs of pixels share their colour, boxes grow to whole pairs."""
    for left, top, width, height in boxes:
        right = left + width
        if form.subsampled:
            left, right = left - left % 2, right + right % 2
        frame[top : top + height, left:right] = value


def _darkest_grey(dataset: Dataset, form: FrameFormat) -> float:
    if form.dtype.kind == "f":
        padding = dataset.get("FloatPixelPaddingValue", dataset.get("DoubleFloatPixelPaddingValue"))
        return 0.0 if padding is None else padding
    least = -(1 << (form.stored - 1)) if form.signed else 0
    greatest = least + (1 << form.stored) - 1
    padding = dataset.get("PixelPaddingValue")
    if isinstance(padding, int) and least <= padding <= greatest:
        return padding
    return greatest if form.photometric == "MONOCHROME1" else least


def _darkest_index(dataset: Dataset, form: FrameFormat) -> int:
    indices = np.arange(1 << min(form.stored, 16), dtype=np.uint16 if form.stored > 8 else np.uint8)
    colours = apply_color_lut(indices.reshape(1, -1), dataset)
    return int(np.argmin(colours[0, :, :3].astype(np.int64).sum(axis=-1)))
