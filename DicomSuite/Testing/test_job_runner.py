"""The job runner: real children, one after the other, and windows that never wait for them."""

import json
import os
import time
from dataclasses import replace

import pytest

from application import EventLoopGap, waitUntil
from copied_study import copied_study
from DicomSuiteGui import job_runner
from DicomSuiteGui.background import Background
from DicomSuiteGui.job_runner import JobRunner, childEnvironment, closeRunner, runner
from DicomSuiteLib.job_store import JobStore, JobStoreError
from DicomSuiteLib.jobs import CANCELLED_BY_EXIT, CANCELLED_BY_USER, LOST, JobRequest
from DicomSuiteLib.python_interpreter import python_interpreter
from DicomSuiteLib.tasks import State

REPORT = """
import time
from DicomSuiteLib.progress import ProgressReporter
reporter = ProgressReporter("json")
for done in range({steps}):
    reporter.update(done + 1, {steps}, written=done)
    time.sleep({pause})
reporter.finish()
"""


@pytest.fixture
def store(tmp_path):
    return JobStore(tmp_path / "private" / "jobs.sqlite")


@pytest.fixture
def jobs(store):
    runner = JobRunner(store, childEnvironment())
    yield runner
    runner.close()


@pytest.fixture
def small_programs(monkeypatch):
    """The arguments of a job are a Python program in place of a `dicomsuite` command."""
    python = str(python_interpreter())
    monkeypatch.setattr(job_runner, "dicomsuite_command", lambda arguments: [python, "-c", *arguments])


def request(*arguments, output="", text=""):
    return JobRequest("test", f"Test {arguments[0][:20]}", arguments, output, text)


def ended(jobs, job):
    waitUntil(lambda: not jobs.job(job.id).is_live, timeout=60)
    return jobs.job(job.id)


def test_job_is_done_and_tells_what_it_found(jobs, tmp_path):
    study = copied_study(tmp_path / "in")
    paths = "".join(f"{path}\n" for path in study.dicom_files)
    arguments = ("anonymize", "-", str(tmp_path / "out"), "--key-file", str(tmp_path / "key"), "--progress", "json")
    job = ended(jobs, jobs.submit(request(*arguments, output=str(tmp_path / "out"), text=paths)))
    assert (job.state, job.exit_code, job.reason) == (State.SUCCESS, 3, "1 refused")
    assert job.result["files"]["written"] == len(study.dicom_files) - 1
    assert job.done == job.total == len(study.dicom_files)
    assert job.created <= job.started <= job.finished
    assert json.loads((tmp_path / "out" / "report.json").read_text())["files"] == job.result["files"]


def test_job_that_fails_says_why_in_the_commands_own_words(jobs):
    job = ended(jobs, jobs.submit(request("inspect", "/no/such/folder")))
    assert (job.state, job.exit_code) == (State.FAILED, 1)
    assert job.reason == "/no/such/folder: no such file or folder"


def test_one_job_runs_at_a_time_in_the_order_of_submission(jobs, small_programs):
    seen = []
    jobs.changed.connect(lambda job: seen.append((job.request.arguments[0], job.state)))
    submitted = [jobs.submit(request(f"print({number})")) for number in range(3)]
    for job in submitted:
        ended(jobs, job)
    running = [text for text, state in seen if state is State.RUNNING]
    assert list(dict.fromkeys(running)) == ["print(0)", "print(1)", "print(2)"]
    states = {}
    for text, state in seen:
        states[text] = state
        assert list(states.values()).count(State.RUNNING) <= 1


def test_progress_arrives_and_never_goes_backwards(jobs, small_programs):
    steps = []
    jobs.changed.connect(lambda job: steps.append((job.done, job.counts.get("written"))))
    job = ended(jobs, jobs.submit(request(REPORT.format(steps=30, pause=0.02))))
    assert (job.done, job.total, job.counts) == (30, 30, {"written": 29})
    assert steps == sorted(steps, key=lambda step: step[0])
    assert len(set(steps)) >= 4


def test_windows_do_not_wait_while_a_job_reports_ten_times_a_second(jobs, small_programs):
    with EventLoopGap() as gap:
        ended(jobs, jobs.submit(request(REPORT.format(steps=200, pause=0.01))))
    assert gap.seconds < 0.1


def test_running_job_is_cancelled_within_a_second(jobs, small_programs):
    job = jobs.submit(request("import time; print('on', flush=True); time.sleep(60)"))
    waitUntil(lambda: jobs.job(job.id).log)
    jobs.cancel(job.id)
    waitUntil(lambda: not jobs.job(job.id).is_live, timeout=1)
    assert (jobs.job(job.id).state, jobs.job(job.id).reason) == (State.CANCELLED, CANCELLED_BY_USER)


def test_waiting_job_that_is_cancelled_never_starts(jobs, small_programs, tmp_path):
    first = jobs.submit(request("import time; time.sleep(0.3)"))
    second = jobs.submit(request(f"open({str(tmp_path / 'started')!r}, 'w')"))
    jobs.cancel(second.id)
    assert jobs.job(second.id).state is State.CANCELLED
    ended(jobs, first)
    waitUntil(lambda: not jobs.isBusy)
    assert not (tmp_path / "started").exists()


def test_next_job_runs_after_a_cancelled_one(jobs, small_programs):
    first = jobs.submit(request("import time; time.sleep(60)"))
    second = jobs.submit(request("print(2)"))
    waitUntil(lambda: jobs.job(first.id).state is State.RUNNING)
    jobs.cancel(first.id)
    assert ended(jobs, second).state is State.SUCCESS


def test_rerun_is_a_new_job_that_asks_for_the_same(jobs, small_programs):
    job = ended(jobs, jobs.submit(request("import sys; print(sys.stdin.read())", text="hello")))
    again = jobs.rerun(job.id)
    assert again.id != job.id
    assert ended(jobs, again).log == job.log == ("hello",)


def test_job_of_an_earlier_session_is_rerun_with_its_input(store, jobs, small_programs):
    earlier = ended(jobs, jobs.submit(request("import sys; print(sys.stdin.read())", text="hello")))
    later = JobRunner(store, childEnvironment())
    assert later.job(earlier.id).request.input_text == ""
    assert ended(later, later.rerun(earlier.id)).log == ("hello",)


def test_export_can_be_rerun_although_its_folder_is_full(jobs, tmp_path):
    study = copied_study(tmp_path / "in")
    output = str(tmp_path / "out")
    words = ("anonymize", str(study.folder), output, "--key-file", str(tmp_path / "key"), "--progress", "json")
    job = ended(jobs, jobs.submit(request(*words, output=output)))
    again = ended(jobs, jobs.rerun(job.id))
    assert (again.state, again.reason) == (State.SUCCESS, job.reason)
    assert again.result["files"] == job.result["files"] and again.request.output != output


def test_ended_job_can_be_removed_and_a_live_one_cannot(jobs, small_programs):
    removed = []
    jobs.removed.connect(removed.append)
    done = ended(jobs, jobs.submit(request("pass")))
    live = jobs.submit(request("import time; time.sleep(60)"))
    for job in (done, live):
        jobs.remove(job.id)
    assert [job.id for job in jobs.jobs()] == [live.id]
    jobs.cancel(live.id)
    ended(jobs, live)
    jobs.clearFinished()
    assert jobs.jobs() == []
    assert removed == [done.id, live.id]


@pytest.mark.skipif(os.name != "posix", reason="asks for signals")
def test_closing_cancels_what_runs_and_waits_and_says_so(store, small_programs, tmp_path):
    jobs = JobRunner(store, childEnvironment())
    stubborn = "import os, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(os.getpid(), flush=True)"
    running = jobs.submit(request(f"{stubborn}; time.sleep(60)"))
    waiting = jobs.submit(request("pass"))
    waitUntil(lambda: jobs.job(running.id).log)
    (pid,) = jobs.job(running.id).log
    jobs.close()
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid), 0)
    again = JobStore(tmp_path / "private" / "jobs.sqlite")
    found = {job.id: (job.state, job.reason) for job in again.jobs()}
    again.close()
    assert found == dict.fromkeys((running.id, waiting.id), (State.CANCELLED, CANCELLED_BY_EXIT))


def test_job_that_has_ended_just_before_closing_is_not_called_cancelled(store, small_programs, tmp_path):
    jobs = JobRunner(store, childEnvironment())
    job = jobs.submit(request("print('done')"))
    waitUntil(lambda: jobs.job(job.id).state is State.RUNNING)
    time.sleep(1)  # it ends, and nobody asks
    jobs.close()
    assert (jobs.job(job.id).state, jobs.job(job.id).log) == (State.SUCCESS, ("done",))


def test_jobs_of_other_slicers_are_shown_and_cannot_be_cancelled(jobs, tmp_path):
    other = JobStore(tmp_path / "private" / "jobs.sqlite")
    theirs = other.add(request("demo"))
    heard = []
    jobs.changed.connect(heard.append)
    jobs.refresh()
    assert [job.id for job in heard] == [theirs.id]
    jobs.cancel(theirs.id)
    assert jobs.job(theirs.id).state is State.PENDING
    assert not jobs.isBusy
    other.save(replace(theirs, state=State.SUCCESS))
    other.close()
    jobs.refresh()
    assert jobs.job(theirs.id).state is State.SUCCESS


def test_job_whose_slicer_has_died_is_seen_as_failed_after_a_refresh(jobs, tmp_path):
    theirs = JobStore(tmp_path / "private" / "jobs.sqlite")
    job = theirs.add(request("demo"))
    jobs.refresh()
    theirs._lock.release()  # what the operating system does when a process dies
    theirs._connection.close()
    jobs.refresh()
    assert (jobs.job(job.id).state, jobs.job(job.id).reason) == (State.FAILED, LOST)


def test_job_goes_on_where_it_cannot_be_recorded(jobs, store, small_programs, monkeypatch, caplog):
    job = jobs.submit(request("pass"))
    monkeypatch.setattr(store, "save", _refuse)
    assert ended(jobs, job).state is State.SUCCESS
    assert "disk full" in caplog.text


def _refuse(_job):
    raise JobStoreError("disk full")


def test_there_is_one_runner_until_it_is_closed(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    closeRunner()
    first = runner()
    assert runner() is first
    closeRunner()
    closeRunner()
    assert runner() is not first
    closeRunner()


def test_damaged_store_is_an_error_with_advice(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    closeRunner()
    (tmp_path / ".dicomsuite").mkdir()
    (tmp_path / ".dicomsuite" / "jobs.sqlite").write_bytes(b"no database" * 500)
    with pytest.raises(JobStoreError, match="move this file elsewhere"):
        runner()


def test_background_delivers_in_the_gui_thread_and_drops_what_is_no_longer_wanted():
    background, delivered = Background(), []
    background.run(lambda: 1, delivered.append)
    waitUntil(lambda: delivered)
    background.run(lambda: 2, delivered.append)
    background.drop()
    background.run(lambda: 3, delivered.append)
    waitUntil(lambda: len(delivered) == 2)
    assert delivered == [1, 3]


def test_background_logs_an_error_without_its_message(caplog):
    background, delivered = Background(), []

    def fail():
        raise ValueError("Doe^Jane")

    background.run(fail, delivered.append)
    waitUntil(lambda: caplog.text)
    assert "ValueError" in caplog.text
    assert "Doe" not in caplog.text
    assert delivered == []
