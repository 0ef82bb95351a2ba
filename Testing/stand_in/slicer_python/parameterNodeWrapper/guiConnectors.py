"""Which widgets can be bound to which types, and how. A widget counts only by its exact class, as in Slicer."""

import enum
import math
import pathlib

import ctk
import qt
import slicer

from .annotations import (
    Choice,
    Decimals,
    Maximum,
    Minimum,
    SingleStep,
    WithinRange,
    findFirstAnnotation,
    splitAnnotations,
)
from .serializers import nodeClasses

_INT_LIMITS = (-(2**31), 2**31 - 1)


class GuiConnector:
    """Reads and writes one widget; ``attribute`` is the property, ``signal`` says that the user changed it."""

    def __init__(self, widget, attribute, signal):
        self._widget, self._attribute, self._signal = widget, attribute, signal
        self._callback = None

    def onChanged(self, callback):
        if self._signal and callback is not None:
            getattr(self._widget, self._signal).connect(self.changed)
        elif self._signal and self._callback is not None:
            getattr(self._widget, self._signal).disconnect(self.changed)
        self._callback = callback

    def changed(self):
        if self._callback:
            self._callback()

    def widget(self):
        return self._widget

    def read(self):
        return getattr(self._widget, self._attribute)

    def write(self, value):
        if self.read() != value:
            setattr(self._widget, self._attribute, value)


class CheckablePushButton(GuiConnector):
    """ctk's: the state of its check box makes it a toggle button."""

    def write(self, value):
        if self._widget.checkBoxControlsButtonToggleState:
            self._widget.checkable = value
        if value or not self._widget.checkBoxControlsButtonToggleState:
            self._widget.checked = value


class Number(GuiConnector):
    """A spin box or a slider, with the annotated range, decimals and step."""

    def __init__(self, widget, type_, annotations, unbounded):
        super().__init__(widget, "value", "valueChanged")
        self._type = type_
        minimum, maximum = _limits(annotations)
        if type(widget) in _SLIDERS and None in (minimum, maximum):
            raise RuntimeError(f"a {type(widget).__name__} needs a number with a minimum and a maximum")
        decimals = findFirstAnnotation(annotations, Decimals)
        if type(widget) not in (qt.QSlider, qt.QSpinBox, ctk.ctkDoubleSlider):
            if type_ is int:
                widget.decimals = 0
            elif decimals is not None:
                widget.decimals = decimals.value
        step = findFirstAnnotation(annotations, SingleStep)
        if step is not None:
            widget.singleStep = step.value
        widget.minimum = unbounded[0] if minimum is None else minimum
        widget.maximum = unbounded[1] if maximum is None else maximum

    def read(self):
        return self._type(super().read())

    def write(self, value):
        self._widget.value = self._type(value)


class Chooser(GuiConnector):
    """A combo box with one item for each value."""

    def __init__(self, widget, labels, values, selected=0):
        super().__init__(widget, "currentIndex", "currentIndexChanged")
        self._values = list(values)
        widget.clear()
        for label in labels:
            widget.addItem(label)
        widget.currentIndex = selected

    def read(self):
        return self._values[self._widget.currentIndex]

    def write(self, value):
        self._widget.currentIndex = self._values.index(value)


class PlainText(GuiConnector):
    def read(self):
        return self._widget.toPlainText()

    def write(self, value):
        self._widget.setPlainText(value)


class Path(GuiConnector):
    def __init__(self, widget, type_, attribute, signal):
        super().__init__(widget, attribute, signal)
        self._type = type_

    def read(self):
        return self._type(super().read())

    def write(self, value):
        setattr(self._widget, self._attribute, str(value))


class Node(GuiConnector):
    def __init__(self, widget, classes):
        super().__init__(widget, "currentNodeID", "currentNodeChanged")
        widget.nodeTypes = tuple(cls().GetClassName() for cls in classes)

    def read(self):
        return self._widget.currentNode()

    def write(self, value):
        self._widget.setCurrentNode(value)


_SLIDERS = (qt.QSlider, ctk.ctkSliderWidget, slicer.qMRMLSliderWidget)
_FLOAT_WIDGETS = (
    qt.QDoubleSpinBox,
    ctk.ctkSliderWidget,
    slicer.qMRMLSliderWidget,
    ctk.ctkDoubleSlider,
    ctk.ctkDoubleSpinBox,
    slicer.qMRMLSpinBox,
)


def createGuiConnector(widget, datatype):
    """Raises RuntimeError where Slicer has no connector for the widget's exact class and the type."""
    type_, annotations = splitAnnotations(datatype)
    cls = type(widget)
    connector = (
        _forBool(widget, cls)
        if type_ is bool
        else _forNumber(widget, cls, type_, annotations)
        if type_ in (int, float)
        else _forText(widget, cls)
        if type_ is str and cls not in (qt.QComboBox, ctk.ctkComboBox)
        else None
    )
    connector = connector or _forChoice(widget, cls, type_, annotations) or _forPath(widget, cls, type_)
    if connector is None and cls is slicer.qMRMLNodeComboBox and nodeClasses(type_):
        connector = Node(widget, nodeClasses(type_))
    if connector is None:
        raise RuntimeError(f"Unable to create GUI connector from datatype '{datatype}' to widget type '{cls}'.")
    return connector


def _forBool(widget, cls):
    if cls in (qt.QCheckBox, ctk.ctkCheckBox):
        return GuiConnector(widget, "checked", "stateChanged")
    if cls is qt.QPushButton:
        widget.checkable = True
        return GuiConnector(widget, "checked", "toggled")
    if cls is ctk.ctkCheckablePushButton:
        return CheckablePushButton(widget, "checked", "toggled")
    return None


def _forNumber(widget, cls, type_, annotations):
    if type_ is int and cls in (qt.QSlider, qt.QSpinBox):
        return Number(widget, int, annotations, _INT_LIMITS)
    if cls in _FLOAT_WIDGETS:
        return Number(widget, type_, annotations, (-math.inf, math.inf))
    return None


def _forText(widget, cls):
    if cls is qt.QLineEdit:
        return GuiConnector(widget, "text", "textChanged")
    if cls is qt.QLabel:
        return GuiConnector(widget, "text", None)
    return PlainText(widget, "plainText", "textChanged") if cls is qt.QTextEdit else None


def _forChoice(widget, cls, type_, annotations):
    if cls not in (qt.QComboBox, ctk.ctkComboBox):
        return None
    if isinstance(type_, type) and issubclass(type_, enum.Enum):
        label = getattr(type_, "label", lambda member: member.name)
        return Chooser(widget, [label(member) for member in type_], type_, max(widget.currentIndex, 0))
    choice = findFirstAnnotation(annotations, Choice)
    if type_ in (int, float, str) and choice is None:
        raise RuntimeError("a combo box needs the annotation Choice")
    return Chooser(widget, [str(item) for item in choice.choices], choice.choices) if choice else None


def _forPath(widget, cls, type_):
    if not (isinstance(type_, type) and issubclass(type_, pathlib.PurePath)):
        return None
    if cls is ctk.ctkPathLineEdit:
        return Path(widget, type_, "currentPath", "currentPathChanged")
    return Path(widget, type_, "directory", "directoryChanged") if cls is ctk.ctkDirectoryButton else None


def _limits(annotations):
    within = findFirstAnnotation(annotations, WithinRange)
    if within is not None:
        return within.minimum, within.maximum
    minimum, maximum = (findFirstAnnotation(annotations, kind) for kind in (Minimum, Maximum))
    return (minimum.minimum if minimum else None), (maximum.maximum if maximum else None)
