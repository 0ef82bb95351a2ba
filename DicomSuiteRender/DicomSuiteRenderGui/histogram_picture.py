"""Draws a histogram with the points of its lookup table, sharp on every screen, in the colours of the desktop."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import qt
from numpy.typing import NDArray

from DicomSuiteRenderGui.histogram_axes import STRIP, HistogramAxes
from DicomSuiteRenderLib.display_lut import DisplayLut

POINT_RADIUS = 4.0
SELECTED_RADIUS = 5.5
_LINE_WIDTH = 1.8
_BARS_OPACITY = 0.38
_GRID_OPACITY = 0.14
_PIXELS_PER_TICK = 52
_TEXT_PADDING = 6.0
_CENTRED = int(qt.Qt.AlignHCenter | qt.Qt.AlignTop)


@dataclass(frozen=True)
class HistogramDrawing:
    """What there is to see.

    Parameters
    ----------
    heights : of the columns of the plot, 0 to 1, from left to right
    lut : whose points are drawn
    selected : index of a point
    unit : of the values, "" where there is none
    hasFocus : whether keys reach the picture
    """

    heights: NDArray[np.floating]
    lut: DisplayLut
    selected: int
    unit: str
    hasFocus: bool


def histogramPixmap(drawing: HistogramDrawing, axes: HistogramAxes, widget: qt.QWidget) -> qt.QPixmap:
    """A picture for a widget: in its palette, its font and its screen's pixels."""
    ratio = widget.devicePixelRatioF()
    pixmap = qt.QPixmap(max(round(axes.width * ratio), 1), max(round(axes.height * ratio), 1))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(_colour(widget, qt.QPalette.Base))
    painter = qt.QPainter(pixmap)
    try:
        painter.setRenderHint(qt.QPainter.Antialiasing)
        painter.setFont(widget.font)
        _drawTicks(painter, drawing, axes, widget)
        _drawBars(painter, drawing, axes, widget)
        _drawStrip(painter, drawing, axes)
        _drawLine(painter, drawing, axes, widget)
        _drawPoints(painter, drawing, axes, widget)
        _drawFrame(painter, drawing, axes, widget)
    finally:
        painter.end()  # a painter that Python collects later outlives its picture, and Qt crashes
    return pixmap


def _colour(widget: qt.QWidget, role: int, opacity: float = 1.0) -> qt.QColor:
    group = qt.QPalette.Active if widget.enabled else qt.QPalette.Disabled
    colour = qt.QColor(widget.palette.color(group, role))
    colour.setAlphaF(opacity)
    return colour


def _drawTicks(painter: qt.QPainter, drawing: HistogramDrawing, axes: HistogramAxes, widget: qt.QWidget) -> None:
    text, grid = _colour(widget, qt.QPalette.Text), _colour(widget, qt.QPalette.Text, _GRID_OPACITY)
    top, unitWidth = axes.height - axes.textHeight - 1, _widthOf(drawing.unit, widget)
    painter.setPen(qt.QPen(text, 1.0))
    painter.drawText(qt.QRectF(axes.right - unitWidth, top, unitWidth, axes.textHeight), _CENTRED, drawing.unit)
    for tick in axes.ticks(max(int((axes.right - axes.left) / _PIXELS_PER_TICK), 1)):
        x, width = axes.xOf(tick), _widthOf(f"{tick:g}", widget)
        painter.setPen(qt.QPen(grid, 1.0))
        painter.drawLine(qt.QPointF(x, axes.top), qt.QPointF(x, axes.bottom))
        left = max(x - width / 2, 1.0)
        if left + width <= axes.right - unitWidth:
            painter.setPen(qt.QPen(text, 1.0))
            painter.drawText(qt.QRectF(left, top, width, axes.textHeight), _CENTRED, f"{tick:g}")


def _widthOf(text: str, widget: qt.QWidget) -> float:
    return widget.fontMetrics().boundingRect(text).width() + _TEXT_PADDING if text else 0.0


def _drawBars(painter: qt.QPainter, drawing: HistogramDrawing, axes: HistogramAxes, widget: qt.QWidget) -> None:
    columns = len(drawing.heights)
    width = (axes.right - axes.left) / columns
    outline = qt.QPolygonF()
    outline.append(qt.QPointF(axes.left, axes.bottom))
    for column, y in enumerate(axes.yOf(drawing.heights).tolist()):
        outline.append(qt.QPointF(axes.left + column * width, y))
        outline.append(qt.QPointF(axes.left + (column + 1) * width, y))
    outline.append(qt.QPointF(axes.right, axes.bottom))
    painter.setPen(qt.Qt.NoPen)
    painter.setBrush(qt.QBrush(_colour(widget, qt.QPalette.Text, _BARS_OPACITY)))
    painter.drawPolygon(outline)


def _drawStrip(painter: qt.QPainter, drawing: HistogramDrawing, axes: HistogramAxes) -> None:
    """The shades of the values above; between points they run evenly, as the gradient does."""
    gradient = qt.QLinearGradient(axes.left, 0.0, axes.right, 0.0)
    inside = [value for value in drawing.lut.values if axes.low < value < axes.high]
    values = [axes.low, *inside, axes.high]
    for value, shade in zip(values, drawing.lut.shades(values).tolist(), strict=True):
        gradient.setColorAt((value - axes.low) / (axes.high - axes.low), qt.QColor.fromRgbF(shade, shade, shade))
    top = axes.bottom + POINT_RADIUS + 1
    painter.fillRect(qt.QRectF(axes.left, top, axes.right - axes.left, STRIP - 1), qt.QBrush(gradient))


def _drawLine(painter: qt.QPainter, drawing: HistogramDrawing, axes: HistogramAxes, widget: qt.QWidget) -> None:
    points = drawing.lut.points
    line = qt.QPolygonF()
    line.append(qt.QPointF(min(axes.left, axes.xOf(points[0].value)), axes.yOf(points[0].shade)))
    for point in points:
        line.append(qt.QPointF(axes.xOf(point.value), axes.yOf(point.shade)))
    line.append(qt.QPointF(max(axes.right, axes.xOf(points[-1].value)), axes.yOf(points[-1].shade)))
    painter.setPen(qt.QPen(_colour(widget, qt.QPalette.Highlight), _LINE_WIDTH))
    painter.setBrush(qt.QBrush(qt.Qt.NoBrush))
    painter.setClipRect(qt.QRectF(axes.left, 0.0, axes.right - axes.left, axes.bottom + _LINE_WIDTH))
    painter.drawPolyline(line)
    painter.setClipping(False)


def _drawPoints(painter: qt.QPainter, drawing: HistogramDrawing, axes: HistogramAxes, widget: qt.QWidget) -> None:
    painter.setPen(qt.QPen(_colour(widget, qt.QPalette.Highlight), _LINE_WIDTH))
    for index, point in enumerate(drawing.lut.points):
        if not axes.low <= point.value <= axes.high:
            continue
        isSelected = index == drawing.selected
        painter.setBrush(qt.QBrush(_colour(widget, qt.QPalette.Highlight if isSelected else qt.QPalette.Base)))
        radius = SELECTED_RADIUS if isSelected else POINT_RADIUS
        painter.drawEllipse(qt.QPointF(axes.xOf(point.value), axes.yOf(point.shade)), radius, radius)


def _drawFrame(painter: qt.QPainter, drawing: HistogramDrawing, axes: HistogramAxes, widget: qt.QWidget) -> None:
    pen = (
        qt.QPen(_colour(widget, qt.QPalette.Highlight), 2.0)
        if drawing.hasFocus
        else qt.QPen(_colour(widget, qt.QPalette.Mid), 1.0)
    )
    painter.setPen(pen)
    painter.setBrush(qt.QBrush(qt.Qt.NoBrush))
    painter.drawRect(qt.QRectF(0.5, 0.5, axes.width - 1, axes.height - 1))
