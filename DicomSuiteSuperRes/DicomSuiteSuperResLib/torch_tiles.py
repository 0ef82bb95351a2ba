"""A network over a whole volume, tile by tile, within the memory that there is."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from DicomSuiteLib.tasks import CancelToken
from DicomSuiteSuperResLib.errors import SuperResError
from DicomSuiteSuperResLib.head_box import fading
from DicomSuiteSuperResLib.models import LoadedModel
from DicomSuiteSuperResLib.super_resolution import Device
from DicomSuiteSuperResLib.tiling import Box, Shape, Tile, Tiling, Weights, output_box
from DicomSuiteSuperResLib.torch_device import (
    Place,
    chosen_device,
    is_out_of_memory,
    place_for,
    release_memory,
)
from DicomSuiteSuperResLib.torch_forward import failures_told, stopping_between_layers
from DicomSuiteSuperResLib.torch_passes import Passes, passes_for
from DicomSuiteSuperResLib.value_scale import ValueScale

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class NetworkInput:
    """What a network is applied to.

    Parameters
    ----------
    source : float32 voxels (k, j, i)
    spacing : their mm along k, j, i
    region : the box of them that the network sees and changes
    interpolated : makes the cubic interpolation on the output's grid, anew at every call
    factors : output voxels per voxel of `source` along k, j, i
    share : how much of what the network adds is added, 0 to 1
    """

    source: NDArray[np.float32]
    spacing: tuple[float, float, float]
    region: Box
    interpolated: Callable[[], NDArray[np.float32]]
    factors: Shape
    share: float = 1.0


@dataclass(frozen=True, eq=False)
class NetworkOutput:
    """Values on the output's grid; where, how and in what share they were computed; what went wrong on the way."""

    values: NDArray[np.float32]
    place: Place
    tiling: Tiling
    share: float
    warnings: tuple[str, ...] = ()


def apply_network(
    model: LoadedModel,
    factor: int,
    given: NetworkInput,
    device: Device,
    side: int | None,
    progress: Callable[[float], None],
    token: CancelToken,
) -> NetworkOutput:
    """Apply a model's network for `factor` to a volume; outside its region the output is the cubic interpolation.

    Where memory runs out, tiles are halved; on a graphics card that is still too small, the processor takes over.
    `progress` gets the share done, 0 to 1, and never less than before.

    Raises
    ------
    SuperResError
        If memory does not suffice for the smallest tile; ModelError if the network fails.
    """
    network = model.network(factor)
    run = _Run(model, network, given, progress)
    with stopping_between_layers(network, token):
        return run.on(chosen_device(device), side)


class _Run:
    """One application of a network, tried again with less where memory runs out."""

    def __init__(
        self, model: LoadedModel, network: nn.Module, given: NetworkInput, progress: Callable[[float], None]
    ) -> None:
        self._model = model
        self._network = network
        self._given = given
        self._progress = progress
        self._done = 0.0
        self._scale = ValueScale.of(given.source, model.normalisation)

    def on(self, device: torch.device, side: int | None) -> NetworkOutput:
        """The output, computed on `device`, or on the processor where the memory of `device` does not suffice."""
        output = self._within_memory(device, side)
        if output is not None:
            return output
        if device.type == "cpu":
            raise SuperResError(
                "The memory does not suffice even for the smallest part of the volume; close other programs, crop the "
                "volume, or ask for a coarser spacing."
            )
        note = f"the memory of the device {device.type} did not suffice; the processor computed it"
        output = self.on(torch.device("cpu"), side)
        return replace(output, warnings=(*output.warnings, note))

    def _within_memory(self, device: torch.device, side: int | None) -> NetworkOutput | None:
        """The output, with tiles as large as the memory allows; None where it suffices for none."""
        with _moved(self._network, device):
            with failures_told():
                place = place_for(device, self._network, self._model)
            passes = passes_for(self._model, self._network, place, side)
            for tiling in passes.tilings(self._given.region, self._given.source.shape):
                try:
                    values = self._values(passes, tiling)
                    return NetworkOutput(values, place, tiling, self._given.share, tuple(self._warnings(tiling)))
                except (RuntimeError, MemoryError) as error:
                    if not is_out_of_memory(error):
                        raise
                    _logger.info("The memory of %s does not suffice for tiles of %s.", place.words, tiling.largest)
                release_memory(device)
        return None

    def _warnings(self, tiling: Tiling) -> Iterator[str]:
        if tiling.overlap and self._model.halo is not None:
            yield (
                f"the model looks {max(self._model.halo)} voxels around each, which takes too much memory or time: it "
                f"was shown overlapping windows of {' x '.join(map(str, tiling.largest))} voxels (k, j, i) and their "
                "results blended, which differ a little from what it makes of the volume as a whole"
            )

    def _values(self, passes: Passes, tiling: Tiling) -> NDArray[np.float32]:
        """The cubic interpolation, with what the network adds to it in every tile."""
        given = self._given
        cubic = given.interpolated()
        values = cubic.copy() if tiling.overlap else cubic
        fades = fading(tiling.region, given.source.shape, given.factors, given.spacing)
        total = sum(_voxels(tile.write) for tile in tiling.tiles)
        done = 0
        for tile in tiling.tiles:
            for write, made in passes.pieces(tile, self._block(tile), given.factors):
                where = output_box(write, given.factors)
                added = self._scale.undone(made, self._model.adds_to_cubic)
                if not self._model.adds_to_cubic:
                    added -= cubic[where]
                added *= np.float32(given.share)
                for axis, weights in enumerate(self._weights(tile, where, tiling.region, fades)):
                    if weights.min() < 1:
                        added *= weights.reshape([-1 if axis == other else 1 for other in range(3)])
                values[where] += added
                done += _voxels(write)
                self._report(done / total)
        return values

    def _block(self, tile: Tile) -> NDArray[np.float32]:
        """What the network is given for a tile."""
        block = self._scale.applied(self._given.source[tile.read])
        return np.pad(block, [(0, count) for count in tile.padding], mode="edge") if any(tile.padding) else block

    def _weights(self, tile: Tile, where: Box, region: Box, fades: Weights) -> Iterator[NDArray[np.float32]]:
        """How much the outputs in the box `where` of a tile count, along each axis."""
        for axis, (part, whole) in enumerate(zip(where, output_box(region, self._given.factors), strict=True)):
            fade = fades[axis][part.start - whole.start : part.stop - whole.start]
            yield fade if tile.weights is None else fade * np.repeat(tile.weights[axis], self._given.factors[axis])

    def _report(self, share: float) -> None:
        self._done = max(self._done, share)
        self._progress(self._done)


@contextmanager
def _moved(network: nn.Module, device: torch.device) -> Iterator[None]:
    """Take the network to `device`, its kernels in the order of memory that convolutions are fastest in, and back."""
    network.to(device)
    for weights in network.parameters():
        if weights.dim() == 5:
            weights.data = weights.data.contiguous(memory_format=torch.channels_last_3d)
    try:
        yield
    finally:
        network.to("cpu")


def _voxels(box: Box) -> int:
    return math.prod(part.stop - part.start for part in box)
