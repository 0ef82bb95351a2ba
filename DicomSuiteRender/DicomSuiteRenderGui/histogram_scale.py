"""Which values a histogram shows, and how counts become heights: controls that change no picture of the volume."""

from __future__ import annotations

import ctk
import qt
from slicer.i18n import tr as _

from DicomSuiteRenderGui.histogram_axes import mainRange
from DicomSuiteRenderGui.histogram_view import HistogramView
from DicomSuiteRenderGui.point_boxes import PERCENT
from DicomSuiteRenderGui.value_scale import ValueScale
from DicomSuiteRenderLib.histogram import Histogram

LEFT_OUT = 0.0005
"""Share of the voxels at each end that is not shown at first: metal, and padding outside of the scanner's circle."""


class HistogramScale:
    """Sets what `view` shows."""

    def __init__(self, view: HistogramView) -> None:
        self._view = view
        self._counts: Histogram | None = None
        self.widget = qt.QWidget()
        grid = qt.QGridLayout(self.widget)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setColumnStretch(1, 1)
        self.rangeWidget = ctk.ctkRangeWidget()
        self.rangeWidget.toolTip = _("The values that the histogram shows; the pictures of the volume do not change")
        self.rangeWidget.connect("valuesChanged(double,double)", self._onRange)
        self.cutoffSlider = ctk.ctkSliderWidget()
        self.cutoffSlider.minimum = 1
        self.cutoffSlider.maximum = PERCENT
        self.cutoffSlider.decimals = 0
        self.cutoffSlider.value = PERCENT
        self.cutoffSlider.suffix = _(" %")
        self.cutoffSlider.toolTip = _("Bars of more than this part of the highest one are cut off")
        self.cutoffSlider.connect("valueChanged(double)", self._onScale)
        self.logBox = qt.QCheckBox(_("Lo&garithmic"))
        self.logBox.checked = True
        self.logBox.toolTip = _("Rare values are seen beside frequent ones")
        self.logBox.setProperty("SlicerParameterName", "logScale")
        self.logBox.connect("toggled(bool)", self._onScale)
        for row, (text, control) in enumerate(
            ((_("Val&ues:"), self.rangeWidget), (_("Cut o&ff at:"), self.cutoffSlider))
        ):
            label = qt.QLabel(text)
            label.setBuddy(control)
            grid.addWidget(label, row, 0)
            grid.addWidget(control, row, 1)
        grid.addWidget(self.logBox, 2, 1)

    def show(self, counts: Histogram | None, scale: ValueScale) -> None:
        """Show a histogram (None: not counted yet); another one at first where most voxels have their values."""
        if counts is not None and counts is self._counts:
            return
        self._counts = counts
        self._view.setHistogram(counts, scale.unit, scale.decimals)
        low, high = (scale.low, scale.high) if counts is None else mainRange(counts, LEFT_OUT)
        wasBlocked = self.rangeWidget.blockSignals(True)
        self.rangeWidget.decimals = scale.decimals
        self.rangeWidget.singleStep = scale.step
        self.rangeWidget.setRange(min(low, scale.low), max(high, scale.high))
        self.rangeWidget.setValues(low, high)
        self.rangeWidget.blockSignals(wasBlocked)
        self._view.setRange(low, high)

    def _onRange(self, low: float, high: float) -> None:
        if low < high:
            self._view.setRange(low, high)

    def _onScale(self, *_value: object) -> None:
        self._view.setScale(self.logBox.checked, self.cutoffSlider.value / PERCENT)
