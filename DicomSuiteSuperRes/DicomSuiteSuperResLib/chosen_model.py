"""The model of a run: one that comes with DicomSuite, or a user's file."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from DicomSuiteLib.errors import UsageError
from DicomSuiteSuperResLib.bundled_models import BundledModel, bundled_models, load_bundled
from DicomSuiteSuperResLib.models import LoadedModel


@dataclass(frozen=True)
class ModelChoice:
    """What the user says about the model.

    Parameters
    ----------
    name : of a bundled model, or the path of a file or bundle; None: the bundled one for thick slices
    architecture, arguments : of the network whose weights a file holds, where they do not tell it themselves
    allow_torchscript : whether a TorchScript file, which is a program, may run
    """

    name: str | None = None
    architecture: str | None = None
    arguments: Mapping[str, Any] | None = None
    allow_torchscript: bool = False

    @property
    def bundled(self) -> BundledModel | None:
        """The bundled model that is meant; None where it is a file."""
        if self.name is None:
            return bundled_models()[0]
        return next((model for model in bundled_models() if model.name == self.name), None)

    def check(self) -> None:
        """Raise UsageError where the name is neither a bundled model's nor of anything on the disk."""
        if self.bundled is None and not Path(self.name).exists():
            names = ", ".join(model.name for model in bundled_models())
            raise UsageError(f"{self.name} is neither a model's file nor a bundled model ({names}); name one of them.")

    def load(self) -> LoadedModel:
        """Bring the model into memory; ModelError where that cannot be done safely."""
        bundled = self.bundled
        if bundled is not None:
            return load_bundled(bundled.name)
        from DicomSuiteSuperResLib.load_model import load_model

        return load_model(
            Path(self.name),
            architecture=self.architecture,
            arguments=self.arguments,
            allow_torchscript=self.allow_torchscript,
        )


def list_models() -> str:
    """The bundled models: name, what it does, its factors; on a second line what was measured."""
    return "".join(
        f"{model.name:<16} {model.upsampling}, factors {', '.join(map(str, model.factors))}\n"
        f"{'':<16} {model.card['figures']}\n"
        for model in bundled_models()
    )


def parse_arguments(words: list[str]) -> dict[str, Any]:
    """Read NAME=VALUE words; values are Python literals, and nothing of them is run."""
    return dict(map(_parse_argument, words))


def _parse_argument(word: str) -> tuple[str, Any]:
    name, equals, value = word.partition("=")
    try:
        if not (equals and name.isidentifier()):
            raise ValueError
        return name, ast.literal_eval(value)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        raise UsageError(
            f"{word} is no argument of a network; write NAME=VALUE, such as feature_size=48 or channels=(16,32)."
        ) from None
