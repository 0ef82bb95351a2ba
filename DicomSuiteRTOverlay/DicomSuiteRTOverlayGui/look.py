"""How the module's own segmentations look: opacity in the slices, surfaces in three dimensions."""

from __future__ import annotations

from DicomSuiteRTOverlayGui.own_nodes import Role, ownNodes, roleOf

_PERCENT = 100


def applyLook(fillOpacity: int, outlineOpacity: int, isShownIn3D: bool) -> None:
    """Set it on every own segmentation; opacities in percent. Differences have no surfaces."""
    for node in ownNodes([Role.SEGMENTATION, Role.DIFFERENCES]):
        display = node.GetDisplayNode()
        display.SetOpacity2DFill(fillOpacity / _PERCENT)
        display.SetOpacity2DOutline(outlineOpacity / _PERCENT)
        display.SetVisibility3D(isShownIn3D and roleOf(node) is Role.SEGMENTATION)
