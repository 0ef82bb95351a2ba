"""Progress: throttled, monotone, and fit for whoever reads it."""

import io
import json
import sys

import pytest

from DicomSuiteLib import progress
from DicomSuiteLib.progress import ProgressReporter


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self):
        return True


@pytest.fixture
def clock(monkeypatch):
    """Time that passes only when told: clock[0] is in seconds."""
    now = [1000.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def without_tqdm(monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm", None)


def json_lines(stream):
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_json_line_holds_rate_and_time_left(clock):
    stream = io.StringIO()
    reporter = ProgressReporter("json", stream)
    clock[0] += 3
    reporter.update(0, 400)
    clock[0] += 4
    reporter.update(100, 400, quarantined=2)
    assert json_lines(stream)[1] == {
        "done": 100,
        "total": 400,
        "rate": 25.0,
        "remaining_s": 12.0,
        "elapsed_s": 7.0,
        "quarantined": 2,
    }


def test_time_left_is_unknown_at_first():
    stream = io.StringIO()
    ProgressReporter("json", stream).update(0, 10)
    assert json_lines(stream)[0]["remaining_s"] is None


def test_resumed_run_counts_only_its_own_work_in_the_rate(clock):
    stream = io.StringIO()
    reporter = ProgressReporter("json", stream)
    reporter.update(900, 1000)
    clock[0] += 10
    reporter.update(950, 1000)
    assert json_lines(stream)[1]["rate"] == 5.0
    assert json_lines(stream)[1]["remaining_s"] == 10.0


def test_at_most_ten_reports_a_second_and_the_last_one_is_never_lost(clock):
    stream = io.StringIO()
    reporter = ProgressReporter("json", stream)
    for done in range(1, 1001):
        clock[0] += 0.001
        reporter.update(done, 1000)
    reporter.finish()
    lines = json_lines(stream)
    assert 8 <= len(lines) <= 12
    assert lines[-1]["done"] == 1000


def test_progress_never_goes_backwards(clock):
    stream = io.StringIO()
    reporter = ProgressReporter("json", stream)
    for done in (1, 5, 3, 7):
        clock[0] += 1
        reporter.update(done, 10)
    assert [line["done"] for line in json_lines(stream)] == [1, 5, 5, 7]


def test_plain_bar_redraws_one_line_and_leaves_no_rest_of_a_longer_one(clock, without_tqdm):
    stream = Terminal()
    reporter = ProgressReporter("bar", stream)
    for done, counts in ((0, {}), (10, {"quarantined": 1}), (100, {})):
        reporter.update(done, 100, **counts)
        clock[0] += 1
    reporter.finish()
    drawn = stream.getvalue().split("\r")
    assert drawn[1:3] == ["0/100", "10/100, 10/s, 9 s left, quarantined 1"]
    assert drawn[3].rstrip() == "100/100, 50/s, 0 s left"
    assert len(drawn[3].rstrip("\n")) == len(drawn[2])
    assert stream.getvalue().count("\n") == 1


def test_bar_of_tqdm_shows_counts_and_starts_no_thread(clock):
    pytest.importorskip("tqdm")
    import threading

    before = threading.active_count()
    stream = Terminal()
    reporter = ProgressReporter("bar", stream)
    clock[0] += 1
    reporter.update(10, 100, quarantined=1)
    clock[0] += 1
    reporter.update(100, 100, quarantined=2)
    assert threading.active_count() == before
    reporter.finish()
    assert "10/100" in stream.getvalue()
    assert "100/100" in stream.getvalue()
    assert "quarantined=2" in stream.getvalue()
    assert "0/0" not in stream.getvalue()


def test_log_file_gets_a_line_every_few_seconds_instead_of_a_bar(clock):
    stream = io.StringIO()
    reporter = ProgressReporter("bar", stream)
    for second in range(1, 13):
        clock[0] += 1
        reporter.update(second, 12)
    reporter.finish()
    assert [line.split(",")[0] for line in stream.getvalue().splitlines()] == ["5/12", "10/12", "12/12"]


def test_short_job_leaves_no_line_in_a_log_file(clock):
    stream = io.StringIO()
    reporter = ProgressReporter("bar", stream)
    reporter.update(12, 12)
    reporter.finish()
    assert stream.getvalue() == ""


def test_none_writes_nothing():
    stream = Terminal()
    reporter = ProgressReporter("none", stream)
    reporter.update(1, 1)
    reporter.finish()
    assert stream.getvalue() == ""


@pytest.mark.parametrize("kind", ["bar", "json", "none"])
def test_finish_without_any_update_is_harmless(kind, without_tqdm):
    stream = Terminal()
    reporter = ProgressReporter(kind, stream)
    reporter.finish()
    reporter.finish()
    assert stream.getvalue() == ""


def test_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="fancy"):
        ProgressReporter("fancy", io.StringIO())


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (59, "59 s"), (61, "1 min 01 s"), (3599.6, "1 h 00 min"), (9e4, "25 h 00 min")],
)
def test_time_left_is_told_in_the_unit_that_fits(clock, without_tqdm, seconds, text):
    stream = Terminal()
    reporter = ProgressReporter("bar", stream)
    reporter.update(0, 2)
    clock[0] += seconds
    reporter.update(1, 2)
    assert stream.getvalue().endswith(f", {text} left")
