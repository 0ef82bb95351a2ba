"""Work that takes long, cut into pieces for the event loop: done in a thread, or handed to one bit by bit."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from typing import Any, Generic, TypeVar

from DicomSuiteGui.paced import SLICE_S

T = TypeVar("T")

_END: Any = object()
_HELD = 4
"""Items between the event loop and the thread; pictures are megabytes."""


class _StoppedError(Exception):
    """Nobody wants the result any more."""


def beside(function: Callable[[], T]) -> Generator[bool, None, T]:
    """Call `function`, which touches neither Qt nor MRML, in a thread; yields False while it runs, returns its result.

    What it raises is raised here.
    """
    outcome: list[tuple[Any, BaseException | None]] = []

    def run() -> None:
        try:
            outcome.append((function(), None))
        except BaseException as error:
            outcome.append((None, error))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(SLICE_S)
        yield False
    result, error = outcome[0]
    if error is not None:
        raise error
    return result


def consumed(items: Iterator[T], consume: Callable[[Iterator[T]], Any]) -> Generator[bool, None, None]:
    """Make `items` here and give them to `consume` in a thread; yields True after each item, False while waiting.

    Closed early, it makes `consume` fail and waits until that has tidied up.
    """
    feed: _Feed[T] = _Feed()
    consuming = beside(lambda: consume(feed.items()))
    try:
        for item in items:
            yield from _offered(feed, item, consuming)
            yield True
        yield from _offered(feed, _END, consuming)
        yield from consuming
    finally:
        feed.stop()
        with suppress(_StoppedError):
            for _waiting in consuming:
                pass


def _offered(feed: _Feed[T], item: T, consuming: Iterator[bool]) -> Iterator[bool]:
    """Wait until there is room for the item, and see whether its consumer is still well."""
    while not feed.offer(item):
        yield next(consuming)


class _Feed(Generic[T]):
    """A short queue from the event loop to a thread."""

    def __init__(self) -> None:
        self._queue: queue.Queue[T] = queue.Queue(_HELD)
        self._isStopped = threading.Event()

    def offer(self, item: T) -> bool:
        """Whether there was room for it."""
        try:
            self._queue.put_nowait(item)
        except queue.Full:
            return False
        return True

    def stop(self) -> None:
        """Nothing more comes, and what has come is not wanted."""
        self._isStopped.set()

    def items(self) -> Iterator[T]:
        """For the thread."""
        while True:
            try:
                item = self._queue.get(timeout=SLICE_S)
            except queue.Empty:
                item = None
            if item is _END:
                return
            if self._isStopped.is_set():
                raise _StoppedError
            if item is not None:
                yield item
