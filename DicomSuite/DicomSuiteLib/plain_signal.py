"""A signal in plain Python: whoever is interested connects a function, whoever has news emits."""

from collections.abc import Callable
from typing import Any


class Signal:
    """Calls the connected functions, in the order of connection, on the thread that emits.

    What a function raises reaches the emitter. A function may connect and disconnect others, or itself,
    while it is called: the change holds from the next emission on.
    """

    def __init__(self) -> None:
        self._functions: list[Callable[..., Any]] = []

    def connect(self, function: Callable[..., Any]) -> None:
        """Have `function` called at each emission; connecting it again changes nothing."""
        if function not in self._functions:
            self._functions.append(function)

    def disconnect(self, function: Callable[..., Any]) -> None:
        """Have `function` no longer called; it need not be connected."""
        if function in self._functions:
            self._functions.remove(function)

    def emit(self, *arguments: Any) -> None:
        """Call every connected function with `arguments`."""
        for function in tuple(self._functions):
            function(*arguments)
