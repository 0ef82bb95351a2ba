"""What went wrong behind a test's back: slots that raised, missing signals, VTK errors, unexpected dialogs."""

import contextlib
import enum
import traceback
from collections.abc import Iterator
from dataclasses import dataclass


class Kind(enum.Enum):
    SLOT = "a slot raised"
    CONNECT = "a signal could not be connected"
    VTK = "VTK printed"
    DIALOG = "a dialog opened unexpectedly"
    OBSERVER = "an observer or a virtual method raised"
    QT = "Qt printed"


@dataclass(frozen=True)
class Failure:
    kind: Kind
    text: str

    def __str__(self) -> str:
        return f"{self.kind.value}: {self.text}"


_recorded: list[Failure] = []


def record(kind: Kind, text: str) -> None:
    _recorded.append(Failure(kind, text))


def record_exception(kind: Kind, error: BaseException) -> None:
    record(kind, "".join(traceback.format_exception(error)))


def take() -> list[Failure]:
    """Hands out what has been recorded since the last call, and forgets it."""
    taken = list(_recorded)
    _recorded.clear()
    return taken


@contextlib.contextmanager
def expected(*kinds: Kind) -> Iterator[list[Failure]]:
    """Failures of these kinds are what the block is about: they go to the list, and at least one must come."""
    caught: list[Failure] = []
    start = len(_recorded)
    try:
        yield caught
    finally:
        inside = _recorded[start:]
        caught += [failure for failure in inside if failure.kind in kinds]
        _recorded[start:] = [failure for failure in inside if failure.kind not in kinds]
    if not caught:
        raise AssertionError(f"expected, but did not happen: {' or '.join(kind.value for kind in kinds)}")
