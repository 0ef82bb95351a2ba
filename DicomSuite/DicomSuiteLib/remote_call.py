"""A call on its way to another process: packed, answered there, and the answer taken apart here.

Nothing is raised where the call is answered: an error travels back as part of the answer, so that no framework in
between logs it with its values.
"""

from __future__ import annotations

import pickle

from DicomSuiteLib.errors import WORKER_NOTE, describe_safely

TYPE_CHECKING = False  # typing is not imported: see the start-up budget in test_cli.py
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def packed(function: Callable[..., Any], arguments: tuple) -> bytes:
    """The call of a module-level function; its arguments can be pickled."""
    return pickle.dumps((function, arguments))


def answer(request: bytes) -> bytes:
    """Make the call that `packed` has packed; how it ended is for `unpacked`."""
    try:
        function, arguments = pickle.loads(request)
        return pickle.dumps((function(*arguments), None))
    except Exception as error:
        return _failure(error)


def unpacked(answered: bytes) -> tuple[Any, Exception | None]:
    """What the call returned, and what it raised."""
    return pickle.loads(answered)


def _failure(error: Exception) -> bytes:
    note = WORKER_NOTE + describe_safely(error)
    error.add_note(note)
    try:
        failure = pickle.dumps((None, error))
        pickle.loads(failure)
        return failure
    except Exception:  # an error of a kind that cannot travel
        stand_in = RuntimeError(f"{type(error).__qualname__}: {error}")
        stand_in.add_note(note)
        return pickle.dumps((None, stand_in))
