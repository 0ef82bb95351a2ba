"""One question to a `dicomsuite` child process, answered in the GUI thread; a new question replaces the old one."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import qt

from DicomSuiteGui.job_runner import HEADWAY_S, childEnvironment
from DicomSuiteGui.paced import SLICE_S
from DicomSuiteLib.child_process import ChildProcess, Ended, Event, LogLine, Part, Progress, Result
from DicomSuiteLib.errors import DicomSuiteError
from DicomSuiteLib.python_interpreter import dicomsuite_command

POLL_MS = 30


class ChildQuery:
    """Runs one command at a time, e.g. `dicomsuite survey`, whose answer may name patients and is kept nowhere.

    `answered` gets what the command reported as its result, `failed` a sentence that says why there is none,
    `progressed` how far it is, `taken` each part of an answer that comes in parts. However long
    an answer is, it is handed on in slices between the window's events.
    """

    def __init__(
        self,
        answered: Callable[[Mapping[str, Any]], None],
        failed: Callable[[str], None],
        progressed: Callable[[Progress], None] = lambda progress: None,
        taken: Callable[[Mapping[str, Any]], None] = lambda part: None,
    ) -> None:
        self._answered = answered
        self._failed = failed
        self._progressed = progressed
        self._taken = taken
        self._events: deque[Event] = deque()
        self._child: ChildProcess | None = None
        self._answer: Mapping[str, Any] | None = None
        self._lastLine = ""
        self._timer = qt.QTimer()
        self._timer.setInterval(POLL_MS)
        self._timer.connect("timeout()", self._poll)

    @property
    def isBusy(self) -> bool:
        """Whether an answer is awaited."""
        return self._child is not None

    def ask(self, arguments: Sequence[str], inputText: str = "") -> None:
        """Start `dicomsuite arguments` with `inputText` on its standard input; a former question is dropped."""
        self.drop()
        try:
            command = dicomsuite_command(arguments)
        except DicomSuiteError as error:
            self._failed(str(error))
            return
        self._answer, self._lastLine = None, ""
        self._child = ChildProcess(command, inputText, environment=childEnvironment())
        self._timer.start()

    def drop(self) -> None:
        """Want no answer any more; the child ends by itself soon."""
        self._timer.stop()
        if self._child is not None:
            self._child.cancel()
            self._child = None
        self._events.clear()

    def _poll(self) -> None:
        self._child.wait(HEADWAY_S)
        self._events.extend(self._child.events())
        deadline = time.monotonic() + SLICE_S
        while self._events and time.monotonic() < deadline:
            match event := self._events.popleft():
                case Progress():
                    self._progressed(event)
                case LogLine():
                    self._lastLine = event.text
                case Part():
                    self._taken(event.facts)
                case Result():
                    self._answer = event.facts
                case Ended():
                    self._end(event)
                    return

    def _end(self, end: Ended) -> None:
        self._timer.stop()
        self._child = None
        if self._answer is not None:
            self._answered(self._answer)
        else:
            self._failed(self._lastLine.removeprefix("dicomsuite: ") or f"exit code {end.exit_code}")
