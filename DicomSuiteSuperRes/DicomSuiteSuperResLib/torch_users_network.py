"""Build a network of an allowed kind around a user's weights."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn

from DicomSuiteLib.missing_package import missing_package
from DicomSuiteLib.printable import printable
from DicomSuiteSuperResLib.errors import ModelError
from DicomSuiteSuperResLib.model_file import LARGEST
from DicomSuiteSuperResLib.network_layouts import (
    ARCHITECTURES,
    WITHOUT_EFFECT,
    Architecture,
    Layout,
    architecture_names,
)
from DicomSuiteSuperResLib.torch_edsr import Edsr
from DicomSuiteSuperResLib.torch_without_memory import without_memory

_AVERAGE = re.compile(r"(^|[._])ema([._]|$)", re.IGNORECASE)
"""What stands before the names of weights that are the average over the end of a training."""

_MISFITS = (ArithmeticError, AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
"""What building a network raises of weights, or arguments, that are not those of one."""

FEW = 3
"""How many of many names a message quotes."""


def users_network(
    weights: Mapping[str, Tensor], source: str, wanted: str | None, said: Mapping[str, Any]
) -> tuple[nn.Module, Layout]:
    """Recognise the network to which the weights belong, build it and give it the weights.

    Whatever stands before the names in common ("module.", "state_dict.model.") is left out, and so is all that does
    not belong to the network; of plain weights and their moving average ("ema"), the average is taken.

    Parameters
    ----------
    weights : by their names
    source : the file that they come from, for messages
    wanted : name of the architecture; None: the first of which the weights have the marks
    said : arguments of the network, for what the weights do not tell

    Raises
    ------
    ModelError
        If they belong to no network that is allowed, to one for other images than volumes of one value, or to one
        that was built otherwise than said.
    """
    architecture, prefix = _recognised(weights, source, wanted)
    own = {name.removeprefix(prefix): weight for name, weight in weights.items() if name.startswith(prefix)}
    try:
        return _made(architecture, own, said)
    except (ModelError, *_MISFITS) as error:
        words = f"it cannot be built with these weights and arguments: {printable(str(error))[:200]}"
        reason = error if isinstance(error, ModelError) else words
        raise ModelError(f"{source} was taken for a network of the kind {architecture.name}, but {reason}.") from error


def _made(
    architecture: Architecture, weights: Mapping[str, Tensor], said: Mapping[str, Any]
) -> tuple[nn.Module, Layout]:
    _check_plain(weights)
    layout = architecture.read({name: tuple(weight.shape) for name, weight in weights.items()}, said)
    arguments = _all_arguments(architecture, layout, said)
    _check_channels(arguments)
    with without_memory():
        _check_fit(_built(architecture, arguments), weights)
    network = _built(architecture, arguments)
    network.load_state_dict(dict(weights))
    return network.eval().requires_grad_(False), layout


def _check_plain(weights: Mapping[str, Tensor]) -> None:
    """ModelError unless every weight is an array of finite numbers, each of which stands in the file."""
    odd = [name for name, weight in weights.items() if not _is_plain(weight)]
    if odd:
        raise ModelError(
            f"{len(odd)} of its weights are no plain arrays of numbers, but empty, repeated, sparse or quantised: "
            f"{_few(odd)}"
        )
    if sum(weight.nbytes for weight in weights.values()) > LARGEST:
        raise ModelError(f"its weights would take more than {LARGEST // 1024**3} GiB")
    if not all(bool(torch.isfinite(_as_numbers(weight)).all()) for weight in weights.values()):
        raise ModelError("some of its weights are NaN or infinite: its training failed")


def _is_plain(weight: Tensor) -> bool:
    if weight.layout is not torch.strided or weight.device.type != "cpu" or weight.is_quantized or weight.is_complex():
        return False
    return 0 < weight.nbytes <= weight.untyped_storage().nbytes()


def _as_numbers(weight: Tensor) -> Tensor:
    """The weight in a type that PyTorch computes with: not so the floats of 8 bits."""
    return weight.float() if weight.is_floating_point() and weight.itemsize == 1 else weight


def _recognised(weights: Mapping[str, Tensor], source: str, wanted: str | None) -> tuple[Architecture, str]:
    """The architecture, and what stands before the names of its weights."""
    candidates = [architecture for architecture in ARCHITECTURES if wanted in (None, architecture.name)]
    if not candidates:
        raise ModelError(f"{printable(wanted)[:80]!r} is no network that is known; there are {architecture_names()}.")
    for architecture in candidates:
        prefixes = [prefix for mark in architecture.marks for prefix in _prefixes(weights, mark)]
        if prefixes:
            averages = [prefix for prefix in prefixes if _AVERAGE.search(prefix)]
            return architecture, (averages or prefixes)[0]
    kinds = wanted or architecture_names()
    raise ModelError(
        f"{source} holds weights, but not those of a network that can be built here ({kinds}). Its first are: "
        f"{_few(sorted(weights))}. Export the network to ONNX to use it, or to TorchScript."
    )


def _prefixes(weights: Mapping[str, Tensor], mark: str) -> Iterator[str]:
    for name in weights:
        if name == mark or name.endswith(f".{mark}"):
            yield name.removesuffix(mark)


def _all_arguments(architecture: Architecture, layout: Layout, said: Mapping[str, Any]) -> dict[str, Any]:
    """What the network is built with: what its weights tell, and what was said of the rest."""
    arguments = dict(layout.arguments)
    for name, value in said.items():
        if name in arguments:
            if name not in architecture.free_arguments and not _same(value, arguments[name]):
                raise ModelError(f"its weights say {name}={arguments[name]!r}, and {value!r} was said")
        elif name in architecture.free_arguments:
            arguments[name] = value
        elif name not in WITHOUT_EFFECT:
            known = ", ".join(sorted({*arguments, *architecture.free_arguments}))
            raise ModelError(f"{printable(name)[:40]!r} is no argument of it; there are {known}")
    arguments.pop("img_size", None)  # MONAI has dropped it; it is the window
    return arguments


def _same(said: Any, found: Any) -> bool:
    if isinstance(found, tuple) and isinstance(said, int):
        return set(found) == {said}
    if isinstance(found, int) and isinstance(said, list | tuple):
        return set(said) == {found}
    if isinstance(said, list | tuple) and isinstance(found, tuple):
        return list(said) == list(found)
    return said == found or str(said).lower() == str(found).lower()


def _check_channels(arguments: Mapping[str, Any]) -> None:
    for name, what in (("in_channels", "takes"), ("out_channels", "gives")):
        if arguments[name] != 1:
            raise ModelError(
                f"it {what} {arguments[name]} values a voxel, and a volume has one: is it for colours, or does it "
                "segment"
            )


def _built(architecture: Architecture, arguments: dict[str, Any]) -> nn.Module:
    if not architecture.class_name:
        return Edsr(**arguments)
    network_class = _monai_class(architecture.class_name)
    known = inspect.signature(network_class).parameters
    if "use_flash_attention" in known:  # the same values, sooner
        arguments = arguments | {"use_flash_attention": True}
    if "img_size" in known and known["img_size"].default is inspect.Parameter.empty:
        arguments = arguments | {"img_size": (96, 96, 96)}  # old MONAI asks for it, and uses it for nothing
    return network_class(**arguments)


def _monai_class(name: str) -> type[nn.Module]:
    try:
        from monai.networks import nets
    except ImportError as error:
        raise missing_package("monai", f"Models of the kind {name}", "superres") from error
    _give_rearrange(nets.swin_unetr)
    return getattr(nets, name)


def _give_rearrange(module: ModuleType) -> None:
    """Where einops is missing, which MONAI does not require, its SwinUNETR moves axes by torch's own function."""
    if find_spec("einops") is None:
        from functorch.einops.rearrange import rearrange

        module.rearrange = rearrange


def _check_fit(network: nn.Module, weights: Mapping[str, Tensor]) -> None:
    """ModelError unless the weights are the network's, by their names and shapes."""
    own = network.state_dict()
    missing = [name for name in own if name not in weights]
    if missing:
        raise ModelError(f"{len(missing)} of its weights are missing: {_few(missing)}")
    surplus = [name for name in weights if name not in own]
    if surplus:
        raise ModelError(f"{len(surplus)} weights do not belong to it: {_few(surplus)}")
    wrong = [name for name, weight in own.items() if weight.shape != weights[name].shape]
    if wrong:
        raise ModelError(f"{len(wrong)} of its weights have another shape: {_few(wrong)}")


def _few(names: Sequence[str]) -> str:
    quoted = ", ".join(printable(name)[:60] for name in names[:FEW])
    return quoted + (", …" if len(names) > FEW else "")
