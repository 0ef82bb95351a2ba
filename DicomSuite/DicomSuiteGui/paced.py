"""Long loops of the GUI thread, done in slices between its events, so that the windows never freeze."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import qt

SLICE_S = 0.02


class Paced:
    """Takes the items of one iterator at a time, SLICE_S seconds' worth of them per turn of the event loop."""

    def __init__(self) -> None:
        self._items: Iterator[Any] | None = None
        self._take: Callable[[Any], None] = lambda item: None
        self._finished: Callable[[], None] = lambda: None
        self._timer = qt.QTimer()
        self._timer.setInterval(0)
        self._timer.connect("timeout()", self._work)

    @property
    def isBusy(self) -> bool:
        """Whether items are left."""
        return self._items is not None

    def start(self, items: Iterator[Any], take: Callable[[Any], None], finished: Callable[[], None]) -> None:
        """Call `take` with every item, then `finished`; what was being done before is dropped."""
        self._items, self._take, self._finished = iter(items), take, finished
        self._timer.start()

    def stop(self) -> None:
        """Drop what is left."""
        self._timer.stop()
        self._items = None

    def _work(self) -> None:
        items, deadline = self._items, time.monotonic() + SLICE_S
        while items is self._items and time.monotonic() < deadline:
            try:
                item = next(items)
            except StopIteration:
                self.stop()
                self._finished()
                return
            self._take(item)
