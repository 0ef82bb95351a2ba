"""How the networks that users have are built, read from the names and shapes of their weights.

MONAI's networks name their weights alike in all versions; EDSR's are those of its authors' program.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from DicomSuiteSuperResLib.errors import ModelError
from DicomSuiteSuperResLib.models import Upsampling

Shapes = Mapping[str, tuple[int, ...]]
"""The shape of every weight, by its name in the network."""

SWIN_WINDOW = (96, 96, 96)
"""Voxels that a SwinUNETR is shown at once where nothing else is said: what it was published with."""

PLAIN_EDSR_FEATURES = 64
"""Wider EDSRs than the plain one were published with residuals scaled by 0.1."""

WITHOUT_EFFECT = frozenset(
    {
        *("attn_drop_rate", "drop_rate", "dropout", "dropout_path_rate", "dropout_prob"),
        *("use_checkpoint", "use_flash_attention"),
    }
)
"""Arguments of MONAI's networks that change nothing of what a trained one gives."""

LARGEST_SIZE = 512
"""Voxels along each side of a window, and of what a size must be a multiple: more is none that anybody trains with."""

ISOTROPIC_STEPS = {8: 2, 27: 3}
"""Channels for every one, by the factor along each of three axes."""
THROUGH_PLANE_STEPS = range(2, 7)
"""Channels for every one that stand for as many slices."""


@dataclass(frozen=True)
class Layout:
    """One network as its weights tell it.

    Parameters
    ----------
    arguments : what it is built with, by the names of its constructor
    upsampling, factor : how its output's grid follows from its input's
    halo, window, multiple : as in `LoadedModel`
    """

    arguments: Mapping[str, Any]
    upsampling: Upsampling = Upsampling.REFINING
    factor: int = 1
    halo: tuple[int, int, int] | None = None
    window: tuple[int, int, int] | None = None
    multiple: int = 1


@dataclass(frozen=True)
class Architecture:
    """One kind of network that users' weights may belong to.

    Parameters
    ----------
    name : by which it is asked for
    class_name : what MONAI calls it; empty for one of our own
    marks : names of weights of which every network of this kind has one
    read : makes its layout from the weights' shapes and what the user said of it
    free_arguments : those that the weights do not tell, and that a user may therefore say
    """

    name: str
    class_name: str
    marks: tuple[str, ...]
    read: Callable[[Shapes, Mapping[str, Any]], Layout]
    free_arguments: frozenset[str]


def _swin_unetr(shapes: Shapes, said: Mapping[str, Any]) -> Layout:
    patches = _volume_weights(shapes, "swinViT.patch_embed.proj.weight")
    patch, window = patches[2], said.get("img_size", SWIN_WINDOW)
    stages = range(1, 5)
    table = "swinViT.layers{}.0.blocks.0.attn.relative_position_bias_table"
    arguments = {
        "spatial_dims": 3,
        "in_channels": patches[1],
        "out_channels": _volume_weights(shapes, "out.conv.conv.weight")[0],
        "feature_size": patches[0],
        "patch_size": patch,
        "depths": tuple(_count(shapes, f"swinViT.layers{stage}.0.blocks.{{}}.norm1.weight") for stage in stages),
        "num_heads": tuple(_shape(shapes, table.format(stage))[1] for stage in stages),
        "window_size": _cube_side(_shape(shapes, "swinViT.layers1.0.blocks.0.attn.relative_position_index")[0]),
        "mlp_ratio": _shape(shapes, "swinViT.layers1.0.blocks.0.mlp.linear1.weight")[0] / patches[0],
        "qkv_bias": "swinViT.layers1.0.blocks.0.attn.qkv.bias" in shapes,
        "patch_norm": "swinViT.patch_embed.norm.weight" in shapes,
        "use_v2": any(name.startswith("swinViT.layers1c.") for name in shapes),
    }
    return Layout(arguments, window=three_sizes(window), multiple=patch**5)


def _seg_res_net(shapes: Shapes, _said: Mapping[str, Any]) -> Layout:
    first = _volume_weights(shapes, "convInit.conv.weight")
    levels = _count(shapes, "down_layers.{}.1.conv1.conv.weight")
    ups = _count(shapes, "up_samples.{}.0.conv.weight")
    if "conv_final.2.conv.weight" not in shapes:
        raise ModelError("it has no final convolution, so it gives features, not a volume")
    modes = {"deconv": "up_samples.0.1.deconv.weight", "pixelshuffle": "up_samples.0.1.pixelshuffle.conv_block.weight"}
    arguments = {
        "spatial_dims": 3,
        "in_channels": first[1],
        "init_filters": first[0],
        "out_channels": _volume_weights(shapes, "conv_final.2.conv.weight")[0],
        "blocks_down": tuple(_count(shapes, f"down_layers.{n}.{{}}.conv1.conv.weight", 1) for n in range(levels)),
        "blocks_up": tuple(_count(shapes, f"up_layers.{n}.{{}}.conv1.conv.weight") for n in range(ups)),
        "upsample_mode": next((mode for mode, mark in modes.items() if mark in shapes), "nontrainable"),
    }
    if "conv_final.0.running_mean" in shapes:
        arguments["norm"] = "batch"
    return Layout(arguments, multiple=2 ** (levels - 1))


def _unet(shapes: Shapes, said: Mapping[str, Any]) -> Layout:
    units = _count(shapes, "model.0.conv.unit{}.conv.weight")
    last = "conv.unit0.conv.weight" if units else "conv.weight"
    first = _volume_weights(shapes, f"model.0.{last}")
    channels = [first[0]]
    place = "model.1.submodule."
    while f"{place}0.{last}" in shapes:
        channels.append(_shape(shapes, f"{place}0.{last}")[0])
        place += "1.submodule."
    channels.append(_shape(shapes, f"{place}{last}")[0])
    top = _volume_weights(shapes, f"model.2.{'0.' if units else ''}conv.weight")  # transposed: in, out, kernel
    strides = _strides(said.get("strides", 2), len(channels) - 1)
    start = "model.0.conv.unit0." if units else "model.0."
    arguments = {
        "spatial_dims": 3,
        "in_channels": first[1],
        "out_channels": top[1],
        "channels": tuple(channels),
        "strides": strides,
        "kernel_size": first[2:],
        "up_kernel_size": top[2:],
        "num_res_units": units,
        "bias": f"{start}conv.bias" in shapes,
    }
    if f"{start}adn.N.running_mean" in shapes:
        arguments["norm"] = "batch"
    elif f"{start}adn.N.weight" in shapes and "norm" not in said:
        raise ModelError("its normalisation may be of several kinds: say which, such as norm=('group', 4)")
    if f"{start}adn.A.weight" not in shapes and "act" not in said:
        raise ModelError("its weights do not tell its activation: say it, such as act='relu'")
    return Layout(arguments, multiple=_divisor(strides))


def _edsr(shapes: Shapes, said: Mapping[str, Any]) -> Layout:
    first = _volume_weights(shapes, "head.0.weight")
    blocks = _count(shapes, "body.{}.body.0.weight")
    steps = [_edsr_step(weights[0], weights[1]) for weights in _edsr_stages(shapes)]
    kinds = {kind for kind, _ in steps}
    if len(kinds) != 1:
        raise ModelError("its tail upsamples in a way that is not understood")
    factor = math.prod(step for _, step in steps)
    (kind,) = kinds
    reach = (first[2] // 2) * (2 * blocks + 2 + len(steps)) + _shape(shapes, "tail.1.weight")[2] // 2
    arguments = {
        "in_channels": first[1],
        "out_channels": _volume_weights(shapes, "tail.1.weight")[0],
        "features": first[0],
        "blocks": blocks,
        "kernel_size": first[2],
        "steps": tuple((step, 1, 1) if kind is Upsampling.THROUGH_PLANE else (step,) * 3 for _, step in steps),
        "res_scale": _number(said.get("res_scale", 1.0 if first[0] <= PLAIN_EDSR_FEATURES else 0.1), "res_scale"),
        "bias": "head.0.bias" in shapes,
    }
    return Layout(arguments, kind, factor, halo=(reach,) * 3)


def _edsr_stages(shapes: Shapes) -> Iterator[tuple[int, ...]]:
    """The weights of the tail's convolutions, each before a shuffle: tail.0.0, tail.0.2, …"""
    for place in itertools.count(step=2):
        name = f"tail.0.{place}.weight"
        if name not in shapes:
            return
        yield shapes[name]


def _edsr_step(channels_out: int, channels_in: int) -> tuple[Upsampling, int]:
    times, rest = divmod(channels_out, channels_in)
    if not rest and times in ISOTROPIC_STEPS:
        return Upsampling.ISOTROPIC, ISOTROPIC_STEPS[times]
    if not rest and times in THROUGH_PLANE_STEPS:
        return Upsampling.THROUGH_PLANE, times
    raise ModelError(f"its tail makes {channels_out} channels of {channels_in}, which fill no finer grid")


ARCHITECTURES = (
    Architecture(
        "swinunetr",
        "SwinUNETR",
        ("swinViT.patch_embed.proj.weight",),
        _swin_unetr,
        frozenset({"img_size", "norm_name", "normalize", "downsample"}),
    ),
    Architecture(
        "segresnet", "SegResNet", ("convInit.conv.weight",), _seg_res_net, frozenset({"act", "norm"})
    ),
    Architecture(
        "unet",
        "UNet",
        ("model.0.conv.unit0.conv.weight", "model.0.conv.weight"),
        _unet,
        frozenset({"act", "norm", "strides", "adn_ordering"}),
    ),
    Architecture("edsr", "", ("head.0.weight",), _edsr, frozenset({"res_scale"})),
)
"""The networks whose weights can be loaded."""


def architecture_names() -> str:
    """For messages: "swinunetr, segresnet, …"."""
    return ", ".join(architecture.name for architecture in ARCHITECTURES)


def three_sizes(size: Any) -> tuple[int, int, int]:
    """One length, or three, as three whole numbers of voxels; ModelError where they are something else."""
    sizes = (size,) * 3 if isinstance(size, int) else size
    if not _are_counts(sizes) or len(sizes) != 3 or max(sizes) > LARGEST_SIZE:
        raise ModelError(f"its size {size!r} is not one, or three, whole numbers of voxels up to {LARGEST_SIZE}")
    return tuple(sizes)


def _shape(shapes: Shapes, name: str) -> tuple[int, ...]:
    if name not in shapes:
        raise ModelError(f"the weights {name!r} are missing in it")
    return shapes[name]


def _volume_weights(shapes: Shapes, name: str) -> tuple[int, ...]:
    """The shape of a convolution's weights, which must be one of volumes."""
    shape = _shape(shapes, name)
    if len(shape) != 5:
        dimensions = max(len(shape) - 2, 0)
        raise ModelError(f"it is for images of {dimensions} dimensions, and a volume has 3")
    return shape


def _count(shapes: Shapes, pattern: str, start: int = 0) -> int:
    """How many of pattern.format(start), pattern.format(start + 1), … there are without a gap."""
    return next(number for number in itertools.count(start) if pattern.format(number) not in shapes) - start


def _cube_side(voxels: int) -> int:
    side = round(voxels ** (1 / 3))
    if side**3 != voxels:
        raise ModelError(f"its attention windows of {voxels} voxels are no cubes")
    return side


def _number(value: Any, name: str) -> float:
    if not isinstance(value, int | float) or not math.isfinite(value):
        raise ModelError(f"its {name} {value!r} is no number")
    return value


def _strides(said: Any, count: int) -> tuple[Any, ...]:
    """`count` strides, each a whole number or three; one that is said stands for all."""
    strides = (said,) * count if isinstance(said, int) else said
    if not isinstance(strides, list | tuple) or not all(_are_counts((part,)) or _are_counts(part) for part in strides):
        raise ModelError(f"its strides {said!r} are no whole numbers")
    return tuple(strides)


def _divisor(strides: tuple[Any, ...]) -> int:
    """By what a size must be divisible that is divided by all strides."""
    divisor = math.prod(math.lcm(*([stride] if isinstance(stride, int) else stride)) for stride in strides)
    if divisor > LARGEST_SIZE:
        raise ModelError(f"its strides make it take only multiples of {divisor} voxels, which no volume has")
    return divisor


def _are_counts(values: Any) -> bool:
    """Whether they are whole numbers from 1 on, in a list."""
    return isinstance(values, list | tuple) and all(isinstance(value, int) and value > 0 for value in values)
