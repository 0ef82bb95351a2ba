"""Pictures of a 3D view on the screen, at any size: what it shows, not how large its window happens to be."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import slicer

from DicomSuiteRenderLib.window_picture import Picture, window_picture


class ShownView:
    """A view of the layout that can be turned and drawn into pictures of `size` (width, height) pixels."""

    def __init__(self, viewNode: Any, size: tuple[int, int]) -> None:
        self._view = slicer.app.layoutManager().viewWidget(viewNode).threeDView()
        self._size = size

    @property
    def camera_node(self) -> Any:
        """The vtkMRMLCameraNode of the view."""
        return self._view.cameraNode()

    def picture(self, transparent: bool = False) -> Picture:
        """What the view shows now; the window itself looks as before."""
        with self._resized() as window:
            return window_picture(window, window.Render, transparent)

    @contextmanager
    def _resized(self) -> Iterator[Any]:
        window = self._view.renderWindow()
        before = window.GetSize()
        window.SetSize(*self._size)
        try:
            yield window
        finally:
            window.SetSize(*before)
            self._view.scheduleRender()


@contextmanager
def withoutTools() -> Iterator[None]:
    """A block in which no view shows the crosshair or boxes to drag: they are no part of a picture."""
    crosshairs = slicer.util.getNodesByClass("vtkMRMLCrosshairNode")
    modes = [node.GetCrosshairMode() for node in crosshairs]
    boxes = [node for node in slicer.util.getNodesByClass("vtkMRMLMarkupsROINode") if node.GetDisplayVisibility()]
    for node in crosshairs:
        node.SetCrosshairMode(node.NoCrosshair)
    for node in boxes:
        node.SetDisplayVisibility(False)
    try:
        yield
    finally:
        for node, mode in zip(crosshairs, modes, strict=True):
            node.SetCrosshairMode(mode)
        for node in boxes:
            node.SetDisplayVisibility(True)
