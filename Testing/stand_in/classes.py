"""Which inventory entry describes a type: a PySide class, a stand-in for a C++ class, or one derived from them."""

import functools
from collections.abc import Iterable

from stand_in import inventory
from stand_in.inventory import ClassNames

STAND_INS: dict[str, type] = {}
"""The Python classes that stand in for the ctk, qMRML and qSlicer classes, by C++ class name."""


def stands_in(cls: type) -> type:
    """Class decorator: the class stands in for the C++ class of the same name."""
    inventory.class_names(cls.__name__)  # a class that Slicer does not have is a mistake
    STAND_INS[cls.__name__] = cls
    return cls


def is_cxx(cls: type) -> bool:
    """Whether PythonQt would show this class as a C++ class, to which no Python attribute can be added."""
    return cls.__module__.startswith(("PySide6", "stand_in.widgets.")) or STAND_INS.get(cls.__name__) is cls


@functools.cache
def names(cls: type) -> ClassNames | None:
    """What Slicer has on the nearest C++ class of a type; None where the inventory knows none of its bases."""
    for base in cls.__mro__:
        if is_cxx(base) and inventory.known(base.__name__):
            return inventory.class_names(base.__name__)
    return None


@functools.cache
def python_names(cls: type) -> frozenset[str]:
    """Names that Python code added to a C++ class by deriving from it."""
    return frozenset(_own_names(base for base in cls.__mro__ if not is_cxx(base) and not _is_builtin(base)))


def _own_names(bases: Iterable[type]) -> set[str]:
    return {name for base in bases for name in vars(base)}


def _is_builtin(cls: type) -> bool:
    return cls.__module__.startswith(("builtins", "Shiboken", "shiboken"))
