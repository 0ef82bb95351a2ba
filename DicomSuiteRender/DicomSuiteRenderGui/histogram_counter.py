"""Counts the values of a volume beside the windows, once for every state of its voxels."""

from __future__ import annotations

from functools import partial
from typing import Any

import slicer
from numpy.typing import NDArray

from DicomSuiteGui.background import Background
from DicomSuiteLib.plain_signal import Signal
from DicomSuiteRenderLib.errors import RenderError
from DicomSuiteRenderLib.histogram import Histogram, histogram

BINS = 2048
"""Enough to look at a part of the values only."""


class HistogramCounter:
    """`counted` is emitted without arguments when there is a result, or a problem."""

    def __init__(self) -> None:
        self.counted = Signal()
        self.histogram: Histogram | None = None
        self.problem = ""
        self._state: tuple[str, int] | None = None
        self._background = Background()

    def count(self, volumeNode: Any) -> None:
        """Count the voxels of this volume, unless that is known already; None: forget what is known."""
        state = None if volumeNode is None else (volumeNode.GetID(), volumeNode.GetImageData().GetMTime())
        if state == self._state:
            return
        self.stop()
        self._state, self.histogram, self.problem = state, None, ""
        if volumeNode is not None:
            self._background.run(partial(_counted, slicer.util.arrayFromVolume(volumeNode)), self._onCounted)

    def stop(self) -> None:
        """Leave off what is not finished; it begins anew at the next `count`."""
        self._background.drop()
        if self.histogram is None:
            self._state = None

    def _onCounted(self, result: Histogram | RenderError) -> None:
        if isinstance(result, RenderError):
            self.problem = str(result)
        else:
            self.histogram = result
        self.counted.emit()


def _counted(voxels: NDArray) -> Histogram | RenderError:
    """In a thread; what a volume cannot is told and not logged."""
    try:
        return histogram(voxels, BINS)
    except RenderError as error:
        return error
