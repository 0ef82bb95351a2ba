"""A user's own render modes, as JSON files."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

from DicomSuiteLib.file_names import file_name
from DicomSuiteRenderLib.built_in_modes import built_in_modes
from DicomSuiteRenderLib.errors import RenderError
from DicomSuiteRenderLib.preset_folder import PresetFormat
from DicomSuiteRenderLib.render_mode import (
    IsoLevel,
    RenderMode,
    Shading,
    Technique,
    ValueScale,
    ViewDirection,
    VolumeLook,
)

MOST_SPECULAR_POWER = 128.0
"""OpenGL's and VTK's largest."""

_PREFIX = "own-"


def own_mode(name: str, mode: RenderMode) -> RenderMode:
    """The same mode under a name of the user's, with a key made of it that no built-in mode has.

    Raises
    ------
    RenderError
        If the name is that of a built-in mode, or has no letter or digit.
    """
    if name.casefold() in {built_in.name.casefold() for built_in in built_in_modes()}:
        raise RenderError(f"{name} is the name of a built-in mode; choose another one.")
    stem = file_name(name).casefold().replace("_", "-")
    if not stem:
        raise RenderError("A mode needs a name with a letter or a digit in it.")
    return replace(mode, key=_PREFIX + stem, name=name)


def read_mode(path: Path) -> RenderMode:
    """Read one mode.

    Raises
    ------
    RenderError
        If there is no such file, or what it says is no render mode.
    """
    return MODE_FORMAT.read(path)


def mode_to_fields(mode: RenderMode) -> Mapping[str, Any]:
    """Everything but the key, which follows from the name, as JSON holds it."""
    return {key: value for key, value in asdict(mode).items() if key != "key"}


def mode_from_fields(values: Mapping[str, Any], key: str) -> RenderMode:
    """Turn that back into a mode with this key, and check it.

    Raises
    ------
    KeyError, TypeError, ValueError, RenderError
        If something is missing, unknown or out of range.
    """
    known = {field.name for field in fields(RenderMode)} - {"key"} | {"kind", "version"}
    _refuse_unknown(values, known, "a render mode")
    name = str(values["name"])
    look, levels = values.get("look"), tuple(_level(level) for level in values.get("levels", ()))
    if look is None and not levels:
        raise RenderError(f"The mode {name} shows nothing: it has neither a look nor levels")
    background = tuple(_colour(colour) for colour in values["background"])
    if len(background) != 2:
        raise RenderError("A background has two colours, at the bottom and at the top")
    return RenderMode(
        key,
        name=name,
        look=look and _look(look),
        levels=levels,
        scale=ValueScale(values["scale"]),
        background=background,
        direction=ViewDirection(values["direction"]),
        removes_table=_truth(values["removes_table"]),
    )


def _own_mode_from_fields(values: Mapping[str, Any]) -> RenderMode:
    mode = mode_from_fields(values, key="")
    return own_mode(mode.name, mode)


MODE_FORMAT = PresetFormat("DicomSuite render mode", ".mode.json", mode_to_fields, _own_mode_from_fields)
"""Fields as in `RenderMode`; points in the order of their values."""


def _look(values: Mapping[str, Any]) -> VolumeLook:
    _refuse_unknown(values, {field.name for field in fields(VolumeLook)}, "a look")
    shading = values.get("shading")
    return VolumeLook(
        Technique(values["technique"]),
        opacity=_points(values["opacity"], 1, "opacity"),
        colours=_points(values["colours"], 3, "colours"),
        gradient_opacity=_points(values["gradient_opacity"], 1, "gradient opacity", least=0),
        shading=shading and _shading(shading),
    )


def _shading(values: Mapping[str, Any]) -> Shading:
    parts = {key: _within(values[key], 0, 1, key) for key in ("ambient", "diffuse", "specular")}
    return Shading(**parts, specular_power=_within(values["specular_power"], 1, MOST_SPECULAR_POWER, "specular power"))


def _level(values: Mapping[str, Any]) -> IsoLevel:
    _refuse_unknown(values, {field.name for field in fields(IsoLevel)}, "a level")
    opacity = _within(values["opacity"], 0, 1, "opacity")
    return IsoLevel(str(values["name"]), _number(values["value"]), _colour(values["colour"]), opacity)


def _points(rows: Iterable[Sequence[Any]], channels: int, what: str, least: int = 1) -> tuple[tuple[float, ...], ...]:
    """A value and `channels` numbers from 0 to 1 each, by ascending values."""
    points = []
    for value, *others in rows:
        if len(others) != channels:
            raise RenderError(f"A point of {what} has a value and {channels} more, not {len(others)}")
        points.append((_number(value), *(_within(other, 0, 1, what) for other in others)))
    if len(points) < least:
        raise RenderError(f"There are no points of {what}")
    if any(after[0] <= before[0] for before, after in zip(points, points[1:], strict=False)):
        raise RenderError(f"The values of the points of {what} must ascend, no two alike")
    return tuple(points)


def _colour(values: Sequence[Any]) -> tuple[float, float, float]:
    red, green, blue = (_within(value, 0, 1, "colour") for value in values)
    return red, green, blue


def _within(value: Any, low: float, high: float, what: str) -> float:
    number = _number(value)
    if not low <= number <= high:
        raise RenderError(f"The {what} is {number:g}; it must be from {low:g} to {high:g}")
    return number


def _number(value: Any) -> float:
    """A finite number; JSON's strings and truth values are none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise RenderError(f"{value!r} is no number")
    return float(value)


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise RenderError(f"{value!r} is neither true nor false")
    return value


def _refuse_unknown(values: Mapping[str, Any], known: set[str], what: str) -> None:
    """A name that is misspelt would be left out silently."""
    unknown = set(values) - known
    if unknown:
        raise RenderError(f"{', '.join(sorted(map(str, unknown)))} is nothing that {what} has")
