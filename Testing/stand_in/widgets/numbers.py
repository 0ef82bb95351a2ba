"""Spin boxes and sliders for floating-point numbers: ctkDoubleSpinBox, ctkSliderWidget and their MRML kin."""

from typing import Any

from PySide6 import QtCore, QtWidgets
from PySide6.QtCore import Property, Signal

from stand_in.classes import stands_in
from stand_in.unpatched import raw
from stand_in.widgets.declared import HasScene, stored

_STEPS = 1000
_BOX = QtWidgets.QDoubleSpinBox


class SliderAndSpinBox(QtWidgets.QWidget):
    """A slider and a spin box that show one number; the spin box holds it, so its decimals and range are Qt's own."""

    valueChanged = Signal(float)
    valueIsChanging = Signal(float)
    decimalsChanged = Signal(int)

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        self._spinBox = _BOX(self)
        self._slider = QtWidgets.QSlider(QtCore.Qt.Horizontal, self)
        QtWidgets.QSlider.setRange(self._slider, 0, _STEPS)
        layout = QtWidgets.QHBoxLayout(self)
        QtWidgets.QLayout.setContentsMargins(layout, 0, 0, 0, 0)
        QtWidgets.QHBoxLayout.addWidget(layout, self._slider, 1)
        QtWidgets.QHBoxLayout.addWidget(layout, self._spinBox)
        raw(self._slider, "valueChanged").connect(self._from_slider)
        raw(self._spinBox, "valueChanged").connect(self._from_spin_box)
        QtWidgets.QWidget.setFocusProxy(self, self._slider)

    def _from_slider(self, position: int) -> None:
        low, high = self._get_minimum(), self._get_maximum()
        self.setValue(low + (high - low) * position / _STEPS)

    def _from_spin_box(self, value: float) -> None:
        self._show_on_slider()
        if self.__dict__.get("_tracking", True):
            raw(self, "valueChanged").emit(value)
        raw(self, "valueIsChanging").emit(value)

    def _show_on_slider(self) -> None:
        low, high = self._get_minimum(), self._get_maximum()
        position = round(_STEPS * (self._get_value() - low) / (high - low)) if low < high < float("inf") else 0
        blocker = QtCore.QSignalBlocker(self._slider)
        QtWidgets.QSlider.setValue(self._slider, position)
        blocker.unblock()

    def _get_value(self) -> float:
        return _BOX.value(self._spinBox)

    def setValue(self, value: float) -> None:
        _BOX.setValue(self._spinBox, value)

    def _get_minimum(self) -> float:
        return _BOX.minimum(self._spinBox)

    def _set_minimum(self, minimum: float) -> None:
        _BOX.setMinimum(self._spinBox, minimum)
        self._show_on_slider()

    def _get_maximum(self) -> float:
        return _BOX.maximum(self._spinBox)

    def _set_maximum(self, maximum: float) -> None:
        _BOX.setMaximum(self._spinBox, maximum)
        self._show_on_slider()

    def _get_decimals(self) -> int:
        return _BOX.decimals(self._spinBox)

    def setDecimals(self, decimals: int) -> None:
        if decimals != self._get_decimals():
            _BOX.setDecimals(self._spinBox, decimals)
            raw(self, "decimalsChanged").emit(decimals)

    def _get_step(self) -> float:
        return _BOX.singleStep(self._spinBox)

    def _set_step(self, step: float) -> None:
        _BOX.setSingleStep(self._spinBox, step)

    def _get_suffix(self) -> str:
        return _BOX.suffix(self._spinBox)

    def _set_suffix(self, suffix: str) -> None:
        _BOX.setSuffix(self._spinBox, suffix)

    def _get_prefix(self) -> str:
        return _BOX.prefix(self._spinBox)

    def _set_prefix(self, prefix: str) -> None:
        _BOX.setPrefix(self._spinBox, prefix)

    def _show_spin_box(self, visible: bool) -> None:
        QtWidgets.QWidget.setVisible(self._spinBox, visible)

    def reset(self) -> None:
        self.setValue(0.0)

    def setSliderValue(self, value: float) -> None:
        self.setValue(value)

    def setSpinBoxValue(self, value: float) -> None:
        self.setValue(value)

    minimum = Property(float, _get_minimum, _set_minimum)
    maximum = Property(float, _get_maximum, _set_maximum)
    decimals = Property(int, _get_decimals, setDecimals)
    singleStep = Property(float, _get_step, _set_step)
    suffix = Property(str, _get_suffix, _set_suffix)
    prefix = Property(str, _get_prefix, _set_prefix)
    value = Property(float, _get_value, setValue)
    pageStep = stored(float, 10.0)
    tracking = stored(bool, True)
    tickInterval = stored(float, 0.0)
    tickPosition = stored(int, 0)
    popupSlider = stored(bool, False)
    spinBoxVisible = stored(bool, True, _show_spin_box)
    synchronizeSiblings = stored(int, 0)
    invertedAppearance = stored(bool, False)
    invertedControls = stored(bool, False)


@stands_in
class ctkSliderWidget(SliderAndSpinBox):
    NoSynchronize, SynchronizeWidth, SynchronizeDecimals = 0, 1, 2


@stands_in
class qMRMLSliderWidget(HasScene, SliderAndSpinBox):
    NoSynchronize, SynchronizeWidth, SynchronizeDecimals = 0, 1, 2
    quantity = stored(str, "")
    unitAwareProperties = stored(int, 0)
    orientation = stored(int, 1)


@stands_in
class ctkDoubleSlider(SliderAndSpinBox):
    """Only the slider is seen."""

    def __init__(self, orientation: Any = None, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(orientation if isinstance(orientation, QtWidgets.QWidget) else parent)
        self._show_spin_box(False)

    orientation = stored(int, 1)
    sliderPosition = Property(float, SliderAndSpinBox._get_value, SliderAndSpinBox.setValue)


@stands_in
class ctkDoubleSpinBox(QtWidgets.QDoubleSpinBox):
    """The values of its enums are those of ctk."""

    SetIfDifferent, SetAlways = 0, 1
    FixedDecimals, ReplaceDecimals, DecimalsByKey, DecimalsByShortcuts, DecimalsByValue = 0, 1, 2, 4, 8
    setMode = stored(int, 0)
    decimalsOption = stored(int, 6)


@stands_in
class qMRMLSpinBox(HasScene, QtWidgets.QDoubleSpinBox):
    quantity = stored(str, "")
    unitAwareProperties = stored(int, 0)
