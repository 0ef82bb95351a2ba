"""Our own model files: weights as safetensors, and in their header all that is needed to use them."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from DicomSuiteLib.missing_package import missing_package
from DicomSuiteLib.output_file import output_file
from DicomSuiteSuperResLib.errors import ModelError
from DicomSuiteSuperResLib.model_file import file_sha256
from DicomSuiteSuperResLib.models import LoadedModel, ModelIdentity, ModelScope

if TYPE_CHECKING:
    from DicomSuiteSuperResLib.torch_network import ResidualUpsampler

HEADER_KEY = "dicomsuite-superres"
"""Of the one entry, JSON, in the file's header: safetensors writes several in no certain order."""
FORMAT = 1
"""A change that older versions cannot read gets another number."""


def write_checkpoint(path: Path, network: ResidualUpsampler, name: str, version: str, scope: ModelScope) -> None:
    """Write a network as a model file, its weights in half precision, which changes results by less than .01 dB.

    The same network gives the same bytes.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    as_bytes = _safetensors().torch.save
    weights = {key: value.detach().cpu().contiguous().half() for key, value in network.state_dict().items()}
    facts = {
        "format": FORMAT,
        "name": name,
        "version": version,
        "shape": network.shape.as_json(),
        "scope": asdict(scope),
    }
    with output_file(path) as partial:
        partial.write_bytes(as_bytes(weights, metadata={HEADER_KEY: json.dumps(facts)}))


def is_own_checkpoint(path: Path) -> bool:
    """Whether a safetensors file says that it is a model file of ours, of whatever version."""
    return HEADER_KEY in _header(path)


def read_checkpoint(path: Path) -> LoadedModel:
    """Read a model file that `write_checkpoint` wrote.

    Raises
    ------
    ModelError
        If it is none, or damaged, or of another version.
    MissingPackageError
        If torch or safetensors is missing.
    """
    try:
        from DicomSuiteSuperResLib.torch_network import NetworkShape, ResidualUpsampler, loaded_model
    except ImportError as error:
        raise missing_package("torch", "Super-resolution", "superres") from error
    header = _header(path)
    if HEADER_KEY not in header:
        raise ModelError(
            f"{path} is no model that DicomSuite trained; name one that is, or the network of its weights."
        )
    weights = _safetensors().torch.load_file(path)
    try:
        facts = json.loads(header[HEADER_KEY])
        if facts["format"] != FORMAT:
            raise ModelError(f"{path} was made by another version of DicomSuite; update DicomSuite, or train it again.")
        network = ResidualUpsampler(NetworkShape.from_json(facts["shape"]))
        network.load_state_dict({key: value.float() for key, value in weights.items()})
        identity = ModelIdentity(facts["name"], facts["version"], file_sha256(path))
        return loaded_model(network, identity, _scope(facts["scope"]))
    except (ValueError, TypeError, KeyError, AttributeError, RuntimeError) as error:
        raise ModelError(
            f"{path} is damaged: its weights do not fit the network that it describes; copy it again from its source."
        ) from error


def _header(path: Path) -> dict[str, str]:
    safetensors = _safetensors()
    try:
        with safetensors.safe_open(path, framework="np") as file:
            return file.metadata() or {}
    except (safetensors.SafetensorError, OSError, ValueError) as error:
        raise ModelError(f"{path} is no safetensors file, or cut short; copy it again from its source.") from error


def _safetensors():
    try:
        import safetensors.torch
    except ImportError as error:
        raise missing_package("safetensors", "Model files", "superres") from error
    return safetensors


def _scope(values: dict) -> ModelScope:
    """The scope from JSON, whose lists are tuples again."""
    return ModelScope(**{key: tuple(own) if isinstance(own, list) else own for key, own in values.items()})
