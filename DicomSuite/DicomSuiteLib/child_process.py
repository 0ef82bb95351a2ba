"""A child process that never blocks its caller, and that goes with everything it started when it is cancelled.

All waiting is done by threads: starting it, feeding its standard input, reading its output, ending its process
group. The caller asks now and then what has come. Of a chatty child only the last lines and the last progress
are kept, so that memory stays flat.

A child whose parent is killed finds its pipes closed and ends at its next report (exit code 141).
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any

from DicomSuiteLib.unfinished_files import remove_unfinished_files

GRACE_S = 0.6
"""How long a child may take to end by itself once it is asked to; then it is killed."""
KILLED_S = 5.0
"""How long the system may take to end processes that were killed."""
KEPT_LINES = 200
LINE_LENGTH = 500  # characters; the rest of a longer line is a line of its own

_PROGRESS_FIELDS = ("done", "total", "rate", "remaining_s", "elapsed_s")


@dataclass(frozen=True)
class Progress:
    """A line of `--progress json`: `rate` in items/s, `remaining_s` in seconds, None where it is not known."""

    done: int
    total: int
    rate: float
    remaining_s: float | None
    counts: Mapping[str, int]


@dataclass(frozen=True)
class LogLine:
    """A line that is neither progress nor result; it may name paths."""

    text: str


@dataclass(frozen=True)
class Part:
    """One of many things that a command reports one by one, so that a long answer can be taken in bit by bit."""

    facts: Mapping[str, Any]


@dataclass(frozen=True)
class Result:
    """What the command reported at its end."""

    facts: Mapping[str, Any]


@dataclass(frozen=True)
class Ended:
    """The last event; nothing of the process group is left. `exit_code` is None where it could not start."""

    exit_code: int | None
    was_cancelled: bool


Event = Progress | LogLine | Part | Result | Ended


class ChildProcess:
    """Runs `command` with `input_text` on its standard input.

    `environment` defaults to this process's own; `output` is the folder in which unfinished files
    (".<name>.part") are removed after a cancel or a crash. Starting happens in the background: a command that
    cannot start gives a LogLine that says why, and Ended(None).
    """

    def __init__(
        self,
        command: Sequence[str],
        input_text: str = "",
        *,
        environment: Mapping[str, str] | None = None,
        output: str = "",
    ) -> None:
        self._command = list(command)
        self._input = input_text.encode("utf-8", "surrogateescape")
        self._environment = environment
        self._output = output
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._was_cancelled = False
        self._lines: deque[str] = deque(maxlen=KEPT_LINES)
        self._parts: list[Part] = []
        self._progress: Progress | None = None
        self._result: Result | None = None
        self._ended: Ended | None = None
        self._supervisor = threading.Thread(target=self._supervise, name="DicomSuite job", daemon=True)
        self._supervisor.start()

    def events(self) -> list[Event]:
        """What has come since the last call, without waiting: log, parts, progress, result and at last Ended, once."""
        with self._lock:
            events: list[Event] = [*map(LogLine, self._lines), *self._parts]
            events += filter(None, (self._progress, self._result, self._ended))
            self._lines.clear()
            self._parts.clear()
            self._progress = self._result = self._ended = None
        return events

    def cancel(self) -> None:
        """Ask the process group to end; what still runs after GRACE_S is killed. Returns at once."""
        with self._lock:
            if self._was_cancelled:
                return
            self._was_cancelled = True
            process = self._process
        if process is not None:
            self._end_group(process)

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for the end, up to `timeout` seconds; tell whether it has come."""
        self._supervisor.join(timeout)
        return not self._supervisor.is_alive()

    def _supervise(self) -> None:
        try:
            process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=self._environment,
                **_own_group(),
            )
        except OSError as error:
            self._note(f"{self._command[0]} cannot be started: {error.strerror}")
            self._finish(None)
            return
        with self._lock:
            self._process = process
            cancelled_meanwhile = self._was_cancelled
        if cancelled_meanwhile:
            self._end_group(process)
        readers = [
            _thread(self._feed, process.stdin),
            _thread(self._read, process.stdout),
            _thread(self._read, process.stderr),
        ]
        exit_code = process.wait()
        _wait_for(readers, GRACE_S)  # they end when every process that shares the pipes has ended
        _kill_group(process)
        _wait_for(readers, KILLED_S)  # of those that were killed
        if self._was_cancelled or exit_code < 0:
            remove_unfinished_files(self._output)
        self._finish(exit_code)

    def _end_group(self, process: subprocess.Popen) -> None:
        _ask_group_to_end(process)
        killer = threading.Timer(GRACE_S, self._kill_if_alive, (process,))
        killer.daemon = True
        killer.start()

    def _kill_if_alive(self, process: subprocess.Popen) -> None:
        if self._supervisor.is_alive():
            _kill_group(process)

    def _feed(self, stream: IO[bytes]) -> None:
        with contextlib.suppress(OSError):  # the child has ended, or wants no more
            stream.write(self._input)
        with contextlib.suppress(OSError):
            stream.close()

    def _read(self, stream: IO[bytes]) -> None:
        with stream:
            for line in stream:
                self._take(line.decode("utf-8", "replace").rstrip())

    def _take(self, line: str) -> None:
        facts = _json_object(line)
        if facts is not None and set(facts) == {"result"} and isinstance(facts["result"], dict):
            with self._lock:
                self._result = Result(facts["result"])
        elif facts is not None and set(facts) == {"part"} and isinstance(facts["part"], dict):
            with self._lock:
                self._parts.append(Part(facts["part"]))
        elif facts is not None and {"done", "total"} <= facts.keys():
            with self._lock:
                self._progress = _progress(facts)
        elif line:
            self._note(line)

    def _note(self, line: str) -> None:
        with self._lock:
            self._lines.extend(line[at : at + LINE_LENGTH] for at in range(0, len(line), LINE_LENGTH))

    def _finish(self, exit_code: int | None) -> None:
        with self._lock:
            self._ended = Ended(exit_code, self._was_cancelled)


def _json_object(line: str) -> dict | None:
    if not line.startswith("{"):
        return None
    try:
        return json.loads(line)
    except ValueError:
        return None


def _progress(facts: dict) -> Progress:
    counts = {name: value for name, value in facts.items() if name not in _PROGRESS_FIELDS}
    return Progress(facts["done"], facts["total"], facts.get("rate") or 0.0, facts.get("remaining_s"), counts)


def _thread(function: Any, *arguments: Any) -> threading.Thread:
    thread = threading.Thread(target=function, args=arguments, daemon=True)
    thread.start()
    return thread


def _wait_for(threads: list[threading.Thread], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    for thread in threads:
        thread.join(max(deadline - time.monotonic(), 0))


if os.name == "nt":

    def _own_group() -> dict[str, Any]:
        """A process group of its own, so that Ctrl-Break reaches it alone, and no console window."""
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}

    def _ask_group_to_end(process: subprocess.Popen) -> None:
        with contextlib.suppress(OSError):  # the child has ended, or has no console in common with us
            process.send_signal(signal.CTRL_BREAK_EVENT)

    def _kill_group(process: subprocess.Popen) -> None:
        command = ["taskkill", "/T", "/F", "/PID", str(process.pid)]
        subprocess.run(command, capture_output=True, check=False, creationflags=subprocess.CREATE_NO_WINDOW)

else:

    def _own_group() -> dict[str, Any]:
        """A session of its own: the launcher PythonSlicer and what it starts share one process group."""
        return {"start_new_session": True}

    def _ask_group_to_end(process: subprocess.Popen) -> None:
        _signal_group(process, signal.SIGTERM)

    def _kill_group(process: subprocess.Popen) -> None:
        _signal_group(process, signal.SIGKILL)

    def _signal_group(process: subprocess.Popen, number: int) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS: only zombies are left
            os.killpg(process.pid, number)
