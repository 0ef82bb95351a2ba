"""Measures the voxels between two values, everywhere or in one of the boxes that were drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import ctk
import numpy as np
import qt
from slicer.i18n import tr as _

from DicomSuiteGui.background import Background
from DicomSuiteGui.push_buttons import addPushButton
from DicomSuiteGui.tool_buttons import setPossible
from DicomSuiteLib.errors import DicomSuiteError
from DicomSuiteLib.value_unit import HOUNSFIELD, ValueUnit
from DicomSuiteLib.volumes import Volume
from DicomSuiteRenderLib.markups_measurements import box_of_roi
from DicomSuiteRenderLib.measurements import Measurement, measure_threshold

BONE = 175.0
"""HU from which the range begins on CT, as the isosurface "bone"."""

_DECIMALS = 3


class ThresholdForm:
    """`measured` is called with each measurement, `failed` with the reason why there is none."""

    def __init__(self, measured: Callable[[Measurement], None], failed: Callable[[str], None]) -> None:
        self._measured, self._failed = measured, failed
        self._source: tuple[Volume, ValueUnit] | None = None
        self._range: tuple[Any, ...] = ()
        self._boxes: list[Any] = []
        self._isMeasuring = False
        self._background = Background()
        self._build()
        self._update()

    def setSource(self, source: tuple[Volume, ValueUnit] | None, scalarRange: tuple[float, float]) -> None:
        """Measure this volume, in this unit; `scalarRange` are its least and greatest voxel."""
        self._source = source
        if source is not None:
            self._offerRange(source[1], scalarRange)
        self._update()

    def setBoxes(self, nodes: Sequence[Any]) -> None:
        """Offer these ROI nodes; the choice stays where it can."""
        chosen = self._box()
        self._boxes = list(nodes)
        wasBlocked = self.boxBox.blockSignals(True)
        self.boxBox.clear()
        self.boxBox.addItem(_("the whole volume"))
        for node in self._boxes:
            self.boxBox.addItem(node.GetName())
        self.boxBox.currentIndex = self._boxes.index(chosen) + 1 if chosen in self._boxes else 0
        self.boxBox.blockSignals(wasBlocked)

    def stop(self) -> None:
        """Measure nothing any more, and let go of the volume."""
        self._background.drop()
        self._isMeasuring = False
        self._source = None
        self._update()

    @property
    def isMeasuring(self) -> bool:
        """Whether a measurement is still to come."""
        return self._isMeasuring

    def _build(self) -> None:
        self.widget = qt.QWidget()
        form = qt.QFormLayout(self.widget)
        form.setContentsMargins(0, 0, 0, 0)
        self.rangeWidget = ctk.ctkRangeWidget()
        self.rangeWidget.toolTip = _("Voxels with values in this range are measured, both ends included")
        form.addRow(_("Values:"), self.rangeWidget)
        self.boxBox = qt.QComboBox()
        self.boxBox.sizeAdjustPolicy = qt.QComboBox.AdjustToMinimumContentsLengthWithIcon
        self.boxBox.toolTip = _("Where: draw a box to measure only what is in it")
        form.addRow(_("In:"), self.boxBox)
        row = qt.QHBoxLayout()
        self.measureButton = addPushButton(row, _("Measure the &volume between these values"), self._onMeasure)
        form.addRow(row)
        self.setBoxes([])

    def _offerRange(self, unit: ValueUnit, scalarRange: tuple[float, float]) -> None:
        """The limits that the user has set stay for the same values."""
        low, high = sorted(float(value) * unit.factor for value in scalarRange)
        if self._range == (low, high, unit.symbol):
            return
        self._range = (low, high, unit.symbol)
        isWhole = unit.factor == 1 and low == int(low) and high == int(high)
        self.rangeWidget.decimals = 0 if isWhole else _DECIMALS
        self.rangeWidget.singleStep = 1 if isWhole else (high - low) / 1000 or 1
        self.rangeWidget.suffix = f" {unit.symbol}" if unit.symbol else ""
        self.rangeWidget.setRange(low, high)
        begin = BONE if unit == HOUNSFIELD and low < BONE < high else (low + high) / 2
        self.rangeWidget.setValues(begin, high)

    def _update(self) -> None:
        whyNot = _("Choose a volume first.") if self._source is None else ""
        if self._isMeasuring:
            whyNot = _("The volume is being measured.")
        toolTip = _("Add the volume, mean and spread of these voxels to the table")
        setPossible(self.measureButton, whyNot, toolTip)

    def _box(self) -> Any:
        return self._boxes[self.boxBox.currentIndex - 1] if self.boxBox.currentIndex > 0 else None

    def _onMeasure(self) -> None:
        volume, unit = self._source
        low, high = self.rangeWidget.minimumValue, self.rangeWidget.maximumValue
        node = self._box()
        name = f"{low:g} – {high:g}{self.rangeWidget.suffix}"
        try:
            box = None if node is None else box_of_roi(node)
        except DicomSuiteError as error:
            self._failed(str(error))
            return
        if node is not None:
            name = _("{range} in {box}").format(range=name, box=node.GetName())
        # The widget rounds to the decimals it shows; at its ends, the ends of the volume are meant.
        least = -np.inf if low <= self.rangeWidget.minimum else low
        most = np.inf if high >= self.rangeWidget.maximum else high
        self._isMeasuring = True
        self._update()
        self._background.run(partial(_measure, name, volume, (least, most), unit, box), self._onMeasured)

    def _onMeasured(self, outcome: Measurement | str) -> None:
        self._isMeasuring = False
        self._update()
        if isinstance(outcome, str):
            self._failed(outcome)
        else:
            self._measured(outcome)


def _measure(
    name: str, volume: Volume, limits: tuple[float, float], unit: ValueUnit, box: Any
) -> Measurement | str:
    try:
        return measure_threshold(name, volume, *limits, unit, box)
    except DicomSuiteError as error:
        return str(error)
