"""Jobs: what an exit code means, how long one took, and whether one still lives."""

from dataclasses import replace

import pytest

from DicomSuiteLib.jobs import CANCELLED_BY_USER, Job, JobRequest, outcome, repeated
from DicomSuiteLib.plain_signal import Signal
from DicomSuiteLib.tasks import State

JOB = Job("1", JobRequest("anonymize", "De-identify 3 series", ("anonymize", "in", "out")), created=100.0)


def test_exit_codes_become_states_with_a_reason():
    assert outcome(0, {}, "") == (State.SUCCESS, "")
    assert outcome(3, {"written": 5, "quarantined": 2}, "") == (State.SUCCESS, "2 refused")
    assert outcome(130, {}, "stopped on request") == (State.CANCELLED, CANCELLED_BY_USER)
    assert outcome(1, {}, "OUT is full") == (State.FAILED, "OUT is full")


@pytest.mark.parametrize("code", [1, 2, 141, -9, None])
def test_failure_without_a_word_still_has_a_reason(code):
    state, reason = outcome(code, {}, "")
    assert state is State.FAILED
    assert reason


def test_refusals_that_were_not_counted_are_still_mentioned():
    assert outcome(3, {}, "") == (State.SUCCESS, "some inputs were refused")


def test_duration_runs_on_until_the_job_has_ended():
    assert JOB.duration_s(now=150.0) is None
    running = replace(JOB, state=State.RUNNING, started=110.0)
    assert running.duration_s(now=150.0) == 40.0
    assert replace(running, finished=115.0).duration_s(now=150.0) == 5.0


def test_job_that_is_repeated_writes_beside_what_is_there(tmp_path):
    output = tmp_path / "deidentified"
    output.mkdir()
    request = replace(JOB.request, arguments=("anonymize", "in", str(output), "--zip"), output=str(output))
    again = repeated(request, taken=[str(tmp_path / "deidentified-2")])
    assert again.output == str(tmp_path / "deidentified-3")
    assert again.arguments == ("anonymize", "in", again.output, "--zip")
    assert repeated(JOB.request, taken=[]) == JOB.request


@pytest.mark.parametrize(
    ("words", "cluster"),
    [(("anonymize", "/in", "/out"), ""), (("anonymize", "--dask", "tcp://head:1", "/in", "/out"), "tcp://head:1")],
)
def test_job_knows_the_cluster_that_it_works_on(words, cluster):
    assert JobRequest("anonymize", "Export", words).cluster == cluster


def test_job_lives_until_it_has_ended():
    lives = {state: replace(JOB, state=state).is_live for state in State}
    assert [state for state in State if lives[state]] == [State.PENDING, State.RUNNING]


def test_signal_reaches_each_function_once_in_order():
    signal, heard = Signal(), []
    first, second = (lambda *news: heard.append((1, *news))), (lambda *news: heard.append((2, *news)))
    for function in (first, second, first):
        signal.connect(function)
    signal.emit("a", "b")
    signal.disconnect(first)
    signal.disconnect(first)
    signal.emit("c")
    assert heard == [(1, "a", "b"), (2, "a", "b"), (2, "c")]


def test_function_may_disconnect_itself_while_it_is_called():
    signal, heard = Signal(), []

    def once():
        signal.disconnect(once)
        heard.append("once")

    signal.connect(once)
    signal.connect(lambda: heard.append("always"))
    signal.emit()
    signal.emit()
    assert heard == ["once", "always", "always"]
