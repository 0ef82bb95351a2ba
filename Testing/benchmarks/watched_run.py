"""A run of `dicomsuite … --progress json`, watched from outside: its rate over time, its memory (Linux)."""

from __future__ import annotations

import json
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class WatchedRun:
    """`progress` holds (seconds since the start, files done) for every line of progress."""

    exit_code: int
    wall_s: float
    progress: tuple[tuple[float, int], ...]
    peak_mb_by_process: tuple[float, ...]

    @property
    def peak_mb(self) -> float:
        """Peak resident memory, in megabytes, of the largest process."""
        return max(self.peak_mb_by_process)

    def rate(self, start: float, end: float) -> float:
        """Files per second between two fractions of all files."""
        total = self.progress[-1][1]
        return (end - start) * total / (self._moment(end * total) - self._moment(start * total))

    def _moment(self, done: float) -> float:
        """When `done` files were finished, interpolated; counting begins at the first line of progress."""
        before = self.progress[0]
        for after in self.progress[1:]:
            if after[1] >= done:
                share = (done - before[1]) / (after[1] - before[1])
                return before[0] + max(share, 0.0) * (after[0] - before[0])
            before = after
        return before[0]


def watch(command: list[str], environment: dict[str, str]) -> WatchedRun:
    """Run `command`, reading progress from its standard error and memory from /proc at every line of it."""
    started = time.perf_counter()
    progress: list[tuple[float, int]] = []
    peaks: dict[int, float] = {}
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment
    ) as child:
        for line in child.stderr:
            if line.startswith(b"{"):
                progress.append((time.perf_counter() - started, json.loads(line)["done"]))
                peaks.update({pid: _peak_mb(pid) or peaks.get(pid, 0.0) for pid in _family(child.pid)})
    wall_s = time.perf_counter() - started
    return WatchedRun(child.returncode, wall_s, tuple(progress), tuple(peaks.values()))


def _family(pid: int) -> list[int]:
    """`pid` and all its descendants."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except FileNotFoundError:  # the process has ended
        return [pid]
    return [pid, *(descendant for child in children for descendant in _family(int(child)))]


def _peak_mb(pid: int) -> float:
    """Peak resident memory in megabytes; 0 once the process has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return 0.0
    kilobytes = (line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))
    return int(next(kilobytes, 0)) / 1024  # a process that has ended but was not waited for has no such line
