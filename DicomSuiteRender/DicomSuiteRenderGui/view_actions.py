"""What the application's views do at one press: fit the slices, link them, centre the 3D views."""

from __future__ import annotations

import slicer


def fitSlices() -> None:
    """Show the whole background volume in every slice view."""
    slicer.app.layoutManager().resetSliceViews()


def centre3D() -> None:
    """Show everything in every 3D view, seen from where it is seen now."""
    manager = slicer.app.layoutManager()
    for number in range(manager.threeDViewCount):
        manager.threeDWidget(number).threeDView().resetFocalPoint()


def areSlicesLinked() -> bool:
    """Whether zoom, pan and scroll in one slice view are followed by all that show the same plane."""
    composites = slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode")
    return bool(composites) and all(node.GetLinkedControl() for node in composites)


def linkSlices(isLinked: bool) -> None:
    """Let the slice views follow each other while the mouse still moves, or not at all."""
    for node in slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode"):
        node.SetLinkedControl(isLinked)
        node.SetHotLinkedControl(isLinked)
