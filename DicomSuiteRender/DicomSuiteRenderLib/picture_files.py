"""Pictures as files that hold pixels and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from DicomSuiteLib.missing_package import missing_package
from DicomSuiteLib.output_file import output_file
from DicomSuiteRenderLib.errors import RenderError
from DicomSuiteRenderLib.png_encoder import png


class PictureFormat(StrEnum):
    """Formats for single pictures."""

    PNG = "png"
    JPEG = "jpeg"
    TIFF = "tiff"

    @property
    def suffix(self) -> str:
        """How the names of its files end."""
        return {PictureFormat.PNG: ".png", PictureFormat.JPEG: ".jpg", PictureFormat.TIFF: ".tif"}[self]


JPEG: Mapping[str, Any] = MappingProxyType({"quality": 95, "subsampling": "4:4:4"})
"""What Pillow is told; colours are kept at every pixel, or outlines of masks fray."""
TIFF: Mapping[str, Any] = MappingProxyType({"compression": "tiff_lzw"})
"""What Pillow is told; the compression that most programs read."""


def write_picture_file(path: Path, pixels: NDArray[np.uint8], picture_format: PictureFormat) -> None:
    """Write a picture, (height, width) grey or (height, width, 3 or 4); PNG and TIFF lose nothing.

    Raises
    ------
    RenderError
        If the format cannot hold the opacity that is the fourth channel.
    MissingPackageError
        If Pillow is missing, which writes JPEG and TIFF.
    OutputError
        If the file cannot be written.
    """
    if picture_format is PictureFormat.JPEG and pixels.shape[2:] == (4,):
        raise RenderError("JPEG knows no transparency; choose PNG or TIFF, or a background.")
    with output_file(path) as partial:
        if picture_format is PictureFormat.PNG:
            partial.write_bytes(png(pixels))
        else:
            _write_by_pillow(partial, pixels, picture_format)


def _write_by_pillow(path: Path, pixels: NDArray[np.uint8], picture_format: PictureFormat) -> None:
    try:
        from PIL import Image
    except ImportError as error:
        raise missing_package("Pillow", "Pictures") from error
    options = JPEG if picture_format is PictureFormat.JPEG else TIFF
    Image.fromarray(pixels).save(path, picture_format.name, **options)
