"""A frame as people see it: what a panel shows of it, and what text recognition reads."""

from __future__ import annotations

import numpy as np
from pydicom.dataset import Dataset
from pydicom.pixels import apply_color_lut, convert_color_space

from DicomSuiteAnonymizeLib.pixels.frame_format import FrameFormat
from DicomSuiteAnonymizeLib.pixels.unused_bits import without_unused_bits

_WHITE = 255


def appearance(frame: np.ndarray, dataset: Dataset, form: FrameFormat) -> np.ndarray:
    """Shades of uint8: grey (rows, columns) from black to white, or RGB (rows, columns, 3).

    `frame` holds samples as they are stored, in the format `form`. Grey values fill the range from their least to their
    greatest, so that no window hides text.
    """
    frame = without_unused_bits(frame, form)
    if form.photometric == "PALETTE COLOR":
        return _in_bytes(apply_color_lut(frame, dataset)[..., :3])
    if form.photometric.startswith("YBR"):
        return convert_color_space(_in_bytes(frame, form.stored), "YBR_FULL", "RGB")
    if form.samples == 3:
        return _in_bytes(frame, form.stored)
    grey = _stretched(frame)
    return _WHITE - grey if form.photometric == "MONOCHROME1" else grey


def _in_bytes(colours: np.ndarray, stored: int | None = None) -> np.ndarray:
    bits = stored or colours.dtype.itemsize * 8
    return (colours >> (bits - 8)).astype(np.uint8) if bits > 8 else colours.astype(np.uint8)


def _stretched(frame: np.ndarray) -> np.ndarray:
    """What is no number becomes black, and what is infinite as dark or bright as what is not."""
    values = frame.astype(np.float64)
    finite = values[np.isfinite(values)]
    least, greatest = (finite.min(), finite.max()) if finite.size else (0.0, 0.0)
    values = np.nan_to_num(values, nan=least, posinf=greatest, neginf=least)
    return np.rint((values - least) * (_WHITE / (greatest - least or 1))).astype(np.uint8)
