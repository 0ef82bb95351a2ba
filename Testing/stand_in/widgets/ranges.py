"""Pairs of numbers: ctkRangeWidget, ctkDoubleRangeSlider, qMRMLRangeWidget."""

from typing import Any

from PySide6 import QtCore, QtWidgets
from PySide6.QtCore import Property, Signal

from stand_in.classes import stands_in
from stand_in.unpatched import raw
from stand_in.widgets.declared import HasScene, stored

_BOX = QtWidgets.QDoubleSpinBox


class TwoSpinBoxes(QtWidgets.QWidget):
    """Lower and upper value within [minimum, maximum]; lower <= upper always."""

    minimumValueChanged = Signal(float)
    maximumValueChanged = Signal(float)
    minimumValueIsChanging = Signal(float)
    maximumValueIsChanging = Signal(float)
    valuesChanged = Signal(float, float)
    rangeChanged = Signal(float, float)

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        self._lower, self._upper = _BOX(self), _BOX(self)
        layout = QtWidgets.QHBoxLayout(self)
        QtWidgets.QLayout.setContentsMargins(layout, 0, 0, 0, 0)
        for box in (self._lower, self._upper):
            QtWidgets.QHBoxLayout.addWidget(layout, box, 1)
            raw(box, "valueChanged").connect(lambda value: self.setValues(*self._values()))
        self._sent = self._values()
        self.setRange(0.0, 99.0)
        self.setValues(0.0, 99.0)

    def _values(self) -> tuple[float, float]:
        return _BOX.value(self._lower), _BOX.value(self._upper)

    def setValues(self, lower: float, upper: float) -> None:
        for box, value in ((self._lower, min(lower, upper)), (self._upper, max(lower, upper))):
            blocker = QtCore.QSignalBlocker(box)
            _BOX.setValue(box, value)
            blocker.unblock()
        self._announce()

    def _announce(self) -> None:
        values, before = self._values(), self._sent
        if values == before:
            return
        self._sent = values
        if values[0] != before[0]:
            raw(self, "minimumValueChanged").emit(values[0])
        if values[1] != before[1]:
            raw(self, "maximumValueChanged").emit(values[1])
        raw(self, "valuesChanged").emit(*values)

    def setMinimumValue(self, value: float) -> None:
        self.setValues(value, max(value, self._values()[1]))

    def setMaximumValue(self, value: float) -> None:
        self.setValues(min(value, self._values()[0]), value)

    def setRange(self, minimum: float, maximum: float) -> None:
        for box in (self._lower, self._upper):
            blocker = QtCore.QSignalBlocker(box)
            _BOX.setRange(box, minimum, maximum)
            blocker.unblock()
        raw(self, "rangeChanged").emit(minimum, maximum)
        self._announce()

    def _get_minimum(self) -> float:
        return _BOX.minimum(self._lower)

    def _set_minimum(self, minimum: float) -> None:
        self.setRange(minimum, max(minimum, self._get_maximum()))

    def _get_maximum(self) -> float:
        return _BOX.maximum(self._lower)

    def _set_maximum(self, maximum: float) -> None:
        self.setRange(min(maximum, self._get_minimum()), maximum)

    def _get_minimum_value(self) -> float:
        return self._values()[0]

    def _get_maximum_value(self) -> float:
        return self._values()[1]

    def _get_decimals(self) -> int:
        return _BOX.decimals(self._lower)

    def setDecimals(self, decimals: int) -> None:
        for box in (self._lower, self._upper):
            _BOX.setDecimals(box, decimals)

    def _get_step(self) -> float:
        return _BOX.singleStep(self._lower)

    def _set_step(self, step: float) -> None:
        for box in (self._lower, self._upper):
            _BOX.setSingleStep(box, step)

    minimum = Property(float, _get_minimum, _set_minimum)
    maximum = Property(float, _get_maximum, _set_maximum)
    minimumValue = Property(float, _get_minimum_value, setMinimumValue)
    maximumValue = Property(float, _get_maximum_value, setMaximumValue)
    decimals = Property(int, _get_decimals, setDecimals)
    singleStep = Property(float, _get_step, _set_step)
    tracking = stored(bool, True)
    symmetricMoves = stored(bool, False)
    prefix = stored(str, "")
    suffix = stored(str, "")


@stands_in
class ctkRangeWidget(TwoSpinBoxes):
    pass


@stands_in
class ctkDoubleRangeSlider(TwoSpinBoxes):
    def __init__(self, orientation: Any = None, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(orientation if isinstance(orientation, QtWidgets.QWidget) else parent)

    orientation = stored(int, 1)


@stands_in
class qMRMLRangeWidget(HasScene, TwoSpinBoxes):
    quantity = stored(str, "")
