"""Fill polygons on a stack of planes by the even-odd rule: a voxel is inside if its centre is.

Scanline fill (Foley, van Dam, Feiner, Hughes: Computer Graphics, section 3.6) for all polygons of a stack at once:
each edge flips the parity of its row from where it crosses that row's line of centres on.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from DicomSuiteLib.geometry import FloatArray
from DicomSuiteLib.segments import BoolArray

SNAP = 2.0**20
"""Vertices snap to this fraction of a voxel (1e-6), so that noise of the last digits does not decide ties."""

WORD = 8
"""Parities are accumulated eight voxels at a time, as bytes of one little-endian word."""

EVERY_BYTE = np.uint64(0x0101010101010101)
"""The lowest bit of every byte of a word."""

VERTICES_AT_ONCE = 1 << 15
"""What is worked out about so many vertices and their edges stays in the processor's cache."""

WORDS_AT_ONCE = 1 << 15
"""Words (256 KiB of them) that stay in the processor's cache while they pass through several steps."""


def fill_polygons(polygons: Sequence[FloatArray], planes: Sequence[int], shape: tuple[int, int, int]) -> BoolArray:
    """Tell which voxel centres lie inside an odd number of the polygons of their plane.

    Parameters
    ----------
    polygons : each (n, 2) vertices x, y in voxels, centres at whole numbers; closed by itself, may leave the plane
    planes : the plane of each polygon; several on one plane make holes and islands
    shape : (planes, rows, columns) of the result; x runs along columns, y along rows

    A centre exactly on an edge is inside if the inside lies towards greater x (of a horizontal one: greater y), so
    that polygons which share an edge neither overlap nor leave a gap.
    """
    size = math.prod(shape)
    flips = np.zeros((size // WORD + 1) * WORD, np.uint8)
    for part in _parts(polygons):
        np.add.at(flips, _flipped(polygons[part], planes[part], shape), np.uint8(1))
    _accumulate_parity(flips.view("<u8"))
    return flips[:size].view(bool).reshape(shape)


def _parts(polygons: Sequence[FloatArray]) -> Iterator[slice]:
    """Polygons that together have about `VERTICES_AT_ONCE`."""
    total, start = 0, 0
    for number, polygon in enumerate(polygons, start=1):
        total += len(polygon)
        if total >= VERTICES_AT_ONCE or number == len(polygons):
            yield slice(start, number)
            total, start = 0, number


def _flipped(polygons: Sequence[FloatArray], planes: Sequence[int], shape: tuple[int, int, int]) -> NDArray[np.int64]:
    """Flat index of the first voxel beyond each crossing of an edge and a row.

    Right of the plane that is the first voxel of the next row, which undoes what the row's other crossings leave over.
    """
    _, rows, columns = shape
    start, end = _edges(polygons)
    first_row = np.clip(np.ceil(start[:, 1]), 0, rows).astype(np.int64)
    crossed = np.clip(np.ceil(end[:, 1]), 0, rows).astype(np.int64) - first_row
    edge = np.repeat(np.arange(len(start)), crossed)
    row = np.arange(len(edge)) - np.repeat(np.cumsum(crossed) - crossed - first_row, crossed)
    x, y = start[edge].T
    dx, dy = (end - start)[edge].T
    column = np.clip(np.ceil(x + (row - y) * dx / dy), 0, columns).astype(np.int64)
    plane = np.repeat(planes, [len(polygon) for polygon in polygons])[edge]
    return (plane * rows + row) * columns + column


def _edges(polygons: Sequence[FloatArray]) -> tuple[FloatArray, FloatArray]:
    """Ends (n, 2) of every edge, the one with the lower y first: an edge passed twice crosses at equal places."""
    vertices = np.rint(np.concatenate(polygons) * SNAP) / SNAP
    last = np.cumsum([len(polygon) for polygon in polygons]) - 1
    following = np.arange(1, len(vertices) + 1)
    following[last] = np.concatenate([[0], last[:-1] + 1])
    others = vertices[following]
    turned = (vertices[:, 1] > others[:, 1])[:, None]
    return np.where(turned, others, vertices), np.where(turned, vertices, others)


def _accumulate_parity(words: NDArray[np.uint64]) -> None:
    """Replace, in place, the number of flips in every byte by the parity of all flips up to it."""
    parity = np.uint64(0)
    for begin in range(0, len(words), WORDS_AT_ONCE):
        part = words[begin : begin + WORDS_AT_ONCE]
        part &= EVERY_BYTE
        part[0] ^= parity
        for bits in (8, 16, 32):
            part ^= part << np.uint64(bits)
        up_to_word = np.bitwise_xor.accumulate(part >> np.uint64(56))
        part[1:] ^= up_to_word[:-1] * EVERY_BYTE
        parity = up_to_word[-1]
