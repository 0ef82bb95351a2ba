"""What windows are called in the panel."""

from __future__ import annotations

from slicer.i18n import tr as _

from DicomSuiteRenderGui.value_scale import ValueScale
from DicomSuiteRenderLib.voi_lut import VoiLut
from DicomSuiteRenderLib.window_level import WindowLevel
from DicomSuiteRenderLib.window_presets import WindowPreset


def windowLabel(preset: WindowPreset) -> str:
    """A built-in window in the user's language."""
    return _builtInWords()[preset.key]


def storedLabel(preset: WindowPreset | VoiLut, scale: ValueScale) -> str:
    """A window of the images by its numbers: what it is called there may name the patient."""
    if isinstance(preset, VoiLut):
        return _("Stored look-up table")
    return _("Stored: {window}").format(window=windowNumbers(preset.window, scale))


def windowToolTip(preset: WindowPreset | VoiLut, scale: ValueScale) -> str:
    """What a window is called, by the images where it comes from them, and its numbers."""
    if isinstance(preset, VoiLut):
        return preset.name
    name = _builtInWords().get(preset.key, preset.name)
    return f"{name}\n{windowNumbers(preset.window, scale)}"


def windowNumbers(window: WindowLevel, scale: ValueScale) -> str:
    """Level and width, as users tell each other."""
    return _("Level {level}, width {width}").format(level=scale.text(window.level), width=scale.text(window.width))


def windowEnds(window: WindowLevel, scale: ValueScale) -> str:
    """What is black, and what is white."""
    low, high = window.level - window.width / 2, window.level + window.width / 2
    return _("Black up to {low}, white from {high}").format(low=scale.text(low), high=scale.text(high))


def _builtInWords() -> dict[str, str]:
    return {
        "lung": _("Lung"),
        "mediastinum": _("Mediastinum"),
        "soft-tissue": _("Soft tissue"),
        "abdomen": _("Abdomen"),
        "liver": _("Liver"),
        "bone": _("Bone"),
        "spine": _("Spine, soft tissue"),
        "brain": _("Brain"),
        "subdural": _("Subdural"),
        "stroke": _("Stroke"),
        "temporal-bone": _("Temporal bone"),
        "angiography": _("Angiography"),
    }
