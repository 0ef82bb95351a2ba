"""Lays a second volume over a first in the slice views, as strongly as wanted, and then shows what was there before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import slicer


@dataclass(frozen=True)
class _Former:
    """What a slice view showed."""

    compositeID: str
    background: str | None
    foreground: str | None
    opacity: float


class LayeredViews:
    """In the views that show the first volume; where there are none, in all."""

    def __init__(self) -> None:
        self._former: list[_Former] = []

    @property
    def isBegun(self) -> bool:
        """Whether the views show two layers now."""
        return bool(self._former)

    def begin(self, first: Any, second: Any, opacity: float) -> None:
        """Show `second` over `first`; opacity 0 to 1."""
        self.end()
        composites = slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode")
        showing = [node for node in composites if node.GetBackgroundVolumeID() == first.GetID()]
        for composite in showing or composites:
            self._former.append(
                _Former(
                    composite.GetID(),
                    composite.GetBackgroundVolumeID(),
                    composite.GetForegroundVolumeID(),
                    composite.GetForegroundOpacity(),
                )
            )
            composite.SetBackgroundVolumeID(first.GetID())
            composite.SetForegroundVolumeID(second.GetID())
            composite.SetForegroundOpacity(opacity)

    def setOpacity(self, opacity: float) -> None:
        """Of the second volume, 0 to 1."""
        for composite, _former in self._composites():
            composite.SetForegroundOpacity(opacity)

    def end(self) -> None:
        """Show what was there before."""
        for composite, former in self._composites():
            composite.SetBackgroundVolumeID(former.background)
            composite.SetForegroundVolumeID(former.foreground)
            composite.SetForegroundOpacity(former.opacity)
        self._former = []

    def _composites(self) -> list[tuple[Any, _Former]]:
        """Those that are still there."""
        pairs = [(slicer.mrmlScene.GetNodeByID(former.compositeID), former) for former in self._former]
        return [pair for pair in pairs if pair[0] is not None]
