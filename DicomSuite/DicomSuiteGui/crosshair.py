"""The crosshair, and the place it marks in every slice view."""

from __future__ import annotations

from typing import Any

import slicer


def crosshairNode() -> Any:
    """The scene's crosshair node; None in a scene without one."""
    return slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLCrosshairNode")


def jumpTo(ras: tuple[float, float, float]) -> None:
    """Put the crosshair at a point (RAS mm), and let every slice view show it."""
    crosshair = crosshairNode()
    if crosshair is not None:
        crosshair.SetCrosshairRAS(*ras)
    slicer.vtkMRMLSliceNode.JumpAllSlices(slicer.mrmlScene, *ras)
