"""Render windows in memory, on a screen's OpenGL or without one through EGL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from DicomSuiteRenderLib.errors import RenderError

LONGEST_SIDE = 8192
"""Pixels: what every graphics card of the last ten years draws at once."""


def offscreen_window(size: tuple[int, int]) -> Any:
    """Make a vtkRenderWindow of `size` (width, height) pixels that is never seen, ready to draw.

    Raises
    ------
    RenderError
        If the size is not between 1 and `LONGEST_SIDE` pixels, or there is no OpenGL: VTK itself would end the process.
    """
    import vtk

    if not all(1 <= length <= LONGEST_SIDE for length in size):
        raise RenderError(
            f"A picture of {size[0]} x {size[1]} pixels cannot be drawn; choose sides of 1 to {LONGEST_SIDE} pixels."
        )
    with _without_warnings():
        window = vtk.vtkRenderWindow()
        window.SetShowWindow(False)
        window.SetOffScreenRendering(True)
        window.SetMultiSamples(0)  # depth peeling excludes them
        window.SetSize(*size)
        window.Initialize()
    if not window.GetInitialized():
        raise RenderError(
            "There is no OpenGL here to draw with; install Mesa's software renderer with EGL (on Debian and Ubuntu: "
            "libegl1 and libgl1-mesa-dri), or start it where there is a screen."
        )
    return window


@contextmanager
def _without_warnings() -> Iterator[None]:
    """VTK tries X11, EGL and software in turn, and warns of each that is not there."""
    import vtk

    warns = vtk.vtkObject.GetGlobalWarningDisplay()
    vtk.vtkObject.SetGlobalWarningDisplay(False)
    try:
        yield
    finally:
        vtk.vtkObject.SetGlobalWarningDisplay(warns)
