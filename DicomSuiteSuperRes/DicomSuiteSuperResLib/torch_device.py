"""Where a network runs and how precisely: what the machine has, what pays, and what its memory allows."""

from __future__ import annotations

import time
from dataclasses import dataclass

import torch
from torch import nn

from DicomSuiteSuperResLib.errors import SuperResError
from DicomSuiteSuperResLib.models import LoadedModel, Normalisation
from DicomSuiteSuperResLib.output_plan import TILE_BYTES
from DicomSuiteSuperResLib.super_resolution import Device

ACCELERATOR_TILE_BYTES = 2_000_000_000
"""What the network's values may take on a graphics card; more makes it no faster."""
ACCELERATOR_SHARE = 0.4
"""Of the card's free memory, at most: the card shows Slicer's 3D views, too."""
HALF_MUST_GAIN = 1.5
"""Times as fast as float32 a processor's bfloat16 must be: above what one run differs from another."""
TRIAL_SIZE = 32
"""Voxels along each side of the tile that is timed."""


@dataclass(frozen=True)
class Place:
    """A device, and the precision in which it multiplies; float32: in full."""

    device: torch.device
    dtype: torch.dtype

    @property
    def words(self) -> str:
        """E.g. "cpu, float32"."""
        return f"{self.device.type}, {str(self.dtype).removeprefix('torch.')}"

    @property
    def exact(self) -> Place:
        """The same device in float32."""
        return Place(self.device, torch.float32)


def chosen_device(wanted: Device) -> torch.device:
    """Give the device that is wanted; of its own accord a graphics card, where there is one.

    Raises
    ------
    SuperResError
        If there is none of the kind that is wanted.
    """
    there = {
        Device.CUDA: torch.cuda.is_available,
        Device.MPS: torch.backends.mps.is_available,
        Device.CPU: lambda: True,
    }
    if wanted is Device.AUTO:
        wanted = next(device for device, is_there in there.items() if is_there())
    elif not there[wanted]():
        raise SuperResError(
            f"The device {wanted.value} is not there, or this PyTorch was built without it; choose auto or cpu."
        )
    return torch.device(wanted.value)


def place_for(device: torch.device, network: nn.Module, model: LoadedModel) -> Place:
    """Choose the precision for a model's network on a device.

    A graphics card multiplies in half precision: in float16, or, where the model takes values as they are and float16
    could overflow or lose small ones, in bfloat16. A processor does so where it has units for it and a timed tile says
    that it pays; of networks that take one size of window only, which is large, none is timed.
    """
    if device.type == "cpu":
        pays = has_matrix_units() and model.window is None and _half_pays(network, model.multiple)
        return Place(device, torch.bfloat16 if pays else torch.float32)
    if model.normalisation is not Normalisation.NONE:
        return Place(device, torch.float16)
    return Place(device, torch.bfloat16 if _has_bfloat16(device) else torch.float32)


def _has_bfloat16(device: torch.device) -> bool:
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return torch.backends.mps.is_macos_or_newer(14, 0)


def has_matrix_units() -> bool:
    """True if the processor multiplies bfloat16 matrices in units of their own (AMX).

    Without them PyTorch's bfloat16 convolution is slower than float32, on some processors 400 times.
    """
    capabilities = getattr(torch.cpu, "get_capabilities", dict)()  # PyTorch 2.11 has it
    return bool(capabilities.get("amx_bf16", False))


def tile_bytes(device: torch.device) -> int:
    """How much memory the network's values may take on `device`."""
    if device.type == "cpu":
        return TILE_BYTES
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
    else:
        free = torch.mps.recommended_max_memory() - torch.mps.driver_allocated_memory()
    return min(ACCELERATOR_TILE_BYTES, int(ACCELERATOR_SHARE * free))


def is_out_of_memory(error: BaseException) -> bool:
    """True if `error` is what a device or PyTorch's allocator raises where memory has run out."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    words = ("not enough memory", "can't allocate memory", "out of memory", "bad_alloc")
    return isinstance(error, RuntimeError) and any(word in str(error) for word in words)


def release_memory(device: torch.device) -> None:
    """Give back what PyTorch keeps of the device's memory for later."""
    if device.type == "cuda":
        torch.cuda.empty_cache()
    elif device.type == "mps":
        torch.mps.empty_cache()


def _half_pays(network: nn.Module, multiple: int) -> bool:
    side = -(-TRIAL_SIZE // multiple) * multiple
    full, half = (_seconds(network, side, dtype) for dtype in (torch.float32, torch.bfloat16))
    return full > HALF_MUST_GAIN * half


def _seconds(network: nn.Module, side: int, dtype: torch.dtype) -> float:
    """The shorter of two runs on a tile of ones; the first of all prepares the kernels."""
    values = torch.ones(1, 1, side, side, side)
    times = []
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=dtype is torch.bfloat16):
        for _ in range(3):
            started = time.perf_counter()
            network(values)
            times.append(time.perf_counter() - started)
    return min(times[1:])
