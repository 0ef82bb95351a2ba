"""How the module's own segmentations look: opacity in the slices, surfaces in three dimensions."""

from __future__ import annotations

from typing import Any

from DicomSuiteRTOverlayGui.own_nodes import Role, ownNodes

SHOWN = (Role.SEGMENTATION, Role.DIFFERENCES)
_PERCENT = 100


def applyLook(fillOpacity: int, outlineOpacity: int, isShownIn3D: bool) -> None:
    """Set it on every own segmentation; opacities in percent."""
    for display in displays():
        display.SetOpacity2DFill(fillOpacity / _PERCENT)
        display.SetOpacity2DOutline(outlineOpacity / _PERCENT)
        display.SetVisibility3D(isShownIn3D)


def displays() -> list[Any]:
    """Display nodes of the own segmentations."""
    found = [node.GetDisplayNode() for node in ownNodes(SHOWN)]
    return [display for display in found if display is not None]
