"""Short work that may wait for a slow disk, done beside the windows: sizes, lists, whether files exist."""

import logging
import threading
from collections.abc import Callable
from typing import Any

import qt

from DicomSuiteGui.paced import SLICE_S
from DicomSuiteLib.errors import describe_safely

POLL_MS = 30


class Background:
    """Runs functions that touch no Qt and no MRML, each in a thread; their results arrive in the GUI thread."""

    def __init__(self) -> None:
        self._tasks: list[_Task] = []
        self._timer = qt.QTimer()
        self._timer.setInterval(POLL_MS)
        self._timer.connect("timeout()", self._deliver)

    def run(self, function: Callable[[], Any], deliver: Callable[[Any], None]) -> None:
        """Call `function` in a thread and `deliver` with what it returned; what it raises is logged."""
        self._tasks.append(_Task(function, deliver))
        self._timer.start()

    def drop(self) -> None:
        """Deliver nothing of what is under way; its threads end by themselves and hold up no exit."""
        self._tasks.clear()
        self._timer.stop()

    def _deliver(self) -> None:
        if self._tasks:
            # Slicer's event loop keeps Python's lock while it idles; threads come forward only while Python waits.
            self._tasks[0].thread.join(SLICE_S)
        finished = [task for task in self._tasks if not task.thread.is_alive()]
        self._tasks = [task for task in self._tasks if task not in finished]
        if not self._tasks:
            self._timer.stop()
        for task in finished:
            if task.error is not None:
                logging.error(describe_safely(task.error))
            else:
                task.deliver(task.result)


class _Task:
    def __init__(self, function: Callable[[], Any], deliver: Callable[[Any], None]) -> None:
        self._function = function
        self.deliver = deliver
        self.result: Any = None
        self.error: Exception | None = None
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        try:
            self.result = self._function()
        except Exception as error:
            self.error = error
