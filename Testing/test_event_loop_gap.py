"""The measure of freezes that panels' tests rely on: it sees what blocks the event loop, and nothing else."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from application import EventLoopGap, processEvents, qt

BLOCKED_S = 0.2


def compute(seconds: float = BLOCKED_S) -> None:
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


@pytest.mark.parametrize("block", [lambda: time.sleep(BLOCKED_S), compute], ids=["waits", "computes"])
def test_what_blocks_the_event_loop_is_seen(block: Callable[[], None]) -> None:
    with EventLoopGap() as gap:
        qt.QTimer.singleShot(20, block)
        processEvents(0.1 + BLOCKED_S)
    assert gap.seconds >= BLOCKED_S


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells how long a thread has waited for a processor")
def test_processes_that_take_the_processor_are_not_seen() -> None:
    busy = [subprocess.Popen([sys.executable, "-S", "-c", "while True: pass"]) for _ in range(16)]
    try:
        with EventLoopGap() as gap:
            for _ in range(10):
                compute(BLOCKED_S / 4)
                processEvents(0.01)
    finally:
        for process in busy:
            process.kill()
            process.wait()
    assert gap.seconds < BLOCKED_S
