"""The models that come with DicomSuite."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

from DicomSuiteSuperResLib.errors import ModelError
from DicomSuiteSuperResLib.models import LoadedModel, Upsampling

FOLDER = Path(__file__).parent / "Models"
"""Holds, for every model, NAME.safetensors and its card NAME.json."""


@dataclass(frozen=True, eq=False)
class BundledModel:
    """A model that comes with DicomSuite, not loaded.

    Parameters
    ----------
    name : by which it is chosen
    file : its weights
    upsampling, factors : how its output's grid follows from its input's
    card : what its card says: summary, data and licences, degradation, figures, how it was trained
    trained_here : as of every bundled model
    """

    name: str
    file: Path
    upsampling: Upsampling
    factors: tuple[int, ...]
    card: Mapping[str, Any]
    trained_here: ClassVar[bool] = True


@cache
def bundled_models() -> tuple[BundledModel, ...]:
    """All bundled models; the first one, for thick slices, is the usual one. Torch is not needed to list them."""
    found = [_described(card) for card in sorted(FOLDER.glob("*.json"))]
    return tuple(sorted(found, key=lambda model: (model.upsampling is not Upsampling.THROUGH_PLANE, model.name)))


def load_bundled(name: str) -> LoadedModel:
    """Bring a bundled model into memory.

    Raises
    ------
    ModelError
        If there is none of that name, or its file is damaged.
    MissingPackageError
        If torch or safetensors is missing.
    """
    from DicomSuiteSuperResLib.own_checkpoint import read_checkpoint

    for model in bundled_models():
        if model.name == name:
            return read_checkpoint(model.file)
    names = ", ".join(model.name for model in bundled_models())
    raise ModelError(f"No bundled model is called {name}; there are: {names}.")


def _described(card_file: Path) -> BundledModel:
    card = json.loads(card_file.read_text(encoding="utf-8"))
    return BundledModel(
        card["name"],
        card_file.with_suffix(".safetensors"),
        Upsampling(card["upsampling"]),
        tuple(card["factors"]),
        card,
    )
