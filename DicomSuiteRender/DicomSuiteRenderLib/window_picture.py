"""What a render window shows, as an array, with its background or without."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
"""(height, width, 3) red, green, blue; or (height, width, 4) with opacity, by which the colours are not multiplied."""



def window_picture(window: Any, draw: Callable[[], None], transparent: bool = False) -> Picture:
    """Draw a vtkRenderWindow with one renderer and read it, (height, width, 3), of its own size.

    `transparent` leaves the background away and gives a fourth channel, the opacity: `draw` is then called twice.
    """
    if not transparent:
        return _drawn(window, draw)
    renderer = window.GetRenderers().GetFirstRenderer()
    first, second, gradient = renderer.GetBackground(), renderer.GetBackground2(), renderer.GetGradientBackground()
    renderer.SetGradientBackground(False)
    pictures = []
    for shade in (0.0, 1.0):
        renderer.SetBackground(shade, shade, shade)
        pictures.append(_drawn(window, draw))
    renderer.SetBackground(first)
    renderer.SetBackground2(second)
    renderer.SetGradientBackground(gradient)
    return _without_background(*pictures)


def _drawn(window: Any, draw: Callable[[], None]) -> Picture:
    import vtk
    from vtk.util.numpy_support import vtk_to_numpy

    draw()
    width, height = window.GetSize()
    pixels = vtk.vtkUnsignedCharArray()
    window.GetPixelData(0, 0, width - 1, height - 1, False, pixels, 0)
    return np.ascontiguousarray(vtk_to_numpy(pixels).reshape(height, width, 3)[::-1])


def _without_background(on_black: Picture, on_white: Picture) -> Picture:
    """Whatever looks the same on both is opaque, whichever way it was blended."""
    black, white = on_black.astype(np.float32), on_white.astype(np.float32)
    opacity = np.clip(255 - (white - black).mean(axis=-1, keepdims=True), 0, 255)
    colours = np.divide(black * 255, opacity, out=np.zeros_like(black), where=opacity > 0)
    return np.concatenate([np.clip(colours, 0, 255), opacity], axis=-1).round().astype(np.uint8)
