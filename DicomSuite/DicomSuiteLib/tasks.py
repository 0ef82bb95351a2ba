"""What stops a long job politely: a token, the signals that set it; and the states a job can be in."""

from __future__ import annotations

import enum
from contextlib import contextmanager

from DicomSuiteLib.errors import DicomSuiteError

TYPE_CHECKING = False  # typing is not imported: see the start-up budget in test_cli.py
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType


class State(enum.StrEnum):
    """Where a job stands."""

    PENDING = "pending"
    RUNNING = "running"
    SUCCESS = "success"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Cancelled(DicomSuiteError):
    """The job stopped because it was asked to, not because something is wrong."""

    exit_code = 130  # 128 + SIGINT, as shells report it


class CancelToken:
    """One job's request to stop, shared by whoever may ask and whoever does the work.

    It is a bare attribute and not a threading.Event: an Event's lock is not re-entrant, so a signal handler
    that sets one while its own thread holds that lock would wait for ever.
    """

    def __init__(self) -> None:
        self._cancelled = False

    @property
    def cancelled(self) -> bool:
        """True once anyone has asked; never False again."""
        return self._cancelled

    def cancel(self) -> None:
        """Ask the job to stop at the next point where nothing is half done."""
        self._cancelled = True

    def raise_if_cancelled(self) -> None:
        """Raise Cancelled if anyone has asked the job to stop."""
        if self._cancelled:
            raise Cancelled("stopped on request")


@contextmanager
def cancel_on_signals(token: CancelToken) -> Iterator[None]:
    """Let Ctrl-C cancel the token, so that the job ends at the next good point; raise KeyboardInterrupt at once
    for a second Ctrl-C and for the polite request to end (SIGTERM, on Windows Ctrl-Break).

    A signal that the caller's environment ignores (a shell's background job) stays ignored. Off the main
    thread, where Python allows no handlers, nothing is changed. The former handlers come back at the end.
    """
    import signal

    def handle(number: int, _frame: FrameType | None) -> None:
        at_once = token.cancelled or number != signal.SIGINT
        token.cancel()
        if at_once:
            raise KeyboardInterrupt

    numbers = [signal.SIGINT, signal.SIGTERM, *([signal.SIGBREAK] if hasattr(signal, "SIGBREAK") else [])]
    former = {}
    try:
        for number in numbers:
            if signal.getsignal(number) not in (signal.SIG_IGN, None):  # None: C code's, cannot be put back
                former[number] = signal.signal(number, handle)
    except ValueError:  # not the main thread of the main interpreter
        pass
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
