"""The picture of a histogram in which the points of a look-up table are dragged, added and removed."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import qt
from numpy.typing import NDArray
from slicer.i18n import tr as _

from DicomSuiteLib.plain_signal import Signal
from DicomSuiteRenderGui.histogram_axes import HistogramAxes, columnHeights
from DicomSuiteRenderGui.histogram_picture import HistogramDrawing, histogramPixmap
from DicomSuiteRenderGui.histogram_pointer import HistogramPointer, KeyAction
from DicomSuiteRenderGui.lut_editor import LutEditor
from DicomSuiteRenderLib.histogram import Histogram

HEIGHT = 190
"""Pixels; a narrow panel shows the histogram and what belongs to it without scrolling."""
REACH = 10.0
"""Pixels from a point at which the mouse still takes it."""
SHADE_DECIMALS = 2
SHADE_STEP = 0.01

_NOTHING = Histogram(np.zeros(0, np.int64), np.zeros(0))


class HistogramView:
    """Shows one histogram, and what `editor` holds; `hovered` is emitted with the value below the mouse, or None."""

    def __init__(self, editor: LutEditor) -> None:
        self.hovered = Signal()
        self._editor = editor
        self._histogram = _NOTHING
        self._range = (0.0, 1.0)
        self._decimals = 0
        self._unit = ""
        self._isLog, self._cutoff = True, 1.0
        self._shown: tuple[Any, ...] | None = None  # what the heights were computed for
        self._heights = np.zeros(0)
        self._grip: tuple[float, float] | None = None  # from the mouse to the middle of the point that it holds
        self.widget = qt.QLabel()
        self.widget.setSizePolicy(qt.QSizePolicy.Ignored, qt.QSizePolicy.Fixed)
        self.widget.setFixedHeight(HEIGHT)
        self.widget.alignment = qt.Qt.AlignLeft | qt.Qt.AlignTop
        self.widget.focusPolicy = qt.Qt.StrongFocus
        self.widget.accessibleName = _("Histogram with the points of the look-up table")
        self.widget.toolTip = _(
            "How often each value occurs, and the shade that it is shown in.\n"
            "Drag a point; double-click adds one. With the keyboard: Tab goes from point to point, arrows move the "
            "point (Shift: faster), Insert adds one, Delete removes it."
        )
        self._drawing = qt.QTimer(self.widget)  # many changes in a row are drawn once
        self._drawing.setSingleShot(True)
        self._drawing.setInterval(0)
        self._drawing.connect("timeout()", self._draw)
        pointer = HistogramPointer(self.widget, self._onKey, self._onArrow)
        pointer.pressed.connect(self._onPressed)
        pointer.moved.connect(self._onMoved)
        pointer.released.connect(self._onReleased)
        pointer.doubleClicked.connect(self._onDoubleClicked)
        pointer.left.connect(lambda: self.hovered.emit(None))
        pointer.looksChanged.connect(self._drawing.start)
        self._pointer = pointer
        editor.changed.connect(self._drawing.start)

    def setHistogram(self, histogram: Histogram | None, unit: str, decimals: int) -> None:
        """What is shown behind the points (None: not counted yet); `decimals` that values are told and set with."""
        self._histogram, self._unit, self._decimals = histogram or _NOTHING, unit, decimals
        self._drawing.start()

    def setRange(self, low: float, high: float) -> None:
        """The values that are shown; low < high."""
        self._range = (low, high)
        self._drawing.start()

    def setScale(self, isLog: bool, cutoff: float) -> None:
        """How counts become heights, as for `Histogram.heights`."""
        self._isLog, self._cutoff = isLog, cutoff
        self._drawing.start()

    @property
    def axes(self) -> HistogramAxes:
        """Where things lie in the picture as it is now."""
        return HistogramAxes(self.widget.width, self.widget.height, self.widget.fontMetrics().height(), *self._range)

    def _draw(self) -> None:
        axes = self.axes
        drawing = HistogramDrawing(
            heights=self._heightsFor(axes),
            lut=self._editor.lut,
            selected=self._editor.selected,
            unit=self._unit,
            hasFocus=self.widget.focus,
        )
        self.widget.setPixmap(histogramPixmap(drawing, axes, self.widget))
        self.widget.accessibleDescription = self._pointWords()

    def _heightsFor(self, axes: HistogramAxes) -> NDArray[np.floating]:
        """The columns, which do not change while a point is dragged."""
        shown = (self._histogram, axes, self._isLog, self._cutoff)
        if shown != self._shown:
            self._shown = shown
            self._heights = columnHeights(self._histogram, axes, isLog=self._isLog, cutoff=self._cutoff)
        return self._heights

    def _pointWords(self) -> str:
        point = self._editor.point
        words = _("Point {number} of {count}: {value:g} {unit}, shade {shade:.0f} %")
        return words.format(
            number=self._editor.selected + 1,
            count=len(self._editor.lut.points),
            value=point.value,
            unit=self._unit,
            shade=100 * point.shade,
        )

    def _pointAt(self, x: float, y: float) -> int | None:
        """Index of the point that is nearest to a place and within reach."""
        axes = self.axes
        distances = [
            math.hypot(axes.xOf(point.value) - x, axes.yOf(point.shade) - y) for point in self._editor.lut.points
        ]
        nearest = distances.index(min(distances))
        return nearest if distances[nearest] <= REACH else None

    def _placeAt(self, x: float, y: float) -> tuple[float, float]:
        """Value and shade at a place, rounded to what the boxes show."""
        axes = self.axes
        return round(axes.valueAt(x), self._decimals), round(axes.shadeAt(y), SHADE_DECIMALS)

    def _onPressed(self, x: float, y: float) -> None:
        index = self._pointAt(x, y)
        if index is None:
            return
        self._editor.select(index)
        axes, point = self.axes, self._editor.point
        self._grip = (axes.xOf(point.value) - x, axes.yOf(point.shade) - y)

    def _onMoved(self, x: float, y: float, isHeld: bool) -> None:
        self.hovered.emit(self.axes.valueAt(x))
        if isHeld and self._grip is not None:
            right, down = self._grip
            self._editor.drag(*self._placeAt(x + right, y + down))

    def _onReleased(self) -> None:
        self._grip = None
        self._editor.drop()

    def _onDoubleClicked(self, x: float, y: float) -> None:
        if self._pointAt(x, y) is None:
            self._editor.add(*self._placeAt(x, y))
            self._grip = (0.0, 0.0)  # it can be dragged on at once

    def _onArrow(self, right: int, up: int) -> bool:
        step = max(round(self.axes.step, self._decimals), 10.0**-self._decimals)
        point = self._editor.point
        self._editor.move(point.value + right * step, point.shade + up * SHADE_STEP)
        return True

    def _onKey(self, action: KeyAction) -> bool:
        editor = self._editor
        match action:
            case KeyAction.NEXT:
                return editor.selectNeighbour(1)  # behind the last point Tab goes on to the next control
            case KeyAction.PREVIOUS:
                return editor.selectNeighbour(-1)
            case KeyAction.CANCEL:
                isDragged = editor.isDragging
                self._grip = None
                editor.cancel()
                return isDragged
            case KeyAction.FIRST:
                editor.select(0)
            case KeyAction.LAST:
                editor.select(len(editor.lut.points) - 1)
            case KeyAction.ADD:
                editor.addBesideSelected()
            case KeyAction.REMOVE:
                editor.remove()
            case KeyAction.UNDO:
                editor.undo()
            case KeyAction.REDO:
                editor.redo()
        return True
