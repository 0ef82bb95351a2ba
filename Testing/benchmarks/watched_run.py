"""A run of `dicomsuite … --progress json`, watched from outside: its rate over time, its memory (Linux)."""

from __future__ import annotations

import json
import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class WatchedRun:
    """For every line of progress: `progress` holds (seconds since the start, files done), `memory` (files done, MB) and
    `cpu` (files done, seconds), the latter two of all processes together; memory is the resident one.
    """

    exit_code: int
    wall_s: float
    progress: tuple[tuple[float, int], ...]
    memory: tuple[tuple[int, float], ...]
    cpu: tuple[tuple[int, float], ...]
    peak_mb_by_process: tuple[float, ...]

    @property
    def peak_mb(self) -> float:
        """Peak resident memory, in megabytes, of the largest process."""
        return max(self.peak_mb_by_process)

    def rate(self, start: float, end: float) -> float:
        """Files per second between two fractions of all files."""
        total = self.progress[-1][1]
        return (end - start) * total / (self._moment(end * total) - self._moment(start * total))

    def largest_mb(self, start: float, end: float) -> float:
        """Most memory of all processes together between two fractions of all files."""
        total = self.progress[-1][1]
        return max(mb for done, mb in self.memory if start * total <= done <= end * total)

    def cpu_ms(self, start: float, end: float) -> float:
        """CPU milliseconds a file between two fractions of all files; other work on the machine changes it little."""
        total = self.progress[-1][1]
        within = [line for line in self.cpu if start * total <= line[0] <= end * total]
        (first, before), (last, after) = within[0], within[-1]
        return (after - before) / (last - first) * 1e3

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
    memory: list[tuple[int, float]] = []
    cpu: list[tuple[int, float]] = []
    peaks: dict[int, float] = {}
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment
    ) as child:
        for line in child.stderr:
            if line.startswith(b"{"):
                progress.append((time.perf_counter() - started, json.loads(line)["done"]))
                family = _family(child.pid)
                memory.append((progress[-1][1], sum(_memory_mb(pid, "VmRSS") for pid in family)))
                cpu.append((progress[-1][1], sum(map(_cpu_s, family))))
                peaks.update({pid: _memory_mb(pid, "VmHWM") or peaks.get(pid, 0.0) for pid in family})
    wall_s = time.perf_counter() - started
    return WatchedRun(child.returncode, wall_s, tuple(progress), tuple(memory), tuple(cpu), tuple(peaks.values()))


def _family(pid: int) -> list[int]:
    """`pid` and all its descendants."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except FileNotFoundError:  # the process has ended
        return [pid]
    return [pid, *(descendant for child in children for descendant in _family(int(child)))]


def _cpu_s(pid: int) -> float:
    """CPU time of a process, user and system, in seconds; 0 once it has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _memory_mb(pid: int, kind: str) -> float:
    """Resident memory in megabytes, now (VmRSS) or at its peak (VmHWM); 0 once the process has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return 0.0
    kilobytes = (line.split()[1] for line in status.splitlines() if line.startswith(kind))
    return int(next(kilobytes, 0)) / 1024  # a process that has ended but was not waited for has no such line
