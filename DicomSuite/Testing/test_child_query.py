"""Questions to child processes: answered in the window's thread, however long the answer, and droppable."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from application import EventLoopGap, processEvents, waitUntil
from DicomSuiteGui import child_query
from DicomSuiteGui.child_query import ChildQuery
from DicomSuiteLib.child_process import Progress
from DicomSuiteLib.python_interpreter import python_interpreter

PARTS = 20_000
TIMEOUT_S = 30
LONGEST_GAP_S = 0.1
ATTEMPTS = 3
"""The machine may be busy with something else."""


class Asked:
    """A query with everything that it has told."""

    def __init__(self) -> None:
        self.answers: list = []
        self.failures: list[str] = []
        self.progress: list[Progress] = []
        self.parts: list = []
        self.query = ChildQuery(
            self.answers.append, self.failures.append, self.progress.append, self.parts.append
        )

    def wait(self) -> None:
        """Wait for an answer, or for the reason why there is none."""
        waitUntil(lambda: not self.query.isBusy, TIMEOUT_S)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[Asked]:
    """A query whose commands are Python code in place of `dicomsuite`."""
    monkeypatch.setattr(child_query, "dicomsuite_command", lambda code: [str(python_interpreter()), "-c", *code])
    asked = Asked()
    yield asked
    asked.query.drop()


def test_answer_comes_with_progress_and_input_on_the_way(asked: Asked) -> None:
    code = """
import json, sys
print(json.dumps({"done": 1, "total": 2}))
print(json.dumps({"result": {"n": sys.stdin.read()}}))
"""
    asked.query.ask([code], "Zoë")
    asked.wait()
    assert (asked.answers, asked.failures) == ([{"n": "Zoë"}], [])
    assert [(progress.done, progress.total) for progress in asked.progress] == [(1, 2)]


def test_child_without_an_answer_says_why(asked: Asked) -> None:
    asked.query.ask(["import sys; sys.exit('dicomsuite: the folder is empty')"])
    asked.wait()
    assert (asked.answers, asked.failures) == ([], ["the folder is empty"])


def test_long_answer_in_parts_is_taken_in_order_and_freezes_nothing(asked: Asked) -> None:
    code = f"""
import json
for n in range({PARTS}):
    print(json.dumps({{"part": {{"n": n, "more": "x" * 200}}}}))
print(json.dumps({{"result": {{}}}}))
"""
    gaps = []
    while not gaps or (min(gaps) >= LONGEST_GAP_S and len(gaps) < ATTEMPTS):
        asked.parts.clear()
        with EventLoopGap() as gap:
            asked.query.ask([code])
            asked.wait()
        gaps.append(gap.seconds)
        assert [part["n"] for part in asked.parts] == list(range(PARTS))
    assert min(gaps) < LONGEST_GAP_S


def test_new_question_replaces_the_old_one(asked: Asked) -> None:
    asked.query.ask(["import time; time.sleep(60)"])
    asked.query.ask(["print('{\"result\":{\"n\":2}}')"])
    asked.wait()
    assert (asked.answers, asked.failures) == ([{"n": 2}], [])


def test_dropped_question_is_answered_by_nobody(asked: Asked) -> None:
    asked.query.ask(["print('{\"result\":{}}')"])
    asked.query.drop()
    processEvents(0.5)
    assert (asked.answers, asked.failures, asked.query.isBusy) == ([], [], False)
