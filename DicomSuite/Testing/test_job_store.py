"""The job store: survives restarts and kills, is private, and does not grow for ever."""

import os
import signal
import sqlite3
import stat
import subprocess
import sys
from dataclasses import replace

import pytest

from DicomSuiteLib import job_store
from DicomSuiteLib.errors import DicomSuiteError
from DicomSuiteLib.instance_lock import InstanceLock, is_held
from DicomSuiteLib.job_store import JobStore, JobStoreError
from DicomSuiteLib.jobs import LOST, JobRequest
from DicomSuiteLib.tasks import State

REQUEST = JobRequest("anonymize", "De-identify", ("anonymize", "--files-from", "-", "/out"), "/out", "/a/1.dcm\n")

LEAVE_JOBS_BEHIND = """
import sys
from dataclasses import replace
from pathlib import Path
from DicomSuiteLib.job_store import JobStore
from DicomSuiteLib.jobs import JobRequest
from DicomSuiteLib.tasks import State

store = JobStore(Path(sys.argv[1]))
for state in State:
    store.save(replace(store.add(JobRequest("kind", str(state), ())), state=state, started=1.0))
print("ready", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "private" / "jobs.sqlite"


@pytest.fixture
def store(path):
    store = JobStore(path)
    yield store
    store.close()


@pytest.fixture
def other_slicer(path):
    """A second process with one job of each state, and the store open."""
    command = [sys.executable, "-c", LEAVE_JOBS_BEHIND, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "ready\n"
        yield process
        process.kill()


def states(store):
    return {job.request.title: job.state for job in store.jobs()}


def test_everything_about_a_job_survives_a_restart(path):
    store = JobStore(path)
    job = replace(
        store.add(REQUEST), state=State.SUCCESS, done=3, total=4, rate=2.5, remaining_s=0.4, reason="1 refused",
        counts={"written": 3}, exit_code=3, result={"report": "/out/report.html"}, log=("a", "é"), started=2.0,
        finished=9.5,
    )  # fmt: skip
    store.save(job)
    store.close()
    again = JobStore(path)
    assert again.jobs() == [replace(job, is_own=False, request=replace(REQUEST, input_text=""))]
    assert again.input_text(job.id) == REQUEST.input_text and again.input_text("gone") == ""
    again.close()


def test_file_names_that_are_no_unicode_survive(store):
    odd = JobRequest("kind", "title", ("a\udcff",), "/o\udcfe", "/in/\udcff.dcm\n")
    job = store.add(odd)
    assert replace(store.jobs()[0].request, input_text=store.input_text(job.id)) == odd


def test_newest_job_comes_first(store):
    added = [store.add(REQUEST).id for _ in range(3)]
    assert [job.id for job in store.jobs()] == added[::-1]


def test_only_the_user_can_read_it(store, path):
    if os.name != "posix":
        pytest.skip("on Windows the profile folder is private already")
    store.add(REQUEST)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_folder_that_others_could_read_is_closed_to_them(path):
    if os.name != "posix":
        pytest.skip("on Windows the profile folder is private already")
    path.parent.mkdir(mode=0o755)
    JobStore(path).close()
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_link_in_place_of_the_private_folder_is_refused(path, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    path.parent.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DicomSuiteError, match="private is no folder"):
        JobStore(path)


def test_jobs_of_another_slicer_that_lives_stay_as_they_are(store, other_slicer):
    store.bury_the_dead()
    assert states(store) == {str(state): state for state in State}
    assert not any(job.is_own for job in store.jobs())


def test_jobs_of_a_slicer_that_was_killed_have_failed_and_say_why(path, other_slicer):
    other_slicer.send_signal(getattr(signal, "SIGKILL", signal.SIGTERM))
    other_slicer.wait()
    store = JobStore(path)
    ended = {job.request.title: job for job in store.jobs()}
    assert [ended[state].state for state in ("pending", "running")] == [State.FAILED, State.FAILED]
    assert {ended[state].reason for state in ("pending", "running")} == {LOST}
    assert ended["running"].finished > ended["running"].created
    assert [ended[state].state for state in ("success", "cancelled")] == [State.SUCCESS, State.CANCELLED]
    assert len(list(path.parent.glob("*.lock"))) == 1
    store.close()
    assert not list(path.parent.glob("*.lock"))


def test_two_slicers_write_to_the_same_store(path):
    first, second = JobStore(path), JobStore(path)
    for _ in range(20):
        first.add(REQUEST)
        second.add(REQUEST)
    assert len(first.jobs()) == len(second.jobs()) == 40
    assert sum(job.is_own for job in first.jobs()) == 20
    first.close()
    second.close()


def test_finished_jobs_beyond_the_limit_are_dropped_and_live_ones_never(store, monkeypatch):
    monkeypatch.setattr(job_store, "KEPT_JOBS", 3)
    waiting = store.add(REQUEST)
    finished = [store.add(REQUEST) for _ in range(5)]
    for job in finished:
        store.save(replace(job, state=State.SUCCESS))
    newest = store.add(REQUEST)
    assert [job.id for job in store.jobs()] == [newest.id, *[job.id for job in finished[:1:-1]], waiting.id]


def test_long_file_lists_do_not_pile_up(store, monkeypatch):
    monkeypatch.setattr(job_store, "KEPT_BYTES", 20_000)
    for _ in range(10):
        noise = os.urandom(3000).hex()  # compresses to half
        job = store.add(JobRequest("kind", "title", (), "", noise))
        store.save(replace(job, state=State.SUCCESS))
    store.add(REQUEST)
    assert 3 <= len(store.jobs()) < 8


def test_removed_job_leaves_no_bytes_behind(store, path):
    job = store.add(JobRequest("kind", "title", ("/patients/Doe_Jane",)))
    store.save(replace(job, state=State.SUCCESS))
    store.remove(job.id)
    assert store.jobs() == []
    store.close()
    assert not any(b"Doe_Jane" in file.read_bytes() for file in path.parent.iterdir())


def test_clearing_keeps_what_waits_and_runs(store):
    running = replace(store.add(REQUEST), state=State.RUNNING)
    store.save(running)
    store.save(replace(store.add(REQUEST), state=State.FAILED))
    store.clear_finished()
    assert [job.id for job in store.jobs()] == [running.id]


def test_file_that_is_no_job_store_is_refused_and_left_alone(path):
    path.parent.mkdir(mode=0o700)
    path.write_bytes(b"not a database, but something of the user's" * 50)
    before = path.read_bytes()
    with pytest.raises(JobStoreError, match="move this file elsewhere"):
        JobStore(path)
    assert path.read_bytes() == before


def test_database_of_another_program_is_refused(path):
    path.parent.mkdir(mode=0o700)
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE theirs (a)")
    other.close()
    with pytest.raises(JobStoreError, match="holds no jobs of DicomSuite"):
        JobStore(path)


def test_lock_is_held_until_it_is_released(tmp_path):
    lock = InstanceLock(tmp_path / "a.lock")
    assert not is_held(lock.path)
    lock.hold()
    assert is_held(lock.path)
    with pytest.raises(sqlite3.OperationalError):
        InstanceLock(lock.path).hold()
    lock.release()
    assert not is_held(lock.path)
    assert not lock.path.exists()
