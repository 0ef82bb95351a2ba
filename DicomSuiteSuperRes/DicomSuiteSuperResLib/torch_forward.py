"""One pass of a network over one block of voxels."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from DicomSuiteLib.errors import DicomSuiteError
from DicomSuiteLib.printable import printable
from DicomSuiteLib.tasks import CancelToken
from DicomSuiteSuperResLib.errors import ModelError
from DicomSuiteSuperResLib.torch_device import Place, is_out_of_memory
from DicomSuiteSuperResLib.torch_network import OneFactor
from DicomSuiteSuperResLib.torch_streaming import streamed

LIVE_COPIES = 2
"""How many times what the widest layer with weights takes and gives is held at once: residuals, and kernels' own
copies. Layers without weights make none."""
PROBE_SIZE = 8
"""Voxels along each side of the block from which a network's memory is told."""


def forward(network: nn.Module, block: NDArray[np.float32], place: Place, factors: tuple[int, ...]) -> NDArray:
    """Give the network's values (float32) for a block (k, j, i); there are `factors` times as many along each axis.

    Where half precision overflows, the block is computed again in float32.

    Raises
    ------
    ModelError
        If the network fails, returns another size than it should, or values that are no finite numbers.
    """
    values = _values(network, block, place)
    if place.dtype is not torch.float32 and not np.isfinite(values).all():
        values = _values(network, block, place.exact)
    wanted = tuple(size * factor for size, factor in zip(block.shape, factors, strict=True))
    if values.shape != (1, 1, *wanted):
        raise ModelError(
            f"The model makes {values.shape} of {(1, 1, *block.shape)} voxels instead of {(1, 1, *wanted)}; its factor "
            "or dimensions are others than it was loaded with."
        )
    return _checked(values[0, 0])


def forward_streamed(network: OneFactor, block: NDArray[np.float32], place: Place) -> Iterator[NDArray[np.float32]]:
    """Give the same for a bundled network on the processor, stretch by stretch along the last axis."""
    with _computing(place):
        for values in streamed(network, _tensor(block, place)):
            yield _checked(values.float().numpy()[0, 0])


def bytes_per_voxel(network: nn.Module, multiple: int, place: Place) -> int:
    """Roughly how much memory the network takes for each voxel of its input: told from a small block of zeros."""
    side = -(-PROBE_SIZE // multiple) * multiple
    widest = 0

    def note(module: nn.Module, given: tuple[torch.Tensor, ...], made: torch.Tensor) -> None:
        nonlocal widest
        copies = LIVE_COPIES if any(True for _ in module.parameters()) else 1
        held = sum(tensor.numel() for tensor in (*given, made) if isinstance(tensor, torch.Tensor))
        widest = max(widest, copies * held)

    with _hooked(network, lambda module: module.register_forward_hook(note)):
        _values(network, np.zeros((side,) * 3, np.float32), place)
    return max(1, place.dtype.itemsize * widest // side**3)


@contextmanager
def failures_told() -> Iterator[None]:
    """Make whatever a network fails with a ModelError, but for a lack of memory, for which there are smaller tiles."""
    try:
        yield
    except DicomSuiteError:
        raise
    except Exception as error:  # a user's program makes its runtime raise whatever it wants
        if is_out_of_memory(error):
            raise
        words = printable(" ".join(str(error).split())[-200:])
        raise ModelError(
            f"The model fails when it is applied to the volume ({type(error).__name__}: {words}); check the arguments, "
            "the window and the architecture that were said of it, or use another model."
        ) from error


@contextmanager
def stopping_between_layers(network: nn.Module, token: CancelToken) -> Iterator[None]:
    """Let `token` stop the network before any of its layers: a pass of a large one takes many seconds."""

    def stop(*_: object) -> None:
        token.raise_if_cancelled()

    with _hooked(network, lambda module: module.register_forward_pre_hook(stop)):
        yield


def _values(network: nn.Module, block: NDArray[np.float32], place: Place) -> NDArray[np.float32]:
    with _computing(place):
        return network(_tensor(block, place)).float().cpu().numpy()


@contextmanager
def _computing(place: Place) -> Iterator[None]:
    is_half = place.dtype is not torch.float32
    with (
        failures_told(),
        torch.inference_mode(),
        torch.autocast(place.device.type, place.dtype, enabled=is_half),
    ):
        yield


def _checked(values: NDArray[np.float32]) -> NDArray[np.float32]:
    if not np.isfinite(values).all():
        raise ModelError("The model gives values that are no finite numbers; its weights do not fit its architecture.")
    return values


def _tensor(block: NDArray[np.float32], place: Place) -> torch.Tensor:
    tensor = torch.from_numpy(np.ascontiguousarray(block))[None, None].to(place.device)
    return tensor.contiguous(memory_format=torch.channels_last_3d)


@contextmanager
def _hooked(network: nn.Module, register) -> Iterator[None]:
    handles = [register(module) for module in network.modules() if not any(True for _ in module.children())]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
