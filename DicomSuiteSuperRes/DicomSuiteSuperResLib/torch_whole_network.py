"""Networks that come with their own program, as ONNX or TorchScript: wrapped, and tried once to learn what they do."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from DicomSuiteLib.missing_package import missing_package
from DicomSuiteLib.printable import printable
from DicomSuiteSuperResLib.errors import ModelError
from DicomSuiteSuperResLib.models import Upsampling
from DicomSuiteSuperResLib.network_layouts import LARGEST_SIZE

TRIED_SIZE = (32, 32, 32)
"""Voxels k, j, i of the volume that a network is tried on, where it takes any."""

DIVISOR = 32
"""Every size is made a multiple of it where a network takes any: who halves its grid up to five times needs that."""


@dataclass(frozen=True, eq=False)
class WholeNetwork:
    """A network in memory; the other fields are as in `LoadedModel`."""

    module: nn.Module
    upsampling: Upsampling
    factor: int
    window: tuple[int, int, int] | None
    multiple: int


def read_onnx(path: Path) -> WholeNetwork:
    """Open an ONNX file, which ONNX Runtime computes on the processor.

    Raises
    ------
    ModelError
        If it is damaged, or does not make one volume of one.
    MissingPackageError
        If onnxruntime is missing.
    """
    try:
        import onnxruntime
    except ImportError as error:
        raise missing_package("onnxruntime", "Models as ONNX", "superres") from error
    quiet = onnxruntime.SessionOptions()
    quiet.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(str(path), quiet, providers=["CPUExecutionProvider"])
    except Exception as error:  # each of ONNX Runtime's own exceptions is a class of its own, derived from none of them
        raise ModelError(f"{path} is damaged, or no ONNX model that ONNX Runtime can compute.") from error
    window = _window(session, path)
    return _tried(_OnnxNetwork(session), window, path)


def read_torchscript(path: Path) -> WholeNetwork:
    """Open a TorchScript file, whose program is then run: only for files whose maker is trusted.

    Raises
    ------
    ModelError
        If it is damaged, or does not make one volume of one.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # PyTorch announces that it will go; files stay
            network = torch.jit.load(path, map_location="cpu")
    except (RuntimeError, ValueError, OSError) as error:
        raise ModelError(f"{path} is damaged, or TorchScript of a PyTorch that is newer than this one.") from error
    for weight in network.parameters():
        weight.requires_grad_(False)
    return _tried(_TorchScriptNetwork(network.eval()), None, path)


class _OnnxNetwork(nn.Module):
    """A network that ONNX Runtime computes, to the eye a torch module."""

    def __init__(self, session: Any) -> None:
        super().__init__()
        self._session = session
        self._input = session.get_inputs()[0].name

    def forward(self, volume: Tensor) -> Tensor:
        values = volume.float().contiguous().cpu().numpy()
        try:
            (made,) = self._session.run(None, {self._input: values})
        except Exception as error:  # see read_onnx
            if "alloc" in str(error):
                raise MemoryError(str(error)) from error
            raise
        return torch.from_numpy(made).to(volume)


class _TorchScriptNetwork(nn.Module):
    """A TorchScript program in a module that takes hooks, as the program and its layers do not."""

    def __init__(self, program: torch.jit.ScriptModule) -> None:
        super().__init__()
        self._program = (program,)  # in a tuple it is no child, in which hooks would be hung

    def forward(self, volume: Tensor) -> Tensor:
        return self._program[0](volume)

    def _apply(self, function: Callable[[Tensor], Tensor], recurse: bool = True) -> nn.Module:
        """Move the program's weights with the module: what torch calls for every `to`."""
        self._program[0]._apply(function, recurse)
        return self


def _window(session: Any, path: Path) -> tuple[int, int, int] | None:
    """The one size (k, j, i) that an ONNX network takes; None where it takes any."""
    inputs, outputs = session.get_inputs(), session.get_outputs()
    if len(inputs) != 1 or len(outputs) != 1 or inputs[0].type != "tensor(float)":
        raise ModelError(
            f"{path} takes {len(inputs)} inputs and gives {len(outputs)} outputs; a model here makes one volume of "
            "float32 of one."
        )
    shape = inputs[0].shape
    _check_dimensions(len(shape), path)
    if shape[1] not in (1, None) and not isinstance(shape[1], str):
        raise ModelError(f"{path} takes {shape[1]} values a voxel, and a volume has one: is it for colours?")
    sizes = shape[2:]
    if any(isinstance(size, int) and size > LARGEST_SIZE for size in sizes):
        raise ModelError(f"{path} takes {printable(str(sizes))} voxels at once; {LARGEST_SIZE} a side are possible.")
    fixed = [isinstance(size, int) and size > 0 for size in sizes]
    if any(fixed) and not all(fixed):
        raise ModelError(
            f"{path} takes one size only along some axes ({printable(str(sizes))}); export it with all of them free, "
            "or none."
        )
    return tuple(sizes) if all(fixed) else None


def _check_dimensions(dimensions: int, path: Path) -> None:
    if dimensions != 5:
        raise ModelError(
            f"{path} is for images of {max(dimensions - 2, 0)} dimensions, and a volume has 3; use a model for volumes."
        )


def _tried(network: nn.Module, window: tuple[int, int, int] | None, path: Path) -> WholeNetwork:
    size = window or TRIED_SIZE
    try:
        with torch.inference_mode():
            output = network(torch.zeros(1, 1, *size))
    except Exception as error:  # whatever a user's program makes its runtime raise
        raise ModelError(
            f"{path} cannot be used: tried on a volume of {size} voxels with one value each, it fails. Is it a model "
            "for volumes (batch, 1, slices, rows, columns)?"
        ) from error
    if not isinstance(output, Tensor) or output.dim() != 5 or tuple(output.shape[:2]) != (1, 1):
        shape = tuple(output.shape) if isinstance(output, Tensor) else type(output).__name__
        raise ModelError(f"{path} makes no volume of one value a voxel of one, but {shape}: is it for something else?")
    upsampling, factor = _upsampling(size, tuple(output.shape[2:]), path)
    return WholeNetwork(network, upsampling, factor, window, 1 if window else DIVISOR)


def _upsampling(size: Sequence[int], given: Sequence[int], path: Path) -> tuple[Upsampling, int]:
    factors = [after / before for before, after in zip(size, given, strict=True)]
    first, *others = factors
    if factors == [1, 1, 1]:
        return Upsampling.REFINING, 1
    if first == int(first) > 1 and others == [1, 1]:
        return Upsampling.THROUGH_PLANE, int(first)
    if first == int(first) > 1 and others == [first, first]:
        return Upsampling.ISOTROPIC, int(first)
    raise ModelError(
        f"{path} makes {tuple(given)} voxels of {tuple(size)}; a model may refine them, or give a whole number of "
        "times as many along the first axis or along all."
    )
