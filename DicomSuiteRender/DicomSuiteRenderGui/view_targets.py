"""Which 3D view a mode is shown in: one of the layout's, or one in memory where the application has no layout."""

from __future__ import annotations

from typing import Any

import slicer

from DicomSuiteRenderGui.view_capture import ShownView
from DicomSuiteRenderLib.offscreen_views import View3D
from DicomSuiteRenderLib.turntable import CameraView


def shownViews() -> list[Any]:
    """The vtkMRMLViewNodes whose views are on the screen."""
    if slicer.app.layoutManager() is None:
        return []
    return [node for node in slicer.util.getNodesByClass("vtkMRMLViewNode") if node.IsMappedInLayout()]


class ViewTarget:
    """Finds the view when it is needed."""

    def __init__(self) -> None:
        self._memoryView: View3D | None = None

    @property
    def isInMemory(self) -> bool:
        """Whether the application has no layout, and so no views."""
        return slicer.app.layoutManager() is None

    def current(self, wanted: Any = None) -> Any:
        """`wanted` where it is on the screen, else the first view that is; None where there is none yet."""
        if self.isInMemory:
            return self._memoryView and self._memoryView.node
        views = shownViews()
        return wanted if wanted in views else next(iter(views), None)

    def opened(self, wanted: Any = None) -> Any:
        """As `current`; where there is no view, a layout with one is chosen."""
        if self.isInMemory:
            self._memoryView = self._memoryView or View3D()
        elif not shownViews():
            slicer.app.layoutManager().setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView)
        return self.current(wanted)

    def drawn(self, viewNode: Any, size: tuple[int, int]) -> CameraView:
        """A view that gives pictures of this size (width, height), pixels."""
        if self._memoryView is None:
            return ShownView(viewNode, size)
        self._memoryView.window.SetSize(*size)
        return self._memoryView

    def close(self) -> None:
        """Let go of the view in memory."""
        if self._memoryView is not None:
            self._memoryView.close()
            self._memoryView = None
