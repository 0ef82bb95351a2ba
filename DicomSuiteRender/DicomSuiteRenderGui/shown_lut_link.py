"""Keeps the look-up table that is edited and the one that slice views show the same, whoever changes either."""

from __future__ import annotations

from typing import Any

import numpy as np

from DicomSuiteRenderGui.display_window import shownWindow
from DicomSuiteRenderGui.lut_editor import LutEditor
from DicomSuiteRenderLib.display_lut import DisplayLut
from DicomSuiteRenderLib.lut_nodes import hide_lut, show_lut, shown_lut

_ROUNDING = 1e-6
"""Part of a table's length by which the scene may give its ends back differently."""


class ShownLutLink:
    """Works on one volume node at a time.

    As long as no step was made the volume is shown through its window, and the editor holds the line that this is.
    While a table is shown, a change of the window, as by the mouse in a slice view, shifts and stretches the table.
    """

    def __init__(self, editor: LutEditor) -> None:
        self._editor = editor
        self._volume: Any = None
        self._whole = (0.0, 1.0)
        self._isWindow = True  # what the editor began with
        self._isOpening = False
        self._openID = ""  # of the volume whose table is edited
        editor.changed.connect(self._onEdited)

    def follow(self, volumeNode: Any, whole: tuple[float, float] = (0.0, 1.0)) -> None:
        """Edit what is shown of a volume (None: nothing); `whole` are the ends of a table where it has no window."""
        self._volume, self._whole = volumeNode, whole
        if volumeNode is not None and not self._isOpen():
            self._open()

    @property
    def isShown(self) -> bool:
        """Whether slice views show a table and not the window."""
        return self._volume is not None and shown_lut(self._volume) is not None

    def backToWindow(self) -> None:
        """Show the volume through its window again."""
        hide_lut(self._volume)
        self._open()

    def displayChanged(self) -> None:
        """Somebody, perhaps this link, has changed how the volume is shown."""
        if self._volume.GetImageData() is None:  # it is still being read
            return
        if not self.isShown:
            hide_lut(self._volume)  # somebody has chosen other colours while a table was shown
        if not self._isOpen():
            self._open()
        elif self.isShown:
            self._stretch()

    def _isOpen(self) -> bool:
        """Whether what is edited is what is shown."""
        shown = shown_lut(self._volume) or self._windowLut()
        return self._openID == self._volume.GetID() and _areAlike(shown, self._editor.lut)

    def _open(self) -> None:
        shown = shown_lut(self._volume)
        self._openID, self._isWindow = self._volume.GetID(), shown is None
        self._isOpening = True
        self._editor.open(shown or self._windowLut())
        self._isOpening = False

    def _stretch(self) -> None:
        """Follow the window."""
        display, values = self._volume.GetScalarVolumeDisplayNode(), self._editor.lut.values
        ends, before = (display.GetWindowLevelMin(), display.GetWindowLevelMax()), (values[0], values[-1])
        if ends[0] < ends[1] and not np.allclose(ends, before, rtol=0, atol=_ROUNDING * (before[1] - before[0])):
            self._editor.stretch(*ends)

    def _windowLut(self) -> DisplayLut:
        window = shownWindow(self._volume)
        if window is None:
            return DisplayLut.from_pairs(zip(self._whole, (0.0, 1.0), strict=True))
        return DisplayLut.from_window(window)

    def _onEdited(self) -> None:
        if self._isOpening or self._volume is None:
            return
        if self._isWindow and not self._editor.canUndo and not self._editor.isDragging:
            hide_lut(self._volume)
        elif shown_lut(self._volume) != self._editor.lut:
            show_lut(self._editor.lut, self._volume)


def _areAlike(one: DisplayLut, other: DisplayLut) -> bool:
    """Whether two tables are the same but for rounding."""
    if len(one.points) != len(other.points):
        return False
    length = one.values[-1] - one.values[0]
    shades = [[point.shade for point in lut.points] for lut in (one, other)]
    return np.allclose(one.values, other.values, rtol=0, atol=_ROUNDING * length) and np.allclose(*shades)
