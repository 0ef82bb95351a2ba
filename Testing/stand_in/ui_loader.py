"""``qt.QUiLoader``: .ui files with the stand-ins as custom widgets, their enum properties, and Slicer's connections."""

import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from typing import Any

from PySide6 import QtCore, QtUiTools, QtWidgets

from stand_in import attributes, classes, failures, signals
from stand_in.failures import Kind
from stand_in.unpatched import raw

_LATE_KINDS = ("enum", "set")


@dataclass(frozen=True)
class LateProperty:
    """A property of a stand-in whose C++ enum QUiLoader cannot know."""

    widget: str
    name: str
    text: str


class UiLoader:
    """Reads one file after another, as ``slicer.util.loadUI`` uses it."""

    def load(self, device: QtCore.QIODevice, parent: QtWidgets.QWidget | None = None) -> QtWidgets.QWidget:
        """Raises RuntimeError for a class that neither Qt nor the stand-ins offer."""
        root = ElementTree.fromstring(bytes(raw(device, "readAll")().data()))
        _check_classes(root)
        late = _take_late_properties(root)
        connections = _take_connections(root)
        top = _load(ElementTree.tostring(root), parent)
        _set_late(top, late)
        for sender, signal, receiver, slot in connections:
            _connect(top, sender, signal, receiver, slot)
        return top


def _load(text: bytes, parent: QtWidgets.QWidget | None) -> QtWidgets.QWidget:
    loader = QtUiTools.QUiLoader()
    for cls in classes.STAND_INS.values():
        if issubclass(cls, QtWidgets.QWidget):
            raw(loader, "registerCustomWidget")(cls)
    buffer = QtCore.QBuffer()
    buffer.setData(text)
    buffer.open(QtCore.QIODevice.ReadOnly)
    with attributes.children_kept_off():
        top = raw(loader, "load")(buffer, parent)
    if top is None:
        raise RuntimeError(f"the .ui file cannot be read: {raw(loader, 'errorString')()}")
    return top


def _check_classes(root: ElementTree.Element) -> None:
    used = {widget.get("class") for widget in root.iter("widget")}
    unknown = {name for name in used if name not in classes.STAND_INS and not hasattr(QtWidgets, name)}
    if unknown:
        raise RuntimeError(f"the .ui file uses classes that the stand-in does not offer: {sorted(unknown)}")


def _take_late_properties(root: ElementTree.Element) -> list[LateProperty]:
    late = []
    for widget in root.iter("widget"):
        if widget.get("class") in classes.STAND_INS:
            for element in list(widget.findall("property")):
                value = next((child for child in element if child.tag in _LATE_KINDS), None)
                if value is not None:
                    late.append(LateProperty(widget.get("name"), element.get("name"), value.text))
                    widget.remove(element)
    return late


def _take_connections(root: ElementTree.Element) -> list[tuple[str, ...]]:
    found = []
    for element in root.findall("connections"):
        found += [tuple(c.findtext(key) for key in ("sender", "signal", "receiver", "slot")) for c in element]
        root.remove(element)
    return found


def _set_late(top: QtWidgets.QWidget, late: list[LateProperty]) -> None:
    for item in late:
        widget = _named(top, item.widget)
        value = _flags(widget, item.text)
        if value is None:
            failures.record(Kind.QT, f".ui file: {item.widget}.{item.name} = {item.text}: no such value")
        else:
            setattr(widget, item.name, value)


def _flags(widget: QtWidgets.QWidget, text: str) -> int | None:
    """The value of ``QFrame::Box|QFrame::Plain``, looked up on the widget's own class, then on Qt and its widgets."""
    value = 0
    for part in text.split("|"):
        scope, _, name = part.rpartition("::")
        owners = [type(widget), getattr(QtCore, scope, None), getattr(QtWidgets, scope, None)]
        found = [getattr(owner, name) for owner in owners if owner is not None and hasattr(owner, name)]
        if not found:
            return None
        value |= int(found[0])
    return value


def _connect(top: QtWidgets.QWidget, sender: str, signal: str, receiver: str, slot: str) -> None:
    source, target = _named(top, sender), _named(top, receiver)
    if source is None or target is None:
        failures.record(Kind.CONNECT, f".ui file: no widget {sender if source is None else receiver}")
    elif slot.partition("(")[0] not in classes.names(type(target)):
        failures.record(Kind.CONNECT, f".ui file: {type(target).__name__} has no slot {slot}")
    else:
        signals.connect(source, signal, getattr(target, slot.partition("(")[0]))


def _named(top: QtWidgets.QWidget, name: str) -> Any:
    return top if raw(top, "objectName")() == name else raw(top, "findChild")(QtCore.QObject, name)
