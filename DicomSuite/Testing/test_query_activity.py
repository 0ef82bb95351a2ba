"""A question about a volume: what is told on the way, what is delivered, and that no file is left behind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from application import slicer, waitUntil
from DicomSuiteGui import child_query
from DicomSuiteGui.query_activity import QueryActivity
from DicomSuiteGui.volume_query import Question
from DicomSuiteLib.ephemeral_folder import ephemeral_folder
from DicomSuiteLib.errors import DicomSuiteError
from DicomSuiteLib.python_interpreter import python_interpreter
from scene_panels import OBLIQUE, add_volume

TIMEOUT_S = 60
CODE = """
import json, pathlib, sys, time
arguments = sys.argv[1:]
folder = pathlib.Path(arguments[arguments.index("--out") + 1])
folder.mkdir()
(folder / "answer.txt").write_text(" ".join(arguments[1:-4]))
print(json.dumps({"done": 1, "total": 4, "remaining_s": 125.0}))
print(json.dumps({"result": {"file": "answer.txt", "volume": arguments[0]}}))
sys.stdout.flush()
"""


@pytest.fixture
def activity(monkeypatch: pytest.MonkeyPatch) -> Iterator[QueryActivity]:
    """One whose command writes its options into a file."""
    slicer.mrmlScene.Clear(0)
    command = [str(python_interpreter()), "-c", CODE]
    monkeypatch.setattr(child_query, "dicomsuite_command", lambda words: [*command, *words[1:]])
    activity = QueryActivity()
    yield activity
    activity.cleanup()
    slicer.mrmlScene.Clear(0)


def question(*options: str, read: Any = None) -> Question:
    return Question("any", add_volume("oblique", OBLIQUE), options, read or read_answer)


def read_answer(facts: Mapping[str, Any], folder: Path) -> tuple[str, Path]:
    assert Path(facts["volume"]).is_file()
    return (folder / facts["file"]).read_text(), folder / facts["file"]


def wait(activity: QueryActivity) -> None:
    waitUntil(lambda: not activity.isBusy, TIMEOUT_S)


def files_left() -> list[Path]:
    return [path for path in ephemeral_folder().rglob("*") if path.is_file()]


def test_answer_is_delivered_while_its_files_lie_there_and_none_is_left(activity: QueryActivity) -> None:
    delivered, changes = [], []
    activity.changed.connect(lambda: changes.append(activity.isBusy))

    def deliver(content: tuple[str, Path]) -> None:
        delivered.append((content[0], content[1].exists()))
        activity.say("Well done.", ["But see this."])

    activity.ask(question("--more", "of it"), deliver)
    assert activity.reason and not activity.progress.cancelButton.isHidden()
    wait(activity)
    assert delivered == [("--more of it", True)] and files_left() == []
    assert changes == [True, False] and not activity.reason and activity.progress.cancelButton.isHidden()
    assert activity.message.text == "Well done." and activity.warnings.label.text == "But see this."


def test_time_that_is_left_is_told_as_the_command_reports_it(activity: QueryActivity) -> None:
    activity.ask(question(), lambda content: None)
    waitUntil(lambda: activity.progress.bar.value == 1 or not activity.isBusy, TIMEOUT_S)
    assert activity.progress.bar.maximum == 4 and activity.pace.text == "2 min 05 s left"
    wait(activity)
    assert activity.pace.isHidden() and activity.message.text == ""


def test_reason_why_nothing_can_be_read_or_used_becomes_the_message(activity: QueryActivity) -> None:
    def refuse(*_content: Any) -> None:
        raise DicomSuiteError("Nothing was found.")

    for asked, deliver in ((question(read=refuse), lambda content: None), (question(), refuse)):
        activity.say("")
        activity.ask(asked, deliver)
        wait(activity)
        assert activity.message.text == "Nothing was found." and files_left() == []


def test_next_question_can_be_asked_from_within_an_answer_and_the_message_stays(activity: QueryActivity) -> None:
    delivered = []

    def ask_again(content: tuple[str, Path]) -> None:
        activity.say("The first half is done.")
        activity.ask(question("second"), lambda content: delivered.append(content[0]))

    activity.ask(question("first"), ask_again)
    waitUntil(lambda: delivered, TIMEOUT_S)
    assert delivered == ["second"] and activity.message.text == "The first half is done." and files_left() == []


def test_answer_about_a_volume_that_has_gone_is_not_delivered(activity: QueryActivity) -> None:
    delivered = []
    activity.ask(question(), delivered.append)
    slicer.mrmlScene.Clear(0)
    wait(activity)
    assert delivered == [] and "removed" in activity.message.text and files_left() == []
