"""A frame as somebody would see it, for reading what is written in it."""

from __future__ import annotations

import numpy as np
from pydicom.dataset import Dataset
from pydicom.pixels import apply_color_lut, convert_color_space

from DicomSuiteAnonymizeLib.pixels.frame_format import FrameFormat


def picture_of_frame(frame: np.ndarray, dataset: Dataset, form: FrameFormat) -> np.ndarray:
    """RGB picture (rows, columns, 3) of uint8; `frame` holds samples as they are stored, in the format `form`.

    Grey values fill the range from their least to their greatest, so that no window hides text.
    """
    if form.photometric == "PALETTE COLOR":
        return _in_bytes(apply_color_lut(frame, dataset)[..., :3])
    if form.photometric.startswith("YBR"):
        return convert_color_space(_in_bytes(frame, form.stored), "YBR_FULL", "RGB")
    if form.samples == 3:
        return _in_bytes(frame, form.stored)
    grey = _stretched(frame)
    return np.repeat((255 - grey if form.photometric == "MONOCHROME1" else grey)[..., None], 3, axis=-1)


def _in_bytes(colours: np.ndarray, stored: int | None = None) -> np.ndarray:
    bits = stored or colours.dtype.itemsize * 8
    return (colours >> (bits - 8)).astype(np.uint8) if bits > 8 else colours.astype(np.uint8)


def _stretched(frame: np.ndarray) -> np.ndarray:
    values = np.nan_to_num(frame.astype(np.float64))
    least, greatest = values.min(), values.max()
    return np.rint((values - least) * (255 / (greatest - least or 1))).astype(np.uint8)
