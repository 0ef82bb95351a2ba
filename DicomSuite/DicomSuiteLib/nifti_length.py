"""Whether a NIfTI file holds all its voxels: ITK takes those that are cut off for zeros, without a word."""

from __future__ import annotations

import gzip
import os
import zlib
from pathlib import Path

import SimpleITK as sitk

_BLOCK_BYTES = 1 << 22


def is_cut_short(path: Path, image: sitk.Image) -> bool:
    """True if the NIfTI file at `path`, which `image` was read from, has fewer bytes than its header promises.

    A compressed file is read to its end, so that its check sum is compared too.
    """
    voxels = image.GetNumberOfPixels() * image.GetNumberOfComponentsPerPixel()
    stored = int(image.GetMetaData("bitpix")) // 8 * voxels
    try:
        return _length(path) < float(image.GetMetaData("vox_offset")) + stored
    except (EOFError, gzip.BadGzipFile, zlib.error):
        return True


def _length(path: Path) -> int:
    """Bytes of the file, decompressed."""
    with open(path, "rb") as file:
        if file.read(2) != b"\x1f\x8b":
            return os.fstat(file.fileno()).st_size
    with gzip.open(path) as stream:
        return sum(map(len, iter(lambda: stream.read(_BLOCK_BYTES), b"")))
