"""Methods of Qt 5.15 that Qt 6 has dropped, renamed or changed."""

from collections.abc import Callable
from typing import Any

from PySide6 import QtCore, QtGui, QtWidgets

from stand_in import dialogs
from stand_in.unpatched import raw


def find(cls: type, name: str) -> Callable | None:
    """The function that stands in for a method of a class or one of its bases."""
    for base in cls.__mro__:
        function = _METHODS.get((base.__name__, name))
        if function is not None:
            return function
    return None


def set_property(obj: QtCore.QObject, name: str, value: Any) -> bool:
    """Writes a property that is none in Qt 6, through its setter; False where there is none."""
    setter = find(type(obj), "set" + name[0].upper() + name[1:])
    if setter is None:
        return False
    setter(obj, value)
    return True


def _set_filter_reg_exp(model: QtCore.QSortFilterProxyModel, pattern: str) -> None:
    raw(model, "setFilterRegularExpression")(pattern)


def _text_width(metrics: QtGui.QFontMetrics, text: str) -> int:
    return QtGui.QFontMetrics.horizontalAdvance(metrics, text)


def _set_margin(layout: QtWidgets.QLayout, margin: int) -> None:
    raw(layout, "setContentsMargins")(margin, margin, margin, margin)


def _set_ini_codec(settings: QtCore.QSettings, codec: str) -> None:
    """Qt 6 writes UTF-8 always."""


def _settings_value(settings: QtCore.QSettings, key: str, default: Any = None) -> Any:
    return raw(settings, "value")(key, default)


def _local_position(event: QtGui.QMouseEvent) -> QtCore.QPointF:
    return QtGui.QMouseEvent.position(event)


_METHODS: dict[tuple[str, str], Callable] = {
    ("QDialog", "exec"): dialogs.execute,
    ("QDialog", "open"): dialogs.open_dialog,
    ("QMenu", "exec"): dialogs.execute_menu,
    ("QSortFilterProxyModel", "setFilterRegExp"): _set_filter_reg_exp,
    ("QFontMetrics", "width"): _text_width,
    ("QLayout", "setMargin"): _set_margin,
    ("QSettings", "setIniCodec"): _set_ini_codec,
    ("QSettings", "value"): _settings_value,
    ("QMouseEvent", "localPos"): _local_position,
}
