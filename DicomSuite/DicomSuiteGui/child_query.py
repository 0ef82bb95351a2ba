"""One question to a `dicomsuite` child process, answered in the GUI thread; a new question replaces the old one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import qt

from DicomSuiteGui.job_runner import childEnvironment
from DicomSuiteLib.child_process import ChildProcess, Ended, LogLine, Progress, Result
from DicomSuiteLib.errors import DicomSuiteError
from DicomSuiteLib.python_interpreter import dicomsuite_command

POLL_MS = 30


class ChildQuery:
    """Runs one command at a time, e.g. `dicomsuite survey`, whose answer may name patients and is kept nowhere.

    `answered` gets what the command reported as its result, `failed` a sentence that says why there is none,
    `progressed` how many of how many items are done.
    """

    def __init__(
        self,
        answered: Callable[[Mapping[str, Any]], None],
        failed: Callable[[str], None],
        progressed: Callable[[int, int], None] = lambda done, total: None,
    ) -> None:
        self._answered = answered
        self._failed = failed
        self._progressed = progressed
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

    def _poll(self) -> None:
        for event in self._child.events():
            match event:
                case Progress():
                    self._progressed(event.done, event.total)
                case LogLine():
                    self._lastLine = event.text
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
