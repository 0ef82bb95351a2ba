"""Tells once, after the event loop has come to rest, that nodes of the scene have come or gone."""

from __future__ import annotations

from collections.abc import Callable

import qt
import slicer


class SceneChanges:
    """Calls `changed` from `follow` to `stop`; a scene that loads or closes counts as one change."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self._tags: list[int] = []
        self._timer = qt.QTimer()
        self._timer.setSingleShot(True)
        self._timer.connect("timeout()", changed)

    def follow(self) -> None:
        """Begin; what changes now is told later."""
        self.stop()
        scene = slicer.mrmlScene
        events = (scene.NodeAddedEvent, scene.NodeRemovedEvent, scene.EndCloseEvent, scene.EndImportEvent)
        self._tags = [scene.AddObserver(event, self._onChanged) for event in events]

    def stop(self) -> None:
        """Tell nothing any more."""
        for tag in self._tags:
            slicer.mrmlScene.RemoveObserver(tag)
        self._tags = []
        self._timer.stop()

    def _onChanged(self, scene, event) -> None:
        self._timer.start(0)
