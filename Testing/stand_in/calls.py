"""Calling C++ through PythonQt: no keywords, ints for enums, tuples for lists, ValueError for wrong arguments."""

from collections.abc import Callable, Iterable
from typing import Any

from stand_in import enums


class Method:
    """A bound C++ method."""

    __slots__ = ("_function", "_owner", "__name__")

    def __init__(self, owner: str, name: str, function: Callable) -> None:
        self._owner = owner
        self._function = function
        self.__name__ = name

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        return as_python(call(f"{self._owner}.{self.__name__}", self._function, arguments, keywords))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Method) and self._function == other._function

    def __hash__(self) -> int:
        return hash(self.__name__)

    def __repr__(self) -> str:
        return f"<{self._owner}.{self.__name__}>"


def call(name: str, function: Callable, arguments: tuple, keywords: dict) -> Any:
    """Raises TypeError for keyword arguments, ValueError where no overload takes the arguments."""
    if keywords:
        raise TypeError(f"{name}() takes no keyword arguments in PythonQt: {sorted(keywords)}")
    refuse_lone_surrogates(name, arguments)
    try:
        return function(*arguments)
    except TypeError as error:
        retry = enums.with_enums(arguments, str(error))
        if retry is None:
            raise ValueError(f"no overload of {name} takes {arguments!r}: {error}") from None
    try:
        return function(*retry)
    except TypeError as error:
        raise ValueError(f"no overload of {name} takes {arguments!r}: {error}") from None


def refuse_lone_surrogates(name: str, values: Iterable[Any]) -> None:
    """SystemError for a text such as a file name that is no UTF-8: PythonQt loses it and leaves an error behind."""
    for value in values:
        if isinstance(value, (list, tuple)):
            refuse_lone_surrogates(name, value)
        elif isinstance(value, str) and not _is_unicode(value):
            raise SystemError(f"{name} returned a result with an exception set: {value!r} is not Unicode")


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def as_python(value: Any) -> Any:
    """PythonQt hands out every C++ list as a tuple."""
    return tuple(as_python(item) for item in value) if isinstance(value, list) else value
