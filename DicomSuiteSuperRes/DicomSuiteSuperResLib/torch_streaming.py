"""The bundled network over a long block, column by column: no voxel is computed twice, and memory stays small.

A convolution needs two columns more than it makes known. Kept from one stretch of columns to the next, in every layer,
they make what comes out equal to one pass over the whole block.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from DicomSuiteSuperResLib.linear_start import WIDTH
from DicomSuiteSuperResLib.torch_network import OneFactor, pack, unpack

POSITIONS_AT_ONCE = 50_000
"""Of the network's trunk: fewer spend more time on what is kept than on what is new, more need more memory."""
FEWEST_COLUMNS = 6
"""Of the trunk, at once."""


def streamed(network: OneFactor, block: Tensor) -> Iterator[Tensor]:
    """Give the network's values for `block` (1, 1, k, j, i), stretch by stretch along the last axis.

    Every size of the block is a multiple of what the network packs into one position.
    """
    shape = network.network.shape
    steps = shape.steps(network.factor)
    spread = [step * count for step, count in zip(steps, shape.packed, strict=True)]
    linear = network.network.filters[str(network.factor)]
    trunk = _StreamedTrunk(network)
    known = 0
    for columns, is_last in _stretches(pack(block, shape.packed), trunk.delay):
        learned = unpack(trunk(columns, is_last), spread)
        start, known = known, known + learned.shape[-1] // steps[2]
        yield learned + unpack(_filtered(linear, block, start, known), steps)


def _filtered(linear: nn.Module, block: Tensor, start: int, stop: int) -> Tensor:
    """What a linear filter, which pads at the ends of what it is given, makes of some columns of a block."""
    first = max(start - WIDTH // 2, 0)
    return linear(block[..., first : stop + WIDTH // 2])[..., start - first : stop - first]


def _stretches(packed: Tensor, delay: int) -> Iterator[tuple[Tensor, bool]]:
    """Cut along the last axis; the first stretch holds `delay` more columns, which the layers keep."""
    length = packed.shape[-1]
    width = max(FEWEST_COLUMNS, POSITIONS_AT_ONCE // math.prod(packed.shape[2:4]))
    edges = [0, *range(width + delay, length, width), length]
    for start, stop in itertools.pairwise(edges):
        yield packed[..., start:stop], stop == length


class _StreamedTrunk:
    """The trunk of a `ResidualUpsampler`, that gives at every call the columns that became known."""

    def __init__(self, network: OneFactor) -> None:
        upsampler = network.network
        self._entry = _StreamedLayer(upsampler.entry)
        self._blocks = [(_StreamedLayer(block.first), _StreamedLayer(block.second)) for block in upsampler.blocks]
        self._head = _StreamedLayer(upsampler.heads[str(network.factor)])
        self._waiting: Tensor | None = None  # what the entry gave, and the last block has not reached

    @property
    def delay(self) -> int:
        """By how many columns what is known lags behind what was given."""
        return 2 * len(self._blocks) + 2

    def __call__(self, columns: Tensor, is_last: bool) -> Tensor:
        features = self._entry.known(self._entry.joined(columns), is_last)
        entry = features if self._waiting is None else torch.cat([self._waiting, features], dim=-1)
        for first, second in self._blocks:
            given = first.joined(features)
            del features  # most of the memory is in such stretches: as few as possible live at once
            inner = first.known(given, is_last).relu_()
            joined = second.joined(inner)
            del inner
            features = second.known(joined, is_last)
            del joined
            features += given[..., : features.shape[-1]]
        known = features.shape[-1]
        features += entry[..., :known]
        self._waiting = entry[..., known:].clone()
        return self._head.known(self._head.joined(features), is_last)


class _StreamedLayer:
    """A layer whose outputs depend on one column to either side, and which pads at the ends of what it is given."""

    def __init__(self, layer: nn.Module) -> None:
        self._layer = layer
        self._kept: Tensor | None = None
        self._is_first = True

    def joined(self, columns: Tensor) -> Tensor:
        """All that the next outputs are made from: new columns, after the last ones of the stretch before."""
        self._is_first = self._kept is None
        joined = columns if self._is_first else torch.cat([self._kept, columns], dim=-1)
        self._kept = joined[..., -2:].clone()
        return joined

    def known(self, joined: Tensor, is_last: bool) -> Tensor:
        """The outputs that have become known."""
        made = self._layer(joined)
        return made[..., 0 if self._is_first else 1 : made.shape[-1] if is_last else -1]
