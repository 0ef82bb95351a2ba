"""How far a job is, written to a text stream: a bar for people, JSON lines for programs, or nothing."""

from __future__ import annotations

import enum
import os
import sys
import time

TYPE_CHECKING = False  # typing is not imported: see the start-up budget in test_cli.py
if TYPE_CHECKING:
    from typing import Protocol, TextIO

    class _Display(Protocol):
        interval: float  # seconds between two reports
        delay: float  # seconds before the first report

        def show(self, report: Report) -> None: ...

        def close(self) -> None: ...


class ProgressKind(enum.StrEnum):
    """What `--progress` chooses from."""

    BAR = "bar"
    JSON = "json"
    NONE = "none"


class Report:
    """One moment of a job: `elapsed_s` and `remaining_s` (None: not known) in seconds, `rate` in items/s."""

    def __init__(self, done: int, total: int, elapsed_s: float, rate: float, counts: dict[str, int]) -> None:
        self.done = done
        self.total = total
        self.elapsed_s = elapsed_s
        self.rate = rate
        self.remaining_s = max(total - done, 0) / rate if rate else None
        self.counts = counts

    def as_text(self) -> str:
        """Return e.g. `450/1000, 187/s, 3 s left, quarantined 2`."""
        pace = f", {self.rate:.3g}/s, {_duration(self.remaining_s)} left" if self.rate else ""
        counts = "".join(f", {name} {count}" for name, count in self.counts.items())
        return f"{self.done}/{self.total}{pace}{counts}"


class ProgressReporter:
    """Writes how far a job is, at most ten times a second, and never backwards.

    Parameters: `kind` a ProgressKind or its value; `stream` where to write, standard error if None.

    The rate is counted from the first update on, so that what an interrupted run has done is no part of it.
    A bar on a stream that is no terminal becomes a line every few seconds, so that log files stay readable.
    """

    def __init__(self, kind: ProgressKind | str, stream: TextIO | None = None) -> None:
        self._display = _open_display(ProgressKind(kind), stream or sys.stderr)
        self._start = time.monotonic()
        self._first: tuple[float, int] | None = None  # time, done
        self._done = 0
        self._shown_at: float | None = None
        self._unshown: tuple[int, dict[str, int]] | None = None  # total, counts

    def update(self, done: int, total: int, **counts: int) -> None:
        """Say that `done` of `total` items are finished; `counts` are further numbers worth showing."""
        if self._display is None:
            return
        now = time.monotonic()
        self._done = max(self._done, done)
        self._first = self._first or (now, done)
        self._unshown = (total, counts)
        if self._shown_at is None:
            due = now - self._start >= self._display.delay
        else:
            due = now - self._shown_at >= self._display.interval
        if due:
            self._show(now)

    def finish(self) -> None:
        """Show the last update if it was held back and anything was shown before, and end the line."""
        if self._display is None:
            return
        if self._unshown is not None and self._shown_at is not None:
            self._show(time.monotonic())
        self._display.close()
        self._display = None

    def _show(self, now: float) -> None:
        total, counts = self._unshown
        self._display.show(Report(self._done, total, now - self._start, self._rate(now), counts))
        self._shown_at = now
        self._unshown = None

    def _rate(self, now: float) -> float:
        began, done_before = self._first
        return (self._done - done_before) / (now - began) if now > began else 0.0


def _open_display(kind: ProgressKind, stream: TextIO) -> _Display | None:
    if kind is ProgressKind.NONE:
        return None
    if kind is ProgressKind.JSON:
        return _JsonLines(stream)
    if not stream.isatty():
        return _LogLines(stream)
    try:
        return _TqdmBar(stream)
    except ModuleNotFoundError:
        return _TerminalLine(stream)


class _JsonLines:
    interval = 0.1
    delay = 0.0

    def __init__(self, stream: TextIO) -> None:
        import json

        self._stream = stream
        self._encode = json.JSONEncoder(separators=(",", ":")).encode

    def show(self, report: Report) -> None:
        remaining = None if report.remaining_s is None else round(report.remaining_s, 1)
        fields = {
            "done": report.done,
            "total": report.total,
            "rate": round(report.rate, 1),
            "remaining_s": remaining,
            "elapsed_s": round(report.elapsed_s, 1),
        }
        self._stream.write(self._encode({**report.counts, **fields}) + "\n")
        self._stream.flush()

    def close(self) -> None:
        pass


class _LogLines:
    interval = 5.0
    delay = 5.0

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def show(self, report: Report) -> None:
        self._stream.write(report.as_text() + "\n")
        self._stream.flush()

    def close(self) -> None:
        pass


class _TerminalLine:
    interval = 0.1
    delay = 0.0

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._width = 0  # of the line that is shown now, in characters

    def show(self, report: Report) -> None:
        text = report.as_text()[: self._columns() - 1]
        self._stream.write("\r" + text.ljust(self._width))
        self._stream.flush()
        self._width = len(text)

    def close(self) -> None:
        if self._width:
            self._stream.write("\n")
            self._stream.flush()

    def _columns(self) -> int:
        try:
            return os.get_terminal_size(self._stream.fileno()).columns or 80
        except OSError:
            return 80


class _TqdmBar:
    interval = 0.1
    delay = 0.0

    def __init__(self, stream: TextIO) -> None:
        import threading

        from tqdm import tqdm

        class Bar(tqdm):
            monitor_interval = 0  # no helper thread: a process with threads cannot fork its workers

        Bar.set_lock(threading.RLock())  # tqdm's own lock would load multiprocessing
        self._open = Bar
        self._bar: Bar | None = None
        self._stream = stream

    def show(self, report: Report) -> None:
        if self._bar is None:
            options = {"mininterval": 0, "miniters": 0, "dynamic_ncols": True}
            self._bar = self._open(total=report.total, initial=report.done, file=self._stream, **options)
        self._bar.total = report.total
        self._bar.set_postfix(report.counts, refresh=False)
        self._bar.update(report.done - self._bar.n)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()


def _duration(seconds: float) -> str:
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, seconds_left = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {seconds_left:02d} s"
    hours, minutes_left = divmod(minutes, 60)
    return f"{hours} h {minutes_left:02d} min"
