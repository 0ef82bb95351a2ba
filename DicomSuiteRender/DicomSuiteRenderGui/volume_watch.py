"""Tells when a volume's display or its voxels change, whoever changes them."""

from __future__ import annotations

from typing import Any

import qt
import slicer
from slicer.i18n import tr as _
from slicer.util import VTKObservationMixin

from DicomSuiteLib.plain_signal import Signal

SETTLE_MS = 300
"""How long voxels must rest: a sequence that plays changes them many times a second, and they take longer to count."""


class VolumeWatch:
    """Follows one volume node at a time; both signals are emitted without arguments, once for many changes in a row."""

    def __init__(self) -> None:
        self.displayChanged = Signal()
        self.voxelsChanged = Signal()
        self._observations = VTKObservationMixin()
        self._ofDisplay = _timer(0, self.displayChanged)
        self._ofVoxels = _timer(SETTLE_MS, self.voxelsChanged)

    def follow(self, volumeNode: Any) -> None:
        """Follow this volume, or none, and no other."""
        self._observations.removeObservers()
        self._ofDisplay.stop()
        self._ofVoxels.stop()
        if volumeNode is not None:
            for event, function in (
                (slicer.vtkMRMLDisplayableNode.DisplayModifiedEvent, self._onDisplay),
                (slicer.vtkMRMLVolumeNode.ImageDataModifiedEvent, self._onVoxels),
            ):
                self._observations.addObserver(volumeNode, event, function)

    def _onDisplay(self, caller: Any, event: str) -> None:
        self._ofDisplay.start()

    def _onVoxels(self, caller: Any, event: str) -> None:
        self._ofVoxels.start()


def _timer(milliseconds: int, signal: Signal) -> qt.QTimer:
    timer = qt.QTimer()
    timer.setSingleShot(True)
    timer.setInterval(milliseconds)
    timer.connect("timeout()", signal.emit)
    return timer


def whyNoVoxels(volumeNode: Any) -> str:
    """Why a volume node, or None, cannot be shown; "" where it can."""
    if volumeNode is None or volumeNode.GetScene() is None:
        return _("Choose a volume first.")
    return "" if volumeNode.GetImageData() is not None else _("The volume has no voxels; load it again.")
