"""The network of the bundled models: what it adds to the cubic interpolation of a coarse volume."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from DicomSuiteSuperResLib.linear_start import WIDTH
from DicomSuiteSuperResLib.models import LoadedModel, ModelIdentity, ModelScope, Normalisation, Upsampling
from DicomSuiteSuperResLib.torch_without_memory import without_memory

KERNEL_REACH = 1
"""Voxels that a convolution looks to either side: kernels are 3 wide."""
FLAT_AXES = {Upsampling.THROUGH_PLANE: (2, 1), Upsampling.ISOTROPIC: (2, 0, 1)}
"""In the blocks, kernels are 3 x 3 x 1, 1 wide along each of these axes in turn: a third of the work of 3 x 3 x 3, for
which the trunk can be wider. Those for thick slices are never so along the thick axis."""
FACTORS = frozenset(range(2, 17))
LARGEST_SHAPE = (8, 8, 8, 512, 64)
"""Packed voxels k, j, i, channels and blocks that a model's file may ask for; the bundled ones have 2, 2, 2, 64, 4."""
BLOCK_SCALE = 0.3
"""Of the random weights of a block's second convolution at the beginning, so that it starts as a small addition."""


@dataclass(frozen=True)
class NetworkShape:
    """What a `ResidualUpsampler` is built from: its weights fit another of the same shape only.

    Parameters
    ----------
    upsampling : along which axes it upsamples: the first, or all three
    factors : the factors it has a head for
    packed : how many voxels of the input along k, j, i become the channels of one: the trunk then computes on fewer
        voxels, looks further, and learns more in the same time
    width : channels of the trunk
    blocks : residual blocks of two convolutions each
    """

    upsampling: Upsampling
    factors: tuple[int, ...]
    packed: tuple[int, int, int] = (1, 1, 1)
    width: int = 64
    blocks: int = 4

    @property
    def flat_axes(self) -> tuple[int, ...]:
        """Along which axis the kernel of each of the blocks' convolutions is 1 wide."""
        axes = FLAT_AXES[self.upsampling]
        return tuple(axes[number % len(axes)] for number in range(2 * self.blocks))

    @property
    def halo(self) -> tuple[int, int, int]:
        """How many voxels of the input along k, j, i an output voxel depends on to either side, at most."""
        around = 2  # entry and head
        reaches = [around + sum(flat != axis for flat in self.flat_axes) for axis in range(3)]
        return tuple((KERNEL_REACH * reach + 1) * count - 1 for reach, count in zip(reaches, self.packed, strict=True))

    @property
    def multiple(self) -> int:
        """By which every size of the input must be divisible, so that voxels are packed alike everywhere."""
        return math.lcm(*self.packed)

    def steps(self, factor: int) -> tuple[int, int, int]:
        """How many output voxels stand for one of the input along k, j, i."""
        return (factor, 1, 1) if self.upsampling is Upsampling.THROUGH_PLANE else (factor, factor, factor)

    def as_json(self) -> dict:
        """The same as JSON values, from which `NetworkShape.from_json` makes it again."""
        return asdict(self)

    @classmethod
    def from_json(cls, fields: dict) -> NetworkShape:
        """Make the shape that `as_json` gave; ArithmeticError, ValueError, TypeError or KeyError where it is none."""
        factors, packed = (tuple(int(number) for number in fields[name]) for name in ("factors", "packed"))
        width, blocks = int(fields["width"]), int(fields["blocks"])
        sizes = zip((*packed, width, blocks), LARGEST_SHAPE, strict=True)
        if not (factors and FACTORS.issuperset(factors) and all(1 <= size <= most for size, most in sizes)):
            raise ValueError("it is larger than any network that was trained here")
        return cls(Upsampling(fields["upsampling"]), factors, packed, width, blocks)


class ResidualUpsampler(nn.Module):
    """A linear filter for each factor, and what residual blocks on the coarse grid, shared by all factors, add to it.

    There are no biases, all is linear but ReLU, and the kernels that see the values sum up to 0. So for k > 0 and any
    c, f(k x + c) = k f(x): neither scale nor offset of the values matter, and constants stay what they are.
    """

    def __init__(self, shape: NetworkShape) -> None:
        super().__init__()
        self.shape = shape
        self.entry = _Entry(math.prod(shape.packed), shape.width)
        self.blocks = nn.ModuleList(
            _Block(shape.width, flat) for flat in zip(shape.flat_axes[::2], shape.flat_axes[1::2], strict=True)
        )
        self.heads = nn.ModuleDict({str(factor): self._head(factor) for factor in shape.factors})
        self.filters = nn.ModuleDict({str(factor): _Filter(math.prod(shape.steps(factor))) for factor in shape.factors})

    def forward(self, coarse: Tensor, factor: int) -> Tensor:
        """Give what is missing in the cubic interpolation of `coarse` (n, 1, k, j, i), on the fine grid."""
        features = entry = self.entry(pack(coarse, self.shape.packed))
        for block in self.blocks:
            features = block(features)
        learned = unpack(self.heads[str(factor)](features + entry), self._spread(factor))
        return learned + unpack(self.filters[str(factor)](coarse), self.shape.steps(factor))

    def begin_with(self, factor: int, kernels: NDArray[np.float32]) -> None:
        """Take over the linear filter of a factor, which is not trained: kernels (outputs, k, j, i), each with sum 0.

        The blocks then add nothing to it, until they are trained.
        """
        self.filters[str(factor)].kernels.copy_(torch.from_numpy(kernels)[:, None])
        nn.init.zeros_(self.heads[str(factor)].weight)

    def _spread(self, factor: int) -> tuple[int, int, int]:
        """How many output voxels stand for one of the trunk's along k, j, i."""
        return tuple(step * count for step, count in zip(self.shape.steps(factor), self.shape.packed, strict=True))

    def _head(self, factor: int) -> nn.Conv3d:
        return _convolution(self.shape.width, math.prod(self._spread(factor)))


class _Entry(nn.Conv3d):
    """The first convolution: it sees differences only, and takes what lies beyond the volume to go on as its edge."""

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__(channels_in, channels_out, 2 * KERNEL_REACH + 1, bias=False)
        nn.init.kaiming_normal_(self.weight)

    def forward(self, values: Tensor) -> Tensor:
        kernels = self.weight - self.weight.mean(dim=(1, 2, 3, 4), keepdim=True)
        return functional.conv3d(functional.pad(values, (KERNEL_REACH,) * 6, mode="replicate"), kernels)


class _Filter(nn.Module):
    """Linear: what lies beyond the volume goes on as its edge."""

    def __init__(self, outputs: int) -> None:
        super().__init__()
        self.register_buffer("kernels", torch.zeros(outputs, 1, WIDTH, WIDTH, WIDTH))

    def forward(self, values: Tensor) -> Tensor:
        return functional.conv3d(functional.pad(values, (WIDTH // 2,) * 6, mode="replicate"), self.kernels)


class _Block(nn.Module):
    """Two convolutions beside a short cut, each with a kernel that is 1 wide along one axis."""

    def __init__(self, width: int, flat: tuple[int, int]) -> None:
        super().__init__()
        self.first, self.second = (_convolution(width, width, axis) for axis in flat)
        self.second.weight.data *= BLOCK_SCALE

    def forward(self, features: Tensor) -> Tensor:
        return features + self.second(torch.relu(self.first(features)))


class OneFactor(nn.Module):
    """A network with heads for several factors, as the network of one of them."""

    def __init__(self, network: ResidualUpsampler, factor: int) -> None:
        super().__init__()
        self.network = network
        self.factor = factor

    def forward(self, coarse: Tensor) -> Tensor:
        """Give the residual on the fine grid of this factor."""
        return self.network(coarse, self.factor)


def pack(values: Tensor, counts: Sequence[int]) -> Tensor:
    """Make channels of a x b x c neighbouring voxels: (n, 1, a k, b j, c i) becomes (n, a b c, k, j, i)."""
    number = values.shape[0]
    size = [length // count for length, count in zip(values.shape[2:], counts, strict=True)]
    split = values.reshape(number, size[0], counts[0], size[1], counts[1], size[2], counts[2])
    packed = split.permute(0, 2, 4, 6, 1, 3, 5).reshape(number, math.prod(counts), *size)
    return packed.contiguous(memory_format=torch.channels_last_3d)


def unpack(features: Tensor, counts: Sequence[int]) -> Tensor:
    """The inverse of `pack`: (n, a b c, k, j, i) becomes (n, 1, a k, b j, c i)."""
    number, _, *size = features.shape
    spread = features.reshape(number, *counts, *size).permute(0, 4, 1, 5, 2, 6, 3)
    return spread.reshape(number, 1, *(count * length for count, length in zip(counts, size, strict=True)))


def with_weights(shape: NetworkShape, weights: Mapping[str, Tensor]) -> ResidualUpsampler:
    """Build the network of these weights; RuntimeError where they are those of another."""
    with without_memory():
        network = ResidualUpsampler(shape)
    network.load_state_dict({name: weight.float() for name, weight in weights.items()}, assign=True)
    return network


def loaded_model(network: ResidualUpsampler, identity: ModelIdentity, scope: ModelScope) -> LoadedModel:
    """Give the network, ready for inference on the CPU, as the model that inference takes."""
    network = network.to("cpu", memory_format=torch.channels_last_3d).eval().requires_grad_(False)
    shape = network.shape
    return LoadedModel(
        identity,
        shape.upsampling,
        shape.factors,
        lambda factor: OneFactor(network, factor),
        adds_to_cubic=True,
        trained_here=True,
        halo=shape.halo,
        multiple=shape.multiple,
        normalisation=Normalisation.NONE,
        scope=scope,
    )


def _convolution(channels_in: int, channels_out: int, flat: int | None = None) -> nn.Conv3d:
    reach = tuple(0 if axis == flat else KERNEL_REACH for axis in range(3))
    kernel = tuple(2 * own + 1 for own in reach)
    convolution = nn.Conv3d(channels_in, channels_out, kernel, padding=reach, bias=False)
    nn.init.kaiming_normal_(convolution.weight)
    return convolution
