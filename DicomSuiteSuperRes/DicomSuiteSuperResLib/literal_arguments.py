"""What is said of a network in a user's words or a bundle's: literals, which nothing has to be run to know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from DicomSuiteLib.printable import printable
from DicomSuiteSuperResLib.errors import ModelError

EXPRESSIONS = ("$", "@", "%")
"""How MONAI's expressions, references and macros begin."""

DEEPEST = 4
"""Lists in lists that an argument may be."""


def checked_literals(arguments: Mapping[str, Any], source: str) -> dict[str, Any]:
    """Return the arguments if they are numbers, text, and lists or mappings of them.

    Raises
    ------
    ModelError
        If one is an expression of MONAI, which only running it would resolve, or no literal; `source` is where they
        stand.
    """
    for name, value in arguments.items():
        _check(value, f"{source}: {printable(str(name))[:80]}", DEEPEST)
    return dict(arguments)


def _check(value: Any, place: str, depth: int) -> None:
    if isinstance(value, str) and value.startswith(EXPRESSIONS):
        raise ModelError(
            f"{place} is {printable(value)[:80]!r}, an expression that would have to be run to know its value, and "
            "nothing of a model is ever run for that; write the value itself there."
        )
    inner = list(value.values()) if isinstance(value, Mapping) else value
    if isinstance(inner, list | tuple) and depth:
        for part in inner:
            _check(part, place, depth - 1)
    elif not isinstance(inner, str | int | float | None):
        raise ModelError(f"{place} is a {type(value).__name__}; only numbers, text, and lists of them are understood.")
