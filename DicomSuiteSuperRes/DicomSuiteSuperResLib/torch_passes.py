"""How a network goes over a volume: in exact tiles, column by column through beams, or in blended windows."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from torch import nn

from DicomSuiteSuperResLib.models import LoadedModel
from DicomSuiteSuperResLib.output_plan import USERS_TILE_BYTES
from DicomSuiteSuperResLib.tiling import (
    SMALLEST_SIDE,
    Box,
    Shape,
    Tile,
    Tiling,
    blended_windows,
    exact_beams,
    exact_tiles,
    largest_window,
    output_box,
    within,
)
from DicomSuiteSuperResLib.torch_device import Place, tile_bytes
from DicomSuiteSuperResLib.torch_forward import bytes_per_voxel, forward, forward_streamed
from DicomSuiteSuperResLib.torch_network import OneFactor

USUAL_WINDOW = 96
"""Voxels along each side of a window, for a model that wants windows but not of which size."""
CROSS_SECTION = 200**2
"""Voxels of a beam's cross-section, at most: every layer keeps two columns of it."""
MOST_READ = 4
"""Voxels that a user's network may read in exact tiles for every one of the region; blended windows read about two."""

Piece = tuple[Box, NDArray[np.float32]]
"""Where a part of a tile lies in the input, and what the network made of it."""


class Passes(Protocol):
    """A way to go over a volume."""

    def tilings(self, region: Box, shape: Shape) -> Iterator[Tiling]:
        """Cut `region` of a volume of `shape`; every further tiling needs about half the memory."""

    def pieces(self, tile: Tile, block: NDArray[np.float32], factors: Shape) -> Iterator[Piece]:
        """What the network makes of a tile, given its padded voxels; `factors` are output voxels per input voxel."""


def passes_for(model: LoadedModel, network: nn.Module, place: Place, side: int | None) -> Passes:
    """Choose the way for a model: without seams where its halo is known and not too wide, else blended.

    `side` is the size of tiles or windows where the user asks for one; the model's own window goes before it.
    """
    if model.halo is None:
        return _Windows(network, place, model.window, side or USUAL_WINDOW, model.multiple)
    on_processor = place.device.type == "cpu"
    if isinstance(network, OneFactor):
        if on_processor and side is None:
            return _Beams(network, place, model.halo, model.multiple)
        return _Tiles(network, place, model.halo, model.multiple, side, tile_bytes(place.device))
    most_bytes = USERS_TILE_BYTES if on_processor else tile_bytes(place.device)
    return _TilesOrWindows(network, place, model.halo, model.multiple, side, most_bytes)


@dataclass(frozen=True)
class _Whole:
    """What is common to tiles and windows: the network sees one at once."""

    network: nn.Module
    place: Place

    def pieces(self, tile: Tile, block: NDArray[np.float32], factors: Shape) -> Iterator[Piece]:
        made = forward(self.network, block, self.place, factors)
        yield tile.write, made[output_box(within(tile.write, tile.read), factors)]


@dataclass(frozen=True)
class _Tiles(_Whole):
    halo: Shape
    multiple: int
    side: int | None
    most_bytes: int

    @cached_property
    def _most_voxels(self) -> int:
        return self.most_bytes // bytes_per_voxel(self.network, self.multiple, self.place)

    def tilings(self, region: Box, shape: Shape) -> Iterator[Tiling]:
        most_voxels, side = self._most_voxels, self.side
        while most_voxels >= SMALLEST_SIDE**3:
            tiling = exact_tiles(region, shape, self.halo, self.multiple, most_voxels, side)
            yield tiling
            most_voxels, side = min(most_voxels, math.prod(tiling.largest)) // 2, None


@dataclass(frozen=True)
class _TilesOrWindows(_Tiles):
    """A user's network: in exact tiles as long as their halo fits and costs little, else in blended windows."""

    def tilings(self, region: Box, shape: Shape) -> Iterator[Tiling]:
        most_voxels = self._most_voxels
        for tiling in super().tilings(region, shape):
            costs_much = len(tiling.tiles) > 1 and tiling.cost > MOST_READ
            if math.prod(tiling.largest) > most_voxels or costs_much:
                break
            yield tiling
            most_voxels = min(most_voxels, math.prod(tiling.largest)) // 2
        while most_voxels >= SMALLEST_SIDE**3:
            window = largest_window(shape, self.multiple, most_voxels, self.side)
            yield blended_windows(region, shape, window)
            most_voxels = math.prod(window) // 2


@dataclass(frozen=True)
class _Windows(_Whole):
    window: Shape | None
    side: int
    multiple: int

    def tilings(self, region: Box, shape: Shape) -> Iterator[Tiling]:
        if self.window is not None:
            yield blended_windows(region, shape, self.window)
            return
        count = -(-self.side // self.multiple)
        while count * self.multiple >= SMALLEST_SIDE:
            yield blended_windows(region, shape, (count * self.multiple,) * 3)
            count //= 2


@dataclass(frozen=True)
class _Beams:
    """A bundled network on the processor: it goes along tiles that are cut across only."""

    network: OneFactor
    place: Place
    halo: Shape
    multiple: int

    def tilings(self, region: Box, shape: Shape) -> Iterator[Tiling]:
        most_voxels = CROSS_SECTION
        while most_voxels >= SMALLEST_SIDE**2:
            tiling = exact_beams(region, shape, self.halo, self.multiple, most_voxels)
            yield tiling
            most_voxels = min(most_voxels, math.prod(tiling.largest[:2])) // 2

    def pieces(self, tile: Tile, block: NDArray[np.float32], factors: Shape) -> Iterator[Piece]:
        *across, along = tile.read
        start = along.start
        for made in forward_streamed(self.network, block, self.place):
            read = slice(start, start + made.shape[2] // factors[2])
            start = read.stop
            last = slice(max(read.start, tile.write[2].start), min(read.stop, tile.write[2].stop))
            if last.start < last.stop:
                write = (*tile.write[:2], last)
                yield write, made[output_box(within(write, (*across, read)), factors)]
