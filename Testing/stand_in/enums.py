"""Qt's enums as PythonQt shows them: values are ints on the class, the enum type has no members of its own."""

import enum
import re
import sys
from typing import Any

from stand_in import inventory

_SIGNATURE = re.compile(r"^\s*(PySide6[\w.]*)\((.*)\)$")
_originals: dict[str, type[enum.Enum]] = {}


class UnscopedEnum(type):
    """Metaclass of an enum type without members: ``qt.Qt.Orientation(1)`` works, ``.Horizontal`` of it fails."""

    members: type[enum.Enum]

    def __call__(cls, value: int = 0) -> Any:
        return cls.members(value)

    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, cls.members)

    def __getattr__(cls, name: str) -> Any:
        """PySide's own complaint about wrong arguments still finds the members; nobody else does."""
        if _asked_by_pyside():
            return getattr(cls.members, name)
        raise AttributeError(
            f"type object '{cls.__name__}' has no attribute '{name}' (PythonQt's enum values are on the class)"
        )


def _asked_by_pyside() -> bool:
    frame = sys._getframe(2)
    while frame is not None and frame.f_code.co_filename.startswith("<"):
        frame = frame.f_back
    return frame is not None and frame.f_code.co_filename.startswith("shibokensupport")


def unscope(cls: type) -> None:
    """Moves the values of every enum of a PySide class onto the class, as far as Qt 5.15 has them."""
    name = cls.__name__
    allowed = inventory.class_names(name).names if inventory.known(name) else None
    for enum_name, members in [item for item in vars(cls).items() if _is_enum(item[1])]:
        _originals[f"{cls.__module__}.{cls.__name__}.{enum_name}"] = members
        for member_name, member in members.__members__.items():
            if allowed is None or member_name in allowed:
                setattr(cls, member_name, member)
        namespace = {"__module__": cls.__module__, "__qualname__": f"{name}.{enum_name}", "members": members}
        setattr(cls, enum_name, UnscopedEnum(enum_name, (int,), namespace))


def _is_enum(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, enum.Enum)


def with_enums(arguments: tuple, message: str) -> tuple | None:
    """The arguments with ints turned into the enums that a signature named in PySide's complaint wants, or None."""
    for line in message.splitlines():
        match = _SIGNATURE.match(line)
        parameters = _parameter_types(match.group(2)) if match else []
        if match and len(arguments) <= len(parameters):
            converted = [_as_enum(value, kind) for value, kind in zip(arguments, parameters, strict=False)]
            if any(new is not old for new, old in zip(converted, arguments, strict=True)):
                return tuple(converted)
    return None


def _parameter_types(parameters: str) -> list[str]:
    found = [part.partition(":")[2].partition("=")[0].strip() for part in re.split(r",\s*(?![^\[]*\])", parameters)]
    return [kind for kind in found if kind]


def _as_enum(value: Any, kind: str) -> Any:
    members = _originals.get(kind)
    if members is None or not isinstance(value, int) or isinstance(value, (bool, members)):
        return value
    try:
        return members(int(value))
    except ValueError:
        return value
