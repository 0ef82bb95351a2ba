"""Read exactly the voxels that a header promises, raw or compressed; a header that lies costs no memory."""

from __future__ import annotations

import os
import zlib
from collections.abc import Sequence
from math import prod
from typing import BinaryIO

from DicomSuiteRTOverlayLib.errors import OverlayError

LARGEST_MASK = 2**33
"""Most voxels of one file. Whole-body CT at 1024 x 1024 x 2000 has 2**31; beyond, a header is wrong or hostile."""

PADDING = 16
"""As many bytes after the last voxel are taken for a final newline or for alignment, as NIfTI's to 16 bytes."""

BROKEN_OFF = "its compressed data break off: the file is cut short; copy or save it again"
DAMAGED = "its compressed data are damaged; copy or save it again"

_CHUNK = 1 << 22


def voxel_count(sizes: Sequence[int]) -> int:
    """How many voxels an array of these sizes has; OverlayError if a size is impossible."""
    count = prod(int(size) for size in sizes)
    if min(sizes) < 1 or count > LARGEST_MASK:
        shown = " x ".join(str(size) for size in sizes)
        raise OverlayError(f"its header gives the size {shown}, which no mask has; save it again from its source")
    return count


def read_exactly(stream: BinaryIO, wanted: int, skip: int = 0) -> bytearray:
    """Read the last `wanted` bytes of a stream, which may decompress them, after the first `skip`.

    Raises
    ------
    OverlayError
        If there are fewer, more (beyond `PADDING`), or the compressed data are damaged.
    """
    data = bytearray()
    try:
        stream.seek(skip, os.SEEK_CUR)
        while chunk := stream.read(min(_CHUNK, wanted - len(data))):
            data += chunk
        excess = stream.read(PADDING + 1)
    except EOFError as error:
        raise OverlayError(BROKEN_OFF) from error
    except (OSError, zlib.error) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise OverlayError(DAMAGED) from error
    check_length(len(data), len(excess), wanted)
    return data


def check_length(found: int, excess: int, wanted: int) -> None:
    """Raise OverlayError unless `found` bytes are the `wanted` ones, with no `excess` but padding behind them."""
    if found < wanted:
        raise OverlayError(
            f"its header promises {wanted} bytes of voxels, its data hold {found}: the file is cut short or its "
            "header is wrong; copy or save it again"
        )
    if excess > PADDING:
        raise OverlayError(
            f"its header describes {wanted} bytes of voxels, its data hold more: the size in the header is wrong; "
            "save it again from its source"
        )
