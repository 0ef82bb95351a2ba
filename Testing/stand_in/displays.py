"""``slicer.util``'s message boxes: they answer as under --testing, and count as unexpected dialogs."""

import functools
from collections.abc import Callable
from typing import Any

from stand_in import failures
from stand_in.failures import Kind

_ANSWERS = {
    "infoDisplay": None,
    "warningDisplay": None,
    "errorDisplay": None,
    "confirmOkCancelDisplay": True,
    "confirmYesNoDisplay": True,
    "confirmRetryCloseDisplay": True,
    "messageBox": 0,
}
"""What each of them returns in testing mode, where it shows nothing."""


def watch() -> None:
    import slicer.util

    for name, answer in _ANSWERS.items():
        setattr(slicer.util, name, _recorder(getattr(slicer.util, name), answer))


def _recorder(original: Callable, answer: Any) -> Callable:
    @functools.wraps(original)
    def display(text: str, *arguments: Any, **keywords: Any) -> Any:
        failures.record(Kind.DIALOG, f"slicer.util.{original.__name__}: {text}")
        return answer

    return display
