"""The module ``qt``: PySide6's classes under PythonQt's rules, with the names of Qt 5.15 only."""

import types
from typing import Any

from PySide6 import QtCore, QtGui, QtWidgets

from stand_in import attributes, calls, dialogs, enums, inventory, signals, ui_loader

_QT_MODULES = (QtCore, QtGui, QtWidgets)
_USED_BY_THE_STAND_IN = ("Qt", "QMetaObject", "QMetaMethod", "QMetaProperty", "QMetaEnum")


def build() -> types.ModuleType:
    """Puts every Qt class under PythonQt's rules, for the whole process, and returns the module ``qt``."""
    qt = types.ModuleType("qt")
    found = {name: value for module in reversed(_QT_MODULES) for name, value in qt_classes(module).items()}
    for name, cls in found.items():
        enums.unscope(cls)
        if name not in _USED_BY_THE_STAND_IN:
            attributes.install(cls)
            _guard_constructor(cls)
        setattr(qt, name, cls)
    _replace_static_functions()
    qt.QUiLoader = ui_loader.UiLoader
    return qt


def qt_classes(module: types.ModuleType) -> dict[str, type]:
    """The classes of a PySide module that Qt 5.15 has too; each comes into being when first asked for."""
    names = (name for name in dir(module) if name.startswith("Q") and inventory.known(name))
    return {name: value for name in names if isinstance(value := getattr(module, name), type)}


def _guard_constructor(cls: type) -> None:
    """A C++ class is constructed with positional arguments only, ints standing for enums."""
    original = cls.__init__

    def construct(self: Any, *arguments: Any, **keywords: Any) -> None:
        name = type(self).__name__
        calls.call(name, lambda *args: original(self, *args), arguments, keywords)

    cls.__init__ = construct


def _single_shot(milliseconds: int, *receiver: Any) -> None:
    """``QTimer.singleShot(ms, callable)``, or ``(ms, object, "slot()")``."""
    timer = QtCore.QTimer(QtCore.QCoreApplication.instance())
    timer.setSingleShot(True)
    signals.connect(timer, "timeout()", *receiver)
    signals.connect(timer, "timeout()", timer.deleteLater)
    timer.start(milliseconds)


def _replace_static_functions() -> None:
    QtCore.QTimer.singleShot = staticmethod(_single_shot)
    for cls, functions in _DIALOG_FUNCTIONS.items():
        for name, refusal in functions.items():
            setattr(cls, name, staticmethod(dialogs.static(name, refusal)))


_DIALOG_FUNCTIONS = {
    QtWidgets.QFileDialog: {
        "getExistingDirectory": "",
        "getOpenFileName": "",
        "getOpenFileNames": (),
        "getSaveFileName": "",
    },
    QtWidgets.QMessageBox: {"information": 0, "warning": 0, "critical": 0, "question": 0, "about": None},
    QtWidgets.QInputDialog: {"getText": "", "getInt": 0, "getDouble": 0.0, "getItem": "", "getMultiLineText": ""},
    QtWidgets.QColorDialog: {"getColor": QtGui.QColor()},
    QtGui.QDesktopServices: {"openUrl": False},
}
