"""What stand-ins for C++ widgets are declared with: Qt properties, and the scene of MRML widgets."""

from collections.abc import Callable
from typing import Any

from PySide6 import QtCore


def stored(kind: Any, default: Any, changed: Callable[[Any, Any], None] | None = None) -> "Stored":
    """A Qt property kept on the instance, with its ``setX`` method; ``changed(self, value)`` runs after a change."""
    return Stored(kind, default, changed)


class Stored:
    """Placeholder that becomes a Qt property once its name is known."""

    def __init__(self, kind: Any, default: Any, changed: Callable | None) -> None:
        self.kind, self.default, self.changed = kind, default, changed

    def __set_name__(self, owner: type, name: str) -> None:
        key, default, changed = f"_{name}", self.default, self.changed

        def read(widget: Any) -> Any:
            return widget.__dict__.get(key, default)

        def write(widget: Any, value: Any) -> None:
            if value != read(widget):
                widget.__dict__[key] = value
                if changed:
                    changed(widget, value)

        setattr(owner, name, QtCore.Property(self.kind, read, write))
        setter = "set" + name[0].upper() + name[1:]
        if setter not in vars(owner):
            setattr(owner, setter, write)


class HasScene:
    """What MRML widgets have whose scene changes nothing in them."""

    _scene: Any = None

    def mrmlScene(self) -> Any:
        return self._scene

    def setMRMLScene(self, scene: Any) -> None:
        self._scene = scene
