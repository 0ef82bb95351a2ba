"""Threads come forward although Slicer's event loop keeps Python's lock while it waits for events."""

from __future__ import annotations

import time
from collections.abc import Callable

from application import standInOnly
from DicomSuiteGui.background import Background
from DicomSuiteGui.child_query import ChildQuery

pytestmark = standInOnly()

from stand_in import held_lock  # noqa: E402


def seconds_until(condition: Callable[[], object], limit: float) -> float:
    """How long it takes, in seconds; at most about `limit`."""
    start = time.monotonic()
    while not condition() and time.monotonic() - start < limit:
        held_lock.process_events()
    return time.monotonic() - start


def test_work_that_waits_for_the_disk_again_and_again_is_done_soon() -> None:
    delivered = []
    background = Background()
    background.run(lambda: [time.sleep(0.002) for _ in range(100)], delivered.append)
    # 3 s where every wait costs a turn of the timer.
    assert seconds_until(lambda: delivered, limit=5) < 1.5
    assert delivered


def test_answer_of_a_child_arrives() -> None:
    ends: list[str] = []
    query = ChildQuery(lambda answer: ends.append("answer"), ends.append)
    query.ask(("--version",))
    assert seconds_until(lambda: ends, limit=20) < 15
    assert ends
