"""A render mode whose values are those of one volume."""

from __future__ import annotations

from dataclasses import replace

from DicomSuiteRenderLib.render_mode import RenderMode, ValueScale
from DicomSuiteRenderLib.window_level import WindowLevel

_LEAST_SPAN = 1e-6
"""A window without extent would put all points of a mode at one value."""


def in_native_values(mode: RenderMode, window: WindowLevel) -> RenderMode:
    """The same mode with scale NATIVE: what was relative to `window` is in the units of the volume."""
    if mode.scale is ValueScale.NATIVE:
        return mode
    span = max(window.high - window.low, _LEAST_SPAN)

    def native(value: float) -> float:
        return window.low + value * span

    look = mode.look and replace(
        mode.look,
        opacity=tuple((native(value), opacity) for value, opacity in mode.look.opacity),
        colours=tuple((native(value), *colour) for value, *colour in mode.look.colours),
        gradient_opacity=tuple((length * span, opacity) for length, opacity in mode.look.gradient_opacity),
    )
    levels = tuple(replace(level, value=native(level.value)) for level in mode.levels)
    return replace(mode, look=look, levels=levels, scale=ValueScale.NATIVE)
