"""What a job is: a `dicomsuite` command that runs as a child process, how far it is, and how it ended."""

from __future__ import annotations

import itertools
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from DicomSuiteLib.command_output import EXIT_SOME_REFUSED
from DicomSuiteLib.tasks import Cancelled, State

EXIT_DONE = 0

LIVE_STATES = frozenset({State.PENDING, State.RUNNING})

CANCELLED_BY_USER = "cancelled on request"
CANCELLED_BY_EXIT = "cancelled because Slicer was closed"
LOST = "Slicer ended while this job was running"

_REFUSED_COUNTS = ("quarantined", "refused", "unreadable")


@dataclass(frozen=True)
class JobRequest:
    """What to run.

    `kind` groups jobs (e.g. "anonymize"); `title` is shown and logged, so it names no patient; `arguments`
    are what follows `dicomsuite` on the command line; `output` is the folder or file that will hold the
    result; `input_text` is what the child reads from its standard input, e.g. one path a line.
    """

    kind: str
    title: str
    arguments: tuple[str, ...]
    output: str = ""
    input_text: str = ""

    @property
    def cluster(self) -> str:
        """Scheduler of the cluster that does the work; "" for this computer."""
        return next((address for word, address in itertools.pairwise(self.arguments) if word == "--dask"), "")


@dataclass(frozen=True)
class Job:
    """A request and where it stands; a snapshot, replaced by a new one whenever something changes.

    `rate` is in items/s, `remaining_s` in seconds (None: not known), `created`, `started` and `finished` in
    seconds since 1970 (None: not yet); `result` is what the command itself reported at its end; `is_own`
    tells whether this Slicer runs it, and so can cancel it.
    """

    id: str
    request: JobRequest
    created: float
    state: State = State.PENDING
    done: int = 0
    total: int = 0
    rate: float = 0.0
    remaining_s: float | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    reason: str = ""
    exit_code: int | None = None
    result: Mapping[str, Any] = field(default_factory=dict)
    log: tuple[str, ...] = ()
    started: float | None = None
    finished: float | None = None
    is_own: bool = True

    @property
    def is_live(self) -> bool:
        """Tell whether the job waits or runs."""
        return self.state in LIVE_STATES

    def duration_s(self, now: float) -> float | None:
        """Seconds from start to end, or to `now` while it runs; None where it never started."""
        if self.started is None:
            return None
        return max((now if self.finished is None else self.finished) - self.started, 0.0)


def repeated(request: JobRequest, taken: Collection[str]) -> JobRequest:
    """The same once more, into an output of its own: commands refuse a folder that holds something.

    `taken` are outputs that other jobs have or will have.
    """
    if not request.output:
        return request
    path = Path(request.output)
    names = (str(path.with_name(f"{path.stem}-{number}{path.suffix}")) for number in itertools.count(2))
    output = next(name for name in names if name not in taken and not os.path.exists(name))
    arguments = tuple(output if word == request.output else word for word in request.arguments)
    return replace(request, arguments=arguments, output=output)


def outcome(exit_code: int | None, counts: Mapping[str, int], last_line: str) -> tuple[State, str]:
    """State and reason that an exit code of `dicomsuite` stands for; None: the process could not start.

    `last_line` of the log says why a command failed.
    """
    if exit_code == EXIT_DONE:
        return State.SUCCESS, ""
    if exit_code == EXIT_SOME_REFUSED:
        refused = sum(counts.get(name, 0) for name in _REFUSED_COUNTS)
        return State.SUCCESS, f"{refused} refused" if refused else "some inputs were refused"
    if exit_code == Cancelled.exit_code:
        return State.CANCELLED, CANCELLED_BY_USER
    if exit_code is not None and exit_code < 0:
        return State.FAILED, f"the process was killed by signal {-exit_code}"
    return State.FAILED, last_line or f"the process ended with exit code {exit_code}"
