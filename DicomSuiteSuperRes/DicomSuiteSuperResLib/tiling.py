"""Parts of a volume that a network sees one after the other, and how much each of its outputs counts.

Sizes and places are in voxels of the network's input, [k, j, i].
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Shape = tuple[int, int, int]
Box = tuple[slice, slice, slice]
Weights = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]

OVERLAP = 0.25
"""Part of a window that lies in the next one, where windows are blended."""
BLEND_WIDTH = 0.125
"""Standard deviation, in windows, of the Gaussian by which a window's outputs count: those at its edge hardly do."""
SMALLEST_SIDE = 16
"""Voxels: where memory does not suffice for a tile of that many along each side, it suffices for nothing."""
SHORTEST_PART = 8
"""Voxels along an axis below which none is cut further: shorter parts read more of their halo than of themselves."""


@dataclass(frozen=True, eq=False)
class Tile:
    """One part.

    Parameters
    ----------
    read : what the network is given
    padding : voxels by which that is continued with its last ones, at the end of every axis
    write : whose outputs are used
    weights : along each axis, how much they count; None: in full
    """

    read: Box
    padding: Shape
    write: Box
    weights: Weights | None = None


@dataclass(frozen=True, eq=False)
class Tiling:
    """All parts of a region; where they overlap their weights sum up to 1.

    `largest` is the largest number of voxels that the network is given at once.
    """

    region: Box
    tiles: tuple[Tile, ...]
    overlap: bool

    @property
    def largest(self) -> Shape:
        """The largest input of the network along each axis."""
        return tuple(np.max(self._sizes(), axis=0).tolist())

    @property
    def cost(self) -> float:
        """How many voxels the network is given for every one of the region."""
        return float(np.prod(self._sizes(), axis=1).sum() / math.prod(map(_length, self.region)))

    def _sizes(self) -> NDArray[np.int64]:
        return np.array([np.add([_length(part) for part in tile.read], tile.padding) for tile in self.tiles])


def exact_tiles(region: Box, shape: Shape, halo: Shape, multiple: int, most_voxels: int, side: int | None) -> Tiling:
    """Cut `region` of a volume into parts that do not overlap, each read with its `halo`.

    An output then depends on nothing that its part has not read, so that the whole equals one pass over the volume.
    Of all ways to cut that read at most `most_voxels` at once (or, if given, whose parts are at most `side` long), the
    one that reads least is taken; where none does, the one that reads least at once. `multiple` divides every length
    that is read, and every place where reading starts.
    """
    if side is None:
        counts = _cheapest_counts(region, shape, halo, most_voxels)
    else:
        counts = tuple(-(-_length(part) // side) for part in region)
    parts = [_parts(part, count) for part, count in zip(region, counts, strict=True)]
    tiles = [_exact_tile(write, shape, halo, multiple) for write in itertools.product(*parts)]
    return Tiling(region, tuple(tiles), overlap=False)


def exact_beams(region: Box, shape: Shape, halo: Shape, multiple: int, most_voxels: int) -> Tiling:
    """Cut `region` like `exact_tiles`, but never along its last axis; `most_voxels` are those of a cross-section."""
    section, size = (*region[:2], slice(0, 1)), (*shape[:2], 1)
    first, second, _ = _cheapest_counts(section, size, (*halo[:2], 0), most_voxels)
    parts = [_parts(part, count) for part, count in zip(region, (first, second, 1), strict=True)]
    tiles = [_exact_tile(write, shape, halo, multiple) for write in itertools.product(*parts)]
    return Tiling(region, tuple(tiles), overlap=False)


def blended_windows(region: Box, shape: Shape, window: Shape) -> Tiling:
    """Cover `region` of a volume with overlapping windows of one size, blended by Gaussian weights.

    They are spread evenly. A region shorter than a window is extended into the volume; a volume shorter than a window
    is continued with its last voxels.
    """
    covered = [_extended(part, length, size) for part, length, size in zip(region, window, shape, strict=True)]
    starts = [_window_starts(part, length) for part, length in zip(covered, window, strict=True)]
    weights = [_blend_weights(part, own, length) for part, own, length in zip(covered, starts, window, strict=True)]
    tiles = []
    for numbers in itertools.product(*(range(len(own)) for own in starts)):
        read = tuple(
            slice(own[n], min(own[n] + length, part.stop))
            for n, own, length, part in zip(numbers, starts, window, covered, strict=True)
        )
        padding = tuple(length - _length(part) for length, part in zip(window, read, strict=True))
        tiles.append(Tile(read, padding, read, tuple(own[n] for n, own in zip(numbers, weights, strict=True))))
    return Tiling(tuple(covered), tuple(tiles), overlap=True)


def largest_window(shape: Shape, multiple: int, most_voxels: int, side: int | None) -> Shape:
    """The largest window of at most `most_voxels` that is nowhere longer than the volume, nor than `side` if given.

    Its sides are alike where the volume has room, and divisible by `multiple`.
    """
    whole = [-(-size // multiple) * multiple for size in shape]
    lengths = range(multiple, max(whole if side is None else [side]) + multiple, multiple)
    windows = [tuple(min(length, size) for size in whole) for length in lengths]
    return max((window for window in windows if math.prod(window) <= most_voxels), key=math.prod, default=windows[0])


def output_box(box: Box, factors: Shape) -> Box:
    """Where the outputs for a box of the input lie; `factors` are output voxels per input voxel."""
    return tuple(slice(part.start * factor, part.stop * factor) for part, factor in zip(box, factors, strict=True))


def within(part: Box, whole: Box) -> Box:
    """The same part, counted from the first voxel of `whole`."""
    return tuple(slice(own.start - first.start, own.stop - first.start) for own, first in zip(part, whole, strict=True))


def _cheapest_counts(region: Box, shape: Shape, halo: Shape, most_voxels: int) -> Shape:
    """Into how many parts to cut each axis."""
    choices = [_useful_counts(part.stop - part.start) for part in region]
    largest, total = [], []
    for part, size, reach, counts in zip(region, shape, halo, choices, strict=True):
        reads = [[_length(_read(own, size, reach)) for own in _parts(part, count)] for count in counts]
        largest.append([max(lengths) for lengths in reads])
        total.append([sum(lengths) for lengths in reads])
    at_once, altogether = _products(largest), _products(total)
    cost = np.where(at_once <= max(most_voxels, at_once.min()), altogether, np.inf)
    cheapest = np.unravel_index(np.argmin(cost), cost.shape)
    return tuple(counts[number] for counts, number in zip(choices, cheapest, strict=True))


def _useful_counts(length: int) -> list[int]:
    """The smallest number of parts for every size that the largest of them can have."""
    sizes = {-(-length // count) for count in range(1, max(1, length // SHORTEST_PART) + 1)}
    return sorted(-(-length // size) for size in sizes)


def _products(numbers: list[list[int]]) -> NDArray[np.float64]:
    """The product of every combination of one number from each of three lists."""
    first, second, third = (np.array(own, dtype=float) for own in numbers)
    return first[:, None, None] * second[None, :, None] * third[None, None, :]


def _read(part: slice, size: int, reach: int) -> slice:
    return slice(max(part.start - reach, 0), min(part.stop + reach, size))


def _length(part: slice) -> int:
    return part.stop - part.start


def _parts(part: slice, count: int) -> list[slice]:
    edges = np.linspace(part.start, part.stop, count + 1).round().astype(int).tolist()
    return [slice(start, stop) for start, stop in itertools.pairwise(edges) if stop > start]


def _exact_tile(write: Box, shape: Shape, halo: Shape, multiple: int) -> Tile:
    read, padding = [], []
    for part, size, reach in zip(write, shape, halo, strict=True):
        wanted = _read(part, size, reach)
        start = wanted.start // multiple * multiple
        stop = start + -(-(wanted.stop - start) // multiple) * multiple
        read.append(slice(start, min(stop, size)))
        padding.append(max(stop - size, 0))
    return Tile(tuple(read), tuple(padding), write)


def _extended(part: slice, window: int, size: int) -> slice:
    """The part, made as long as a window where the volume has room."""
    length = min(max(_length(part), window), size)
    start = min(max(part.start - (length - _length(part)) // 2, 0), size - length)
    return slice(start, start + length)


def _window_starts(part: slice, window: int) -> list[int]:
    room = _length(part) - window
    if room <= 0:
        return [part.start]
    count = math.ceil(room / (window * (1 - OVERLAP))) + 1
    return [round(start) for start in np.linspace(part.start, part.start + room, count)]


def _blend_weights(part: slice, starts: list[int], window: int) -> list[NDArray[np.float32]]:
    """Along one axis, the weights of every window's voxels that lie in the volume; they sum up to 1 everywhere."""
    places = np.arange(part.start, part.stop)
    centres = np.array(starts) + (window - 1) / 2
    inside = np.abs(places[None, :] - centres[:, None]) <= (window - 1) / 2
    # Differences of exponents: far from all centres every Gaussian alone would be 0.
    exponents = np.where(inside, -0.5 * ((places[None, :] - centres[:, None]) / (BLEND_WIDTH * window)) ** 2, -np.inf)
    weights = np.exp(exponents - exponents.max(axis=0))
    weights /= weights.sum(axis=0)
    return [own[mask].astype(np.float32) for own, mask in zip(weights, inside, strict=True)]
