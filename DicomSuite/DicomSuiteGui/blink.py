"""Shows two volumes in turn at the same place, so that the eye finds what has changed."""

from __future__ import annotations

from typing import Any

import qt

from DicomSuiteGui.layered_views import LayeredViews


class Blink:
    """One after the other by a timer, or blended as strongly as asked for."""

    def __init__(self, layers: LayeredViews) -> None:
        self._layers = layers
        self._isSecond = False
        self._timer = qt.QTimer()
        self._timer.connect("timeout()", self._turn)

    @property
    def isRunning(self) -> bool:
        """Whether the volumes are shown in turn."""
        return self._timer.active

    def start(self, first: Any, second: Any, seconds: float) -> None:
        """Begin with the first volume; each is shown for so many seconds."""
        self._layers.begin(first, second, 0.0)
        self._isSecond = False
        self.setPeriod(seconds)
        self._timer.start()

    def setPeriod(self, seconds: float) -> None:
        """For how long each volume is shown."""
        self._timer.setInterval(round(1000 * seconds))

    def stop(self) -> None:
        """Show what was there before."""
        if self._timer.active:
            self._timer.stop()
            self._layers.end()

    def _turn(self) -> None:
        self._isSecond = not self._isSecond
        self._layers.setOpacity(float(self._isSecond))
