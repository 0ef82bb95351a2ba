"""A user's own windows, as JSON files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from DicomSuiteLib.file_names import file_name
from DicomSuiteRenderLib.errors import RenderError
from DicomSuiteRenderLib.preset_folder import PresetFormat
from DicomSuiteRenderLib.window_level import VoiFunction, WindowLevel
from DicomSuiteRenderLib.window_presets import WindowPreset, window_presets


def own_window(name: str, window: WindowLevel, modality: str = "") -> WindowPreset:
    """A preset with a key made of its name.

    Raises
    ------
    RenderError
        If a built-in window has that name.
    """
    key = file_name(name).casefold().replace("_", "-")
    if key in {preset.key for preset in window_presets()}:
        raise RenderError(f"{name} is the name of a built-in window; choose another one.")
    return WindowPreset(key, name, window, modality)


def _fields(preset: WindowPreset) -> Mapping[str, Any]:
    window = preset.window
    return {
        "name": preset.name,
        "modality": preset.modality,
        "level": window.level,
        "width": window.width,
        "function": window.function.value,
    }


def _preset(fields: Mapping[str, Any]) -> WindowPreset:
    window = WindowLevel(float(fields["level"]), float(fields["width"]), VoiFunction(fields["function"]))
    return own_window(str(fields["name"]), window, str(fields["modality"]))


WINDOW_FORMAT = PresetFormat("DicomSuite window", ".window.json", _fields, _preset)
