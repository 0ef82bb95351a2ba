"""Attribute access as PythonQt has it: properties are attributes, and what Slicer does not have does not exist."""

import contextlib
import enum
import functools
import sys
import types
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import shiboken6
from PySide6 import QtCore, QtWidgets

from stand_in import classes, qt5_methods, signals
from stand_in.calls import Method, as_python, refuse_lone_surrogates
from stand_in.unpatched import raw

_own_getters: dict[type, Callable] = {}
_MISSING = object()
# Properties whose getter is virtual: PySide asks for them too, looking for a method that Python overrides.
_VIRTUAL_PROPERTIES = {
    "sizeHint": QtWidgets.QWidget,
    "minimumSizeHint": QtWidgets.QWidget,
    "text": QtWidgets.QProgressBar,
}
_keep_children_off = False


@contextlib.contextmanager
def children_kept_off() -> Iterator[None]:
    """While PySide's QUiLoader works, which sets every child as an attribute of the top widget."""
    global _keep_children_off
    _keep_children_off = True
    try:
        yield
    finally:
        _keep_children_off = False


def install(cls: type) -> None:
    """Gives a PySide class PythonQt's attribute access. Subclasses have slots of their own, so each class needs it."""
    is_object = issubclass(cls, QtCore.QObject)
    if "__getattribute__" in vars(cls):
        _own_getters[cls] = cls.__getattribute__
    cls.__getattribute__ = object_attribute if is_object else value_attribute
    cls.__setattr__ = set_object_attribute if is_object else set_value_attribute


def object_attribute(obj: QtCore.QObject, name: str) -> Any:
    """``obj.name`` of a QObject."""
    cls = type(obj)
    if name[0] == "_" or name in classes.python_names(cls):
        return raw(obj, name)
    if not classes.is_cxx(cls) and name in raw(obj, "__dict__"):
        return raw(obj, name)
    if name in _VIRTUAL_PROPERTIES and isinstance(obj, _VIRTUAL_PROPERTIES[name]) and not _python_asks(name):
        return raw(obj, name)
    if not shiboken6.isValid(obj):
        raise ValueError(f"Trying to read property '{name}' from a destroyed {cls.__name__} object")
    names = classes.names(cls)
    if name in names.properties:
        return as_python(_read(obj, name))
    if name in names.signal_names:
        return signals.BoundSignal(obj, name)
    if name in _EXTRA:
        return types.MethodType(_EXTRA[name], obj)
    if name == "name":
        return raw(obj, "objectName")()
    if name in names.names or name.rstrip("_") in names.names:
        return _method(obj, name) if _python_asks(name) else _getter(obj)(obj, name)
    found = _dynamic_property_or_child(obj, name)
    if found is _MISSING and not _python_asks(name):
        return _getter(obj)(obj, name)
    if found is _MISSING:
        raise AttributeError(f"{cls.__name__} has no attribute named '{name}'")
    return found


def _python_asks(name: str) -> bool:
    """False where PySide asks from C++, looking for a Python method that overrides a virtual one."""
    frame = sys._getframe(1).f_back
    return frame is not None and (name in frame.f_code.co_names or name in frame.f_code.co_consts)


def _is_inside(frame: FrameType) -> bool:
    """Whether code is the stand-in's own, which keeps its state on the widgets."""
    return frame.f_globals.get("__name__", "").startswith("stand_in.")


def _read(obj: QtCore.QObject, name: str) -> Any:
    meta = raw(obj, "metaObject")()
    index = meta.indexOfProperty(name)
    if index >= 0:
        return meta.property(index).read(obj)
    return raw(obj, name)()  # a property in Qt 5, in Qt 6 a method only


def _method(obj: Any, name: str) -> Any:
    """A method, enum value or enum type of a C++ class; a trailing underscore is PythonQt's for Python's keywords."""
    cls = type(obj)
    get = _getter(obj)
    replacement = qt5_methods.find(cls, name.rstrip("_"))
    if replacement is not None:
        return Method(cls.__name__, name, types.MethodType(replacement, obj))
    try:
        value = get(obj, name)
    except AttributeError:
        value = _get_reserved(obj, name)
    return Method(cls.__name__, name, value) if callable(value) and not isinstance(value, type) else value


def _getter(obj: Any) -> Callable:
    """PySide's attribute access of the object's class: where functions are static and not, a class has its own."""
    return _class_getter(type(obj))


@functools.cache
def _class_getter(cls: type) -> Callable:
    own = (_own_getters[base] for base in cls.__mro__ if base in _own_getters)
    return next(own, raw if issubclass(cls, QtCore.QObject) else object.__getattribute__)


def _get_reserved(obj: Any, name: str) -> Any:
    other = name[:-1] if name.endswith("_") else name + "_"
    try:
        return _getter(obj)(obj, other)
    except AttributeError:
        raise AttributeError(
            f"{type(obj).__name__}.{name} exists in Slicer, but the stand-in does not offer it"
        ) from None


def _dynamic_property_or_child(obj: QtCore.QObject, name: str) -> Any:
    if name in dynamic_properties(obj):
        return as_python(raw(obj, "property")(name))
    for child in raw(obj, "children")():
        if raw(child, "objectName")() == name:
            return child
    return _MISSING


def dynamic_properties(obj: QtCore.QObject) -> set[str]:
    return {bytes(name.data()).decode() for name in raw(obj, "dynamicPropertyNames")()}


def set_object_attribute(obj: QtCore.QObject, name: str, value: Any) -> None:
    """``obj.name = value`` of a QObject."""
    cls = type(obj)
    names = classes.names(cls)
    if isinstance(value, QtCore.SignalInstance) or name[0] == "_" and _is_inside(sys._getframe(1)):
        _set_python_attribute(obj, name, value)  # PySide keeps its bound signals there
    elif _keep_children_off and isinstance(value, QtCore.QObject):
        return
    elif name in names.properties and name not in classes.python_names(cls):
        write_property(obj, name, value, names.properties[name])
    elif name == "name":
        raw(obj, "setObjectName")(value)
    elif name in dynamic_properties(obj):
        raw(obj, "setProperty")(name, value)
    elif classes.is_cxx(cls):
        what = f"'{name}' can not be overwritten on" if name in names else f"there is no attribute '{name}' to set on"
        raise AttributeError(f"{what} {cls.__name__}, and C++ objects take no new attributes")
    else:
        _set_python_attribute(obj, name, value)


def write_property(obj: QtCore.QObject, name: str, value: Any, type_name: str) -> None:
    """Raises AttributeError, as PythonQt does, for a read-only property and for a value of another type."""
    if type_name.endswith(" read-only"):
        raise AttributeError(f"Property '{name}' of {type(obj).__name__} object is not writable")
    refuse_lone_surrogates(name, (value,))
    converted = _converted(value, type_name)
    meta = raw(obj, "metaObject")()
    index = meta.indexOfProperty(name)
    if converted is not _MISSING and index >= 0 and meta.property(index).write(obj, converted):
        return
    if converted is not _MISSING and index < 0 and qt5_methods.set_property(obj, name, converted):
        return
    given = f"{type(value).__name__} ({value!r})"
    raise AttributeError(f"Property '{name}' of type '{type_name}' of {type(obj).__name__} does not accept {given}")


_NUMBERS = {"bool": bool, "int": int, "uint": int, "double": float}


def _converted(value: Any, type_name: str) -> Any:
    """The value as the C++ type wants it, or _MISSING."""
    if type_name in _NUMBERS:
        return _NUMBERS[type_name](value) if isinstance(value, (bool, int, float)) else _MISSING
    if type_name == "QString":
        return value if isinstance(value, str) else _MISSING
    if type_name == "QStringList":
        accepted = isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value)
        return list(value) if accepted else _MISSING
    if isinstance(value, enum.Enum) and isinstance(value, int):
        return value
    return _MISSING if value is None else value


def _set_python_attribute(obj: Any, name: str, value: Any) -> None:
    """What ``object.__setattr__`` does; it refuses to run on a type whose own slot has been replaced."""
    for cls in type(obj).__mro__:
        descriptor = vars(cls).get(name)
        if descriptor is not None and hasattr(type(descriptor), "__set__"):
            descriptor.__set__(obj, value)
            return
    _getter(obj)(obj, "__dict__")[name] = value


_ASKED_BY_QT = frozenset(("devType", "initPainter", "metric", "paintEngine", "redirected", "sharedPainter"))
"""Virtual functions of a picture that PySide looks for in Python when something is painted on it."""


def value_attribute(obj: Any, name: str) -> Any:
    """``obj.name`` of a value class such as QColor or QTableWidgetItem: what Qt 5.15 has."""
    cls = type(obj)
    if name[0] == "_" or name in _ASKED_BY_QT or name in classes.python_names(cls):
        return object.__getattribute__(obj, name)
    names = classes.names(cls)
    if names is not None and name not in names and name.rstrip("_") not in names:
        raise AttributeError(f"{cls.__name__} has no attribute named '{name}'")
    return _method(obj, name)


def set_value_attribute(obj: Any, name: str, value: Any) -> None:
    if classes.is_cxx(type(obj)):
        raise AttributeError(f"there is no attribute '{name}' to set on {type(obj).__name__}")
    _set_python_attribute(obj, name, value)


def _class_name(obj: QtCore.QObject) -> str:
    return type(obj).__name__ if type(obj).__name__ in classes.STAND_INS else raw(obj, "metaObject")().className()


def _find_children(obj: QtCore.QObject, cls: Any = QtCore.QObject, name: str | None = None) -> tuple:
    found = raw(obj, "findChildren")(_named_class(cls))
    return tuple(child for child in found if name is None or raw(child, "objectName")() == name)


def _find_child(obj: QtCore.QObject, cls: Any = QtCore.QObject, name: str | None = None) -> Any:
    return next(iter(_find_children(obj, cls, name)), None)


def _named_class(cls: Any) -> type:
    if not isinstance(cls, str):
        return cls
    import qt

    return classes.STAND_INS.get(cls) or getattr(qt, cls)


def _delete(obj: QtCore.QObject) -> None:
    shiboken6.delete(obj)


def _inherits(obj: QtCore.QObject, class_name: str) -> bool:
    return any(cls.__name__ == class_name for cls in type(obj).__mro__) or raw(obj, "inherits")(class_name)


_EXTRA = {
    "connect": signals.connect,
    "disconnect": signals.disconnect,
    "className": _class_name,
    "findChildren": _find_children,
    "findChild": _find_child,
    "delete": _delete,
    "inherits": _inherits,
}
