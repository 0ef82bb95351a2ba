"""Read the weights out of a user's file: tensors and nothing else, so that nothing in it can run."""

from __future__ import annotations

import pickle
import re
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from DicomSuiteLib.missing_package import missing_package
from DicomSuiteLib.printable import printable
from DicomSuiteSuperResLib.errors import ModelError
from DicomSuiteSuperResLib.model_file import ModelFormat

SAFE_SINCE = (2, 6)
"""Before this version of PyTorch, even weights_only=True let a file run code (CVE-2025-32434)."""

DEEPEST = 4
"""Dictionaries in dictionaries in which weights are looked for."""

_REFUSED = re.compile(r"GLOBAL ([\w.]+)|`?([\w.]+)`? was not an allowed global")


def read_weights(path: Path, kind: ModelFormat) -> dict[str, Tensor]:
    """Read every tensor of a safetensors file or PyTorch checkpoint; names of nested dictionaries are joined by ".".

    Raises
    ------
    ModelError
        If the file is damaged or holds anything that would have to be run to be read, or PyTorch is too old to
        refuse that.
    """
    loaded = _read_safetensors(path) if kind is ModelFormat.SAFETENSORS else _read_checkpoint(path)
    weights = dict(_tensors(loaded))
    if not weights:
        raise ModelError(
            f"{path} holds no weights, but a {type(loaded).__name__}; save the model's state_dict() instead."
        )
    return weights


def _read_safetensors(path: Path) -> dict[str, Tensor]:
    try:
        from safetensors import SafetensorError
        from safetensors.torch import load_file
    except ImportError as error:
        raise missing_package("safetensors", "Models as safetensors", "superres") from error
    try:
        return load_file(path)
    except (SafetensorError, OSError, ValueError) as error:
        raise _damaged(path) from error


def _read_checkpoint(path: Path) -> Any:
    if tuple(int(part) for part in re.findall(r"\d+", torch.__version__)[:2]) < SAFE_SINCE:
        raise ModelError(
            f"{path} was not opened: before version {'.'.join(map(str, SAFE_SINCE))}, PyTorch may run what a "
            f"checkpoint holds, and this is {torch.__version__}. Update PyTorch, or save the weights as safetensors."
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of storages whose class is deprecated
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        refused = _REFUSED.search(str(error))
        if refused is None:
            raise _damaged(path) from error
        raise _not_only_weights(path, refused[1] or refused[2]) from error
    except Exception as error:  # a damaged pickle can raise anything
        raise _damaged(path) from error


def _not_only_weights(path: Path, name: str) -> ModelError:
    return ModelError(
        f"{path} holds more than weights ({printable(name)[:80]}), which would have to be run to be read, and nothing "
        "in a model's file is ever run. Whoever made it can save the weights alone: "
        "torch.save(network.state_dict(), …), or safetensors."
    )


def _damaged(path: Path) -> ModelError:
    return ModelError(f"{path} is damaged, cut short or no model; copy it again from its source.")


def _tensors(value: Any, name: str = "", depth: int = 0) -> Iterator[tuple[str, Tensor]]:
    if isinstance(value, Tensor):
        yield name, value
    elif isinstance(value, Mapping) and depth < DEEPEST:
        for key, inner in value.items():
            yield from _tensors(inner, f"{name}.{key}" if name else str(key), depth + 1)
