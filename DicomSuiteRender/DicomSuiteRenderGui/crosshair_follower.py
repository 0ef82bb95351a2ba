"""Follows where the mouse is in the views, and else the crosshair."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import qt
import vtk

from DicomSuiteGui.crosshair import crosshairNode
from DicomSuiteLib.geometry import Vector3

_WAIT_MS = 15
"""Between two calls: a mouse moves more often than a screen is drawn."""


@dataclass(frozen=True)
class Pointed:
    """A point that is looked at, RAS mm; `isMouse` where the mouse is there, else the crosshair is."""

    ras: Vector3
    isMouse: bool


class CrosshairFollower:
    """Calls `moved` with where the user points, from `follow` to `stop`, and no more often than can be seen."""

    def __init__(self, moved: Callable[[Pointed], None]) -> None:
        self._moved = moved
        self._node = None
        self._tags: list[int] = []
        self._timer = qt.QTimer()
        self._timer.setSingleShot(True)
        self._timer.connect("timeout()", self.tell)

    def follow(self) -> None:
        """Begin, and tell where it is now."""
        self.stop()
        self._node = crosshairNode()
        if self._node is not None:
            events = (self._node.CursorPositionModifiedEvent, vtk.vtkCommand.ModifiedEvent)
            self._tags = [self._node.AddObserver(event, self._onEvent) for event in events]
            self.tell()

    def stop(self) -> None:
        """Let go of the crosshair."""
        for tag in self._tags:
            self._node.RemoveObserver(tag)
        self._node, self._tags = None, []
        self._timer.stop()

    def tell(self) -> None:
        """Call `moved` now."""
        if self._node is not None:
            self._moved(pointed(self._node))

    def _onEvent(self, caller, event) -> None:
        if not self._timer.active:
            self._timer.start(_WAIT_MS)


def pointed(crosshair) -> Pointed:
    """Where the user points now."""
    ras = [0.0, 0.0, 0.0]
    if crosshair.GetCursorPositionRAS(ras):
        return Pointed(tuple(ras), True)
    return Pointed(tuple(crosshair.GetCrosshairRAS()), False)
