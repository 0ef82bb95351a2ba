"""Bring a user's model into memory, safely: whatever its file holds, nothing in it runs unless that is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from DicomSuiteLib.missing_package import missing_package
from DicomSuiteLib.printable import printable
from DicomSuiteSuperResLib.bundle import BundleDescription, read_bundle, weights_file
from DicomSuiteSuperResLib.errors import ModelError
from DicomSuiteSuperResLib.literal_arguments import checked_literals
from DicomSuiteSuperResLib.model_file import ModelFormat, file_sha256, model_format
from DicomSuiteSuperResLib.models import LoadedModel, ModelIdentity, ModelScope, Normalisation
from DicomSuiteSuperResLib.network_layouts import three_sizes
from DicomSuiteSuperResLib.own_checkpoint import is_own_checkpoint, read_checkpoint

if TYPE_CHECKING:
    from DicomSuiteSuperResLib.torch_whole_network import WholeNetwork

USE = ("normalisation", "adds_to_cubic", "window")
"""Arguments that say how a network is used, not how it is built."""


def load_model(
    path: Path,
    *,
    architecture: str | None = None,
    arguments: Mapping[str, Any] | None = None,
    allow_torchscript: bool = False,
) -> LoadedModel:
    """Load a model: one of ours, weights of a known network, a MONAI bundle, ONNX, or TorchScript.

    Parameters
    ----------
    path : a file, or the folder of a bundle
    architecture : name of the network that weights belong to (`network_layouts`); None: found by their names
    arguments : literal ones. Of the network, for what its weights do not tell: strides, act, norm, img_size, res_scale,
        …; and of its use: `normalisation` (a value of `Normalisation`), `window` (voxels k, j, i that it was trained
        on), `adds_to_cubic` (whether its output is to be added to the cubic interpolation)
    allow_torchscript : whether a TorchScript file may be opened, whose program then runs

    Raises
    ------
    ModelError
        If there is no model, it cannot be used for volumes of one value, or could be read only by running it.
    MissingPackageError
        If torch, or what its format needs, is missing.
    """
    path = Path(path)
    kind = model_format(path)
    _require_torch()
    said = checked_literals(arguments or {}, "The arguments of the network")
    if kind is ModelFormat.SAFETENSORS and is_own_checkpoint(path):
        _check_use(said, path)
        return _with_use(read_checkpoint(path), said)
    if kind is ModelFormat.BUNDLE:
        return _from_bundle(path, said)
    identity = ModelIdentity(_name(path), "", file_sha256(path))
    if kind in (ModelFormat.SAFETENSORS, ModelFormat.TORCH):
        return _from_weights(path, kind, identity, architecture, said)
    _check_use(said, path)
    return _with_use(_from_whole(path, kind, identity, allow_torchscript), said)


def _require_torch() -> None:
    try:
        import torch  # noqa: F401
    except ImportError as error:
        raise missing_package("torch", "Super-resolution", "superres") from error


def _check_use(said: Mapping[str, Any], path: Path) -> None:
    """ModelError for an argument of a network, where the file tells all of its network."""
    surplus = sorted(set(said) - set(USE))
    if surplus:
        raise ModelError(
            f"{path} needs no argument {printable(surplus[0])[:40]!r}: it tells itself how its network is built. What "
            f"can be said is {', '.join(USE)}."
        )


def _from_weights(
    path: Path, kind: ModelFormat, identity: ModelIdentity, architecture: str | None, said: Mapping[str, Any]
) -> LoadedModel:
    from DicomSuiteSuperResLib.torch_users_network import users_network
    from DicomSuiteSuperResLib.torch_weights import read_weights

    built_with = {name: value for name, value in said.items() if name not in USE}
    network, layout = users_network(read_weights(path, kind), str(path), architecture, built_with)
    model = LoadedModel(
        identity,
        layout.upsampling,
        (layout.factor,),
        lambda _factor: network,
        halo=layout.halo,
        window=layout.window,
        multiple=layout.multiple,
    )
    return _with_use(model, said)


def _from_whole(path: Path, kind: ModelFormat, identity: ModelIdentity, allow_torchscript: bool) -> LoadedModel:
    from DicomSuiteSuperResLib.torch_whole_network import read_onnx, read_torchscript

    if kind is ModelFormat.TORCHSCRIPT and not allow_torchscript:
        raise ModelError(
            f"{path} is TorchScript, a program that runs with all your rights; allow it only if you trust who made it, "
            "or ask for the weights alone."
        )
    whole: WholeNetwork = read_onnx(path) if kind is ModelFormat.ONNX else read_torchscript(path)
    return LoadedModel(
        identity,
        whole.upsampling,
        (whole.factor,),
        lambda _factor: whole.module,
        window=whole.window,
        multiple=whole.multiple,
    )


def _from_bundle(path: Path, said: Mapping[str, Any]) -> LoadedModel:
    """The weights of a bundle, in the network that it describes; what the user says goes before what it says."""
    description = read_bundle(path)
    words = description.arguments | _said_use(description) | said
    with weights_file(path, description.weights) as weights:
        kind = model_format(weights)
        if kind not in (ModelFormat.SAFETENSORS, ModelFormat.TORCH):
            raise ModelError(f"{weights} is {kind}; a bundle's weights are a checkpoint.")
        identity = ModelIdentity(description.name or _name(path), description.version, file_sha256(weights))
        model = _from_weights(weights, kind, identity, description.architecture, words)
    return replace(model, scope=ModelScope(data=description.data, licence=description.licence))


def _said_use(description: BundleDescription) -> dict[str, str]:
    return {"normalisation": description.normalisation} if description.normalisation else {}


def _with_use(model: LoadedModel, said: Mapping[str, Any]) -> LoadedModel:
    """The model, used as was said."""
    if "normalisation" in said:
        model = replace(model, normalisation=_normalisation(said["normalisation"]))
    if "adds_to_cubic" in said:
        model = replace(model, adds_to_cubic=_yes_or_no(said["adds_to_cubic"]))
    if "window" in said:
        model = replace(model, window=_window(said["window"]))
    if any(length % model.multiple for length in model.window or ()):
        raise ModelError(f"The window {model.window} must be a multiple of {model.multiple} voxels along each axis.")
    return model


def _normalisation(value: Any) -> Normalisation:
    try:
        return Normalisation(value)
    except ValueError as error:
        names = ", ".join(Normalisation)
        raise ModelError(f"{printable(str(value))[:40]!r} is no normalisation; there are {names}.") from error


def _yes_or_no(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ModelError(f"{printable(str(value))[:40]!r} is neither True nor False, as adds_to_cubic must be.")
    return value


def _window(value: Any) -> tuple[int, int, int]:
    try:
        return three_sizes(value)
    except ModelError as error:
        raise ModelError(f"Of the argument 'window', {error}.") from error


def _name(path: Path) -> str:
    """What the model is called in results: its file, without the folders it lies in."""
    return printable(path.stem)
