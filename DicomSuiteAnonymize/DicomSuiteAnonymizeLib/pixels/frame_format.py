"""How the frames of an image are laid out in its pixel data (PS3.3 C.7.6.3, PS3.5 8.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from pydicom.dataset import Dataset

from DicomSuiteAnonymizeLib.errors import AnonymizeError

_FLOATS = {0x7FE00008: "f4", 0x7FE00009: "f8"}
"""Float and Double Float Pixel Data."""
_SAMPLES = {"MONOCHROME1": 1, "MONOCHROME2": 1, "PALETTE COLOR": 1} | dict.fromkeys(
    ("RGB", "YBR_FULL", "YBR_FULL_422", "YBR_PARTIAL_422", "YBR_PARTIAL_420", "YBR_ICT", "YBR_RCT"), 3
)
"""Samples per pixel by photometric interpretation; retired ones are not among them."""


@dataclass(frozen=True)
class FrameFormat:
    """What the attributes of the Image Pixel module say; sizes in pixels and bits.

    Attributes
    ----------
    dtype
        Type of one sample as it is stored, with its byte order; uint8 for single bits.
    planar
        Whether each sample has a plane of its own.
    """

    rows: int
    columns: int
    samples: int
    allocated: int
    stored: int
    signed: bool
    photometric: str
    planar: bool
    frames: int
    dtype: np.dtype

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of a frame: (rows, columns), with a third axis for samples where there are several."""
        return (self.rows, self.columns) if self.samples == 1 else (self.rows, self.columns, self.samples)

    @property
    def subsampled(self) -> bool:
        """Whether two neighbours in a row share their colour where the pixel data is not compressed."""
        return self.photometric.endswith("_422")

    @property
    def frame_bits(self) -> int:
        """Length of one uncompressed frame."""
        samples = 2 if self.subsampled else self.samples
        return self.rows * self.columns * samples * self.allocated


def frame_format(dataset: Dataset, pixel_tag: int, little_endian: bool) -> FrameFormat:
    """Format of the frames of a data set. Raises AnonymizeError where it is not given or cannot be edited."""
    photometric = str(dataset.get("PhotometricInterpretation", "")).strip()
    samples = _number(dataset, "SamplesPerPixel", 1)
    if photometric and _SAMPLES.get(photometric) != samples:
        raise AnonymizeError("pixels: their photometric interpretation cannot be edited")
    allocated = _number(dataset, "BitsAllocated")
    if allocated not in (1, 8, 16, 32, 64):
        raise AnonymizeError("pixels: their Bits Allocated is none that can be edited")
    stored = _number(dataset, "BitsStored", allocated)
    if _number(dataset, "HighBit", stored - 1) != stored - 1:
        raise AnonymizeError("pixels: their samples do not begin at the lowest bit")
    signed = pixel_tag not in _FLOATS and _number(dataset, "PixelRepresentation", 0) == 1
    kind = _FLOATS.get(pixel_tag) or f"{'i' if signed else 'u'}{max(allocated // 8, 1)}"
    found = FrameFormat(
        _number(dataset, "Rows"), _number(dataset, "Columns"), samples, allocated,
        stored, signed, photometric or "MONOCHROME2",
        samples > 1 and _number(dataset, "PlanarConfiguration", 0) == 1,
        _number(dataset, "NumberOfFrames", 1) or 1,
        np.dtype(kind).newbyteorder("<" if little_endian else ">"),
    )  # fmt: skip
    if not (found.rows and found.columns):
        raise AnonymizeError("pixels: the image has no rows or columns")
    return found


def _number(dataset: Dataset, keyword: str, default: int | None = None) -> int:
    value: Any = dataset.get(keyword)
    if value is None and default is not None:
        return default
    try:
        return int(value)
    except (TypeError, ValueError):
        raise AnonymizeError(f"pixels: {keyword} is missing or no number") from None
