"""A user's own look-up tables, as JSON files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from DicomSuiteRenderLib.display_lut import DisplayLut
from DicomSuiteRenderLib.preset_folder import PresetFormat


@dataclass(frozen=True)
class LutPreset:
    """A look-up table with a name."""

    name: str
    lut: DisplayLut


def _fields(preset: LutPreset) -> Mapping[str, Any]:
    return {"name": preset.name, "points": [[point.value, point.shade] for point in preset.lut.points]}


def _preset(fields: Mapping[str, Any]) -> LutPreset:
    return LutPreset(str(fields["name"]), DisplayLut.from_pairs(fields["points"]))


LUT_FORMAT = PresetFormat("DicomSuite look-up table", ".lut.json", _fields, _preset)
"""Values and shades of the points, in the order of their values."""
