"""What `mode_dump` must say after one click, written down from the mode's own values alone."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

import pytest

from DicomSuiteRenderLib.ray_caster import RayCaster
from DicomSuiteRenderLib.render_mode import RenderMode, Technique, ValueScale, VolumeLook
from mode_phantoms import EDGE

SOFT_TISSUE = (-160.0, 240.0)
"""Ends of the window of the phantom's display: level 40, width 400."""

_SLICER = {
    Technique.COMPOSITE: "Composite",
    Technique.MAXIMUM: "MaximumIntensityProjection",
    Technique.MINIMUM: "MinimumIntensityProjection",
    Technique.AVERAGE: "MaximumIntensityProjection",
}
_MAPPERS = {RayCaster.CPU: "vtkFixedPointVolumeRayCastMapper", RayCaster.GPU: "vtkOpenGLGPUVolumeRayCastMapper"}

def specified(mode: RenderMode, ray_caster: RayCaster) -> dict[str, Any]:
    """The dump of a mode that shows the phantom, without "camera"; floats are compared within 1e-6."""
    caster = RayCaster.GPU if mode.look and mode.look.technique is Technique.AVERAGE else ray_caster
    look = mode.look and _look(mode)
    return {
        "view": {
            "technique": _SLICER[mode.look.technique] if mode.look else "Composite",
            "background": mode.background,
            "shows_box": False,
            "shows_axis_labels": False,
            "casts_shadows": False,
            "peels_depth": True,
        },
        "volume": look
        and {
            "ray caster": str(caster),
            "size": (EDGE, EDGE, EDGE),
            "look": look,
            "unit distance": 1.0,
            "interpolation": "Linear",
            "cropped by": None,
        },
        "surfaces": [_surface(level.name, level.colour, level.opacity) for level in mode.levels],
        "others": 0,
        "drawn": {
            "background": mode.background,
            "volumes": [_drawn(look, caster)] if look else [],
            "surfaces": [{"colour": level.colour, "opacity": level.opacity} for level in mode.levels],
        },
    }


def close_to(values: Any) -> Any:
    """The same, every number within 1e-6."""
    if isinstance(values, dict):
        return {key: close_to(value) for key, value in values.items()}
    if isinstance(values, list | tuple):
        return type(values)(close_to(value) for value in values)
    return pytest.approx(values, abs=1e-6) if isinstance(values, float) else values


def _look(mode: RenderMode) -> dict[str, Any]:
    look: VolumeLook = mode.look
    if mode.scale is ValueScale.WINDOW:
        low, high = SOFT_TISSUE
        look = replace(
            look,
            opacity=tuple((low + value * (high - low), opacity) for value, opacity in look.opacity),
            colours=tuple((low + value * (high - low), *colour) for value, *colour in look.colours),
        )
    return asdict(look)


def _surface(name: str, colour: tuple[float, ...], opacity: float) -> dict[str, Any]:
    return {"name": name, "colour": colour, "opacity": opacity, "has normals": True, "cropped by": None}


def _drawn(look: dict[str, Any], caster: RayCaster) -> dict[str, Any]:
    return {"mapper": _MAPPERS[caster], "size": (EDGE, EDGE, EDGE), "look": look, "clipping planes": 0}
