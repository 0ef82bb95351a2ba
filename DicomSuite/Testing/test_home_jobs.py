"""Jobs and results of the home module: real children, real tables, real buttons."""

from dataclasses import replace

import pytest

from application import EventLoopGap, processEvents, qt, waitUntil
from DicomSuiteGui import desktop, job_runner, jobs_panel, results_panel
from DicomSuiteGui.job_filter import JobFilter
from DicomSuiteGui.job_runner import runner
from DicomSuiteGui.job_words import durationText, progressText, stateWord
from DicomSuiteGui.jobs_panel import DURATION, PLACE, PROGRESS, STATE, TITLE, JobsPanel
from DicomSuiteGui.results_panel import ResultsPanel
from DicomSuiteLib.job_store import JobStore
from DicomSuiteLib.jobs import LOST, Job, JobRequest
from DicomSuiteLib.private_folder import private_folder
from DicomSuiteLib.python_interpreter import python_interpreter
from DicomSuiteLib.tasks import State
from home_runs import ownHome

SLEEP = "import time; print('on', flush=True); time.sleep(60)"
REPORT = """
import json, sys, time
for done in range(40):
    line = json.dumps({"done": done, "total": 40, "rate": 20.0, "remaining_s": 2.0, "written": done})
    print(line, file=sys.stderr, flush=True)
    time.sleep(0.05)
"""


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """A home of the test's own, in which the arguments of a job are a Python program."""
    python = str(python_interpreter())
    monkeypatch.setattr(job_runner, "dicomsuite_command", lambda arguments: [python, "-c", *arguments])
    with ownHome(tmp_path) as home:
        yield home


@pytest.fixture
def opened(monkeypatch):
    """What would have been shown by the desktop."""
    paths = []
    for module in (jobs_panel, results_panel):
        monkeypatch.setattr(module, "openPath", paths.append)
    return paths


@pytest.fixture
def panel():
    filterBox = qt.QComboBox()
    for choice in JobFilter:
        filterBox.addItem(choice.label())
    panel = JobsPanel(filterBox)
    panel.show = lambda: (panel.activate(), waitUntil(lambda: not panel.isFilling))
    panel.filterBox = filterBox
    panel.widget.resize(350, 500)
    panel.widget.show()
    yield panel
    panel.close()
    panel.widget.hide()


@pytest.fixture
def results():
    panel = ResultsPanel()
    panel.widget.show()
    yield panel
    panel.deactivate()
    panel.widget.hide()


def submit(program, title="Test", output=""):
    return runner().submit(JobRequest("test", title, (program,), str(output)))


def finish(job):
    waitUntil(lambda: not runner().job(job.id).is_live, timeout=30)
    return runner().job(job.id)


def text(panel, row, column):
    return panel.table.item(row, column).text()


def shownTitles(panel):
    rows = [row for row in range(panel.table.rowCount) if not panel.table.isRowHidden(row)]
    return [text(panel, row, TITLE) for row in rows]


def record(state, title="Earlier", **changes):
    """Put a job into the store as another Slicer would have."""
    store = JobStore(private_folder() / "jobs.sqlite")
    job = replace(store.add(JobRequest("test", title, ("pass",))), state=state, **changes)
    store.save(job)
    store.close()
    return job


def test_job_goes_through_its_states_before_the_users_eyes(panel):
    panel.show()
    seen = []
    runner().changed.connect(lambda job: seen.append(text(panel, 0, STATE)))
    finish(submit("pass", "First"))
    assert list(dict.fromkeys(seen)) == [stateWord(state) for state in (State.PENDING, State.RUNNING, State.SUCCESS)]
    assert text(panel, 0, TITLE) == "First"
    assert not panel.table.item(0, STATE).icon().isNull()


def test_progress_is_a_bar_while_the_job_runs_and_a_number_after(panel):
    panel.show()
    with EventLoopGap() as gap:
        job = submit(REPORT)
        waitUntil(lambda: runner().job(job.id).done > 20)
        assert 500 < panel.table.cellWidget(0, PROGRESS).value <= 1000
        assert "left" in panel.details.summary.text
        finish(job)
    assert panel.table.cellWidget(0, PROGRESS) is None
    assert text(panel, 0, PROGRESS) == progressText(runner().job(job.id)) == "39 of 40"
    assert gap.seconds < 0.1


def test_newest_job_is_on_top_and_selected(panel):
    panel.show()
    for title in ("First", "Second"):
        finish(submit("pass", title))
    assert shownTitles(panel) == ["Second", "First"]
    assert panel.selectedJob().request.title == "Second"


def test_jobs_of_earlier_sessions_are_there(panel):
    record(State.SUCCESS, "Done long ago", started=1.0, finished=66.0)
    record(State.RUNNING, "Its Slicer died", started=1.0)
    panel.show()
    assert shownTitles(panel) == ["Its Slicer died", "Done long ago"]
    assert text(panel, 0, STATE) == stateWord(State.FAILED)
    assert LOST in panel.details.summary.text
    assert text(panel, 1, DURATION) == "1 min 05 s"


def test_cancel_button_ends_the_job(panel):
    panel.show()
    job = submit(SLEEP)
    waitUntil(lambda: runner().job(job.id).log)
    assert panel.cancelButton.enabled and not panel.removeButton.enabled
    panel.cancelButton.click()
    waitUntil(lambda: not runner().job(job.id).is_live, timeout=1)
    assert text(panel, 0, STATE) == stateWord(State.CANCELLED)
    assert not panel.cancelButton.enabled and "ended" in panel.cancelButton.toolTip


def test_rerun_button_starts_the_same_again(panel):
    panel.show()
    finish(submit("print('said')"))
    panel.rerunButton.click()
    again = panel.selectedJob()
    finish(again)
    assert len(runner().jobs()) == 2
    assert panel.details.log.plainText == "said"


def test_remove_button_takes_the_job_off_the_list_for_good(panel):
    panel.show()
    for title in ("First", "Second"):
        finish(submit("pass", title))
    panel.select(runner().jobs()[1].id)
    panel.removeButton.click()
    assert shownTitles(panel) == ["Second"]
    job_runner.closeRunner()
    panel.deactivate()
    panel.show()
    assert shownTitles(panel) == ["Second"]


def test_open_button_opens_the_report_or_says_why_it_cannot(panel, tmp_path, opened):
    panel.show()
    output = tmp_path / "out"
    output.mkdir()
    finish(submit("pass", "Without"))
    waitUntil(lambda: "no result" in panel.openButton.toolTip)
    assert not panel.openButton.enabled
    finish(submit("pass", "With", output))
    waitUntil(lambda: panel.openButton.enabled)
    panel.openButton.click()
    (output / "report.html").touch()
    panel.select(runner().jobs()[1].id)
    panel.select(runner().jobs()[0].id)
    waitUntil(lambda: panel.openButton.enabled)
    panel.openButton.click()
    assert opened == [str(output), str(output / "report.html")]


def test_nothing_selected_disables_every_button_with_the_reason(panel):
    panel.show()
    for button in (panel.cancelButton, panel.rerunButton, panel.openButton, panel.removeButton):
        assert not button.enabled
        assert "Select a job" in button.toolTip


def test_filter_shows_only_what_it_says(panel):
    record(State.SUCCESS, "Good")
    record(State.FAILED, "Bad")
    record(State.CANCELLED, "Stopped")
    panel.show()
    shown = {}
    for number, choice in enumerate(JobFilter):
        panel.filterBox.currentIndex = number
        shown[choice] = shownTitles(panel)
    assert shown == {
        JobFilter.ALL: ["Stopped", "Bad", "Good"],
        JobFilter.LIVE: [],
        JobFilter.DONE: ["Good"],
        JobFilter.FAILED: ["Stopped", "Bad"],
    }
    panel.filterBox.currentIndex = 0
    panel.deactivate()
    panel.filterBox.currentIndex = 1


def test_details_tell_counts_refused_files_and_log(panel, tmp_path):
    refused = tmp_path / "refused.csv"
    refused.write_text("source,path,reason\n1,/in/a.dcm,burned-in text\n2,/in/b.dcm,damaged\n")
    facts = {
        "counts": {"written": 7, "quarantined": 2},
        "log": ("one", "two"),
        "reason": "2 refused",
        "done": 9,
        "total": 9,
    }
    record(State.SUCCESS, result={"quarantine_list": str(refused)}, **facts)
    panel.show()
    waitUntil(lambda: panel.details.files.rowCount == 2)
    assert [panel.details.files.item(1, column).text() for column in (0, 1)] == ["/in/b.dcm", "damaged"]
    assert "written 7, quarantined 2" in panel.details.summary.text
    assert "2 refused" in panel.details.summary.text
    assert panel.details.log.plainText == "one\ntwo"


def test_narrow_table_leaves_out_times_and_a_wide_one_shows_them(panel):
    panel.show()
    processEvents(0.1)
    assert panel.table.isColumnHidden(DURATION)
    panel.widget.resize(600, 500)
    processEvents(0.1)
    assert not panel.table.isColumnHidden(DURATION)
    panel.widget.resize(350, 500)
    processEvents(0.1)
    assert panel.table.isColumnHidden(DURATION)


def test_job_on_a_cluster_says_so(panel):
    words = "pass", "--dask", "tls://head:8786"
    store = JobStore(private_folder() / "jobs.sqlite")
    job = store.add(JobRequest("test", "Elsewhere", words))
    store.save(replace(job, state=State.SUCCESS, done=9, total=9, counts={"written": 9, "workers": 4}))
    store.close()
    record(State.SUCCESS, "Local")
    panel.show()
    assert [text(panel, row, PLACE) for row in (0, 1)] == ["here", "cluster"]
    assert panel.table.item(1, PLACE).toolTip() == "tls://head:8786"
    panel.table.setCurrentCell(1, TITLE)
    summary = panel.details.summary.text
    assert "On the cluster tls://head:8786" in summary and "workers 4" in summary


def test_store_that_cannot_be_used_is_explained(panel):
    private_folder()
    (private_folder() / "jobs.sqlite").write_bytes(b"no database" * 500)
    panel.show()
    assert panel.message.visible
    assert "move this file elsewhere" in panel.message.text
    assert panel.table.rowCount == 0
    (private_folder() / "jobs.sqlite").unlink()


def test_selection_is_kept_from_visit_to_visit(panel):
    for title in ("First", "Second", "Third"):
        record(State.SUCCESS, title)
    panel.show()
    panel.select(runner().jobs()[1].id)
    panel.deactivate()
    panel.show()
    assert panel.selectedJob().request.title == "Second"
    assert "Done" in panel.details.summary.text


def test_panel_that_was_left_follows_nothing(panel):
    panel.show()
    finish(submit("pass", "First"))
    panel.deactivate()
    finish(submit("pass", "Second"))
    assert shownTitles(panel) == ["First"]


def test_five_hundred_jobs_are_shown_without_a_stop(panel):
    store = JobStore(private_folder() / "jobs.sqlite")
    for number in range(500):
        store.save(replace(store.add(JobRequest("test", f"Job {number}", ("pass",))), state=State.SUCCESS))
    store.close()
    # What else the computer does can only make a gap longer.
    assert any(_gap_of_showing(panel) < 0.1 for _ in range(3))


def _gap_of_showing(panel):
    """Longest time in seconds without an event, from entering the module until all jobs are there."""
    panel.deactivate()
    panel.table.setRowCount(0)
    timer = qt.QTimer()
    timer.setSingleShot(True)
    timer.connect("timeout()", panel.activate)
    with EventLoopGap() as gap:
        timer.start(10)
        waitUntil(lambda: panel.table.rowCount == 500)
    return gap.seconds


def test_results_are_listed_newest_first_as_long_as_they_exist(results, tmp_path, opened):
    results.activate()
    assert results.message.visible and not results.reportButton.enabled
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "report.html").touch()
        finish(submit("pass", name.title(), tmp_path / name))
    waitUntil(lambda: results.list.count == 2)
    assert results.list.item(0).text().startswith("Two\n")
    results.reportButton.click()
    results.folderButton.click()
    assert opened == [str(tmp_path / "two" / "report.html"), str(tmp_path / "two")]
    (tmp_path / "two" / "report.html").unlink()
    (tmp_path / "two").rmdir()
    results.refresh()
    waitUntil(lambda: results.list.count == 1)


def test_result_without_a_report_has_a_folder_only(results, tmp_path):
    (tmp_path / "out").mkdir()
    results.activate()
    finish(submit("pass", "Bare", tmp_path / "out"))
    waitUntil(lambda: results.list.count == 1)
    assert not results.reportButton.enabled and "no report" in results.reportButton.toolTip
    assert results.folderButton.enabled


def test_path_that_nothing_opens_is_reported(monkeypatch):
    shown = []
    monkeypatch.setattr(desktop.qt.QDesktopServices, "openUrl", lambda url: False)
    monkeypatch.setattr(desktop.slicer.util, "errorDisplay", shown.append)
    desktop.openPath("/no/such/file")
    assert "/no/such/file" in shown[0]


def test_times_are_told_as_people_do():
    assert [durationText(seconds) for seconds in (None, 0.2, 59.4, 185, 7800)] == [
        "", "0 s", "59 s", "3 min 05 s", "2 h 10 min",
    ]  # fmt: skip


def test_progress_is_told_with_the_time_left_where_it_is_known():
    job = Job("1", JobRequest("test", "Test", ()), 1.0, State.RUNNING, done=5, total=9, rate=2.0, remaining_s=2.0)
    assert progressText(job) == "5 of 9, 2/s, 2 s left"
    assert progressText(replace(job, remaining_s=None)) == "5 of 9"
    assert progressText(replace(job, total=0)) == ""
