"""Our own model files: weights as safetensors, and in their header all that is needed to use them."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from DicomSuiteLib.missing_package import missing_package
from DicomSuiteLib.output_file import output_file
from DicomSuiteLib.printable import printable
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
        If it is none, or damaged, or of another version, or holds weights that are no finite numbers.
    MissingPackageError
        If torch or safetensors is missing.
    """
    try:
        from DicomSuiteSuperResLib.torch_network import NetworkShape, loaded_model, with_weights
    except ImportError as error:
        raise missing_package("torch", "Super-resolution", "superres") from error
    header = _header(path)
    if HEADER_KEY not in header:
        raise ModelError(
            f"{path} is no model that DicomSuite trained; name one that is, or the network of its weights."
        )
    try:
        facts = json.loads(header[HEADER_KEY])
        if facts["format"] != FORMAT:
            raise ModelError(f"{path} was made by another version of DicomSuite; update DicomSuite, or train it again.")
        network = with_weights(NetworkShape.from_json(facts["shape"]), _safetensors().torch.load_file(path))
        if not all(bool(weight.isfinite().all()) for weight in network.state_dict().values()):
            raise ModelError(f"{path} holds weights that are no finite numbers: its training failed; train it again.")
        identity = ModelIdentity(_text(facts["name"]), _text(facts["version"]), file_sha256(path))
        return loaded_model(network, identity, _scope(facts["scope"]))
    except (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError) as error:
        raise ModelError(
            f"{path} is damaged: what it says of itself is wrong, or does not fit its weights; copy it again from its "
            "source."
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
    """The scope from JSON; KeyError, TypeError or ValueError where it is none."""
    return ModelScope(**{key: _SCOPE_READERS[key](value) for key, value in values.items()})


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return printable(value)


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(map(_text, value))


def _range(value: Any) -> tuple[float, float] | None:
    """The smallest and the largest length in mm."""
    if value is None:
        return None
    low, high = map(float, value)
    if not 0 < low <= high < math.inf:
        raise ValueError
    return low, high


_SCOPE_READERS = {
    "modalities": _texts,
    "thick_spacing": _range,
    "fine_spacing": _range,
    "degradation": _text,
    "data": _text,
    "licence": _text,
}
"""How each field of a `ModelScope` is read from JSON."""
