"""Child processes: nothing waits for them, nothing of them is left over, and they never outlive their parent."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from copied_study import copied_study
from DicomSuiteLib.child_process import KEPT_LINES, ChildProcess, Ended, LogLine, Progress, Result
from DicomSuiteLib.command_output import EXIT_SOME_REFUSED
from DicomSuiteLib.python_interpreter import dicomsuite_command, dicomsuite_environment, python_interpreter

PROMPT_S = 3.0
"""What a second may take on a machine that does something else; Testing/benchmarks/bench_panel.py measures."""
ENVIRONMENT = dicomsuite_environment(os.environ)
TIMEOUT_S = 30.0
posix_only = pytest.mark.skipif(os.name != "posix", reason="asks for signals and process groups")

STUBBORN = """
import os, pathlib, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
ignore = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"
grandchild = subprocess.Popen([sys.executable, "-c", ignore])
pathlib.Path(sys.argv[1], ".half.dcm.part").write_bytes(b"unfinished")
pathlib.Path(sys.argv[1], "theirs.part").write_bytes(b"of the user")
print("pids", os.getpid(), grandchild.pid, flush=True)
time.sleep(60)
"""

PARENT = """
import os, sys
from DicomSuiteLib.child_process import ChildProcess, LogLine
child = ChildProcess([sys.executable, "-c", sys.argv[1]], environment=dict(os.environ))
while not (lines := [event for event in child.events() if isinstance(event, LogLine)]):
    pass
print(lines[0].text, flush=True)
child.wait()
"""

REPORTS_FOR_EVER = """
import os, time
from DicomSuiteLib.progress import ProgressReporter
print(os.getpid(), flush=True)
reporter = ProgressReporter("json")
for done in range(10**6):
    reporter.update(done, 10**6)
    time.sleep(0.02)
"""


def python(source, *arguments, text="", output=""):
    command = [sys.executable, "-c", source, *arguments]
    return ChildProcess(command, text, environment=ENVIRONMENT, output=output)


def all_events(child):
    assert child.wait(TIMEOUT_S)
    return child.events()


def first_line(child):
    """Text of the first log line, as soon as it is there."""
    deadline = time.monotonic() + TIMEOUT_S
    while time.monotonic() < deadline:
        lines = [event.text for event in child.events() if isinstance(event, LogLine)]
        if lines:
            return lines[0]
        time.sleep(0.01)
    raise AssertionError("the child said nothing")


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not status.exists() or status.read_text().rpartition(")")[2].split()[0] != "Z"


def wait_until_dead(pid):
    deadline = time.monotonic() + TIMEOUT_S
    while is_alive(pid):
        assert time.monotonic() < deadline, f"process {pid} goes on"
        time.sleep(0.02)


def test_output_is_told_apart_into_progress_log_and_result():
    lines = [
        'import sys; sys.stderr.write("reading\\n")',
        'sys.stderr.write(\'{"written":4,"done":5,"total":9,"rate":2.5,"remaining_s":null,"elapsed_s":2.0}\\n\')',
        'print(\'{"result":{"written":4}}\')',
        "sys.exit(3)",
    ]
    assert all_events(python("\n".join(lines))) == [
        LogLine("reading"),
        Progress(5, 9, 2.5, None, {"written": 4}),
        Result({"written": 4}),
        Ended(3, was_cancelled=False),
    ]


def test_end_is_told_once():
    child = python("pass")
    assert all_events(child) == [Ended(0, was_cancelled=False)]
    assert child.events() == []


def test_long_input_reaches_the_child_whole_and_is_closed():
    text = "".join(f"/input/é/\udcff{number}.dcm\n" for number in range(100_000))  # far more than a pipe holds
    source = "import sys, hashlib; print(hashlib.sha256(sys.stdin.buffer.read()).hexdigest())"
    log, end = all_events(python(source, text=text))
    import hashlib

    assert log.text == hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
    assert end.exit_code == 0


def test_child_that_reads_no_input_does_no_harm():
    assert all_events(python("pass", text="x" * 1_000_000)) == [Ended(0, was_cancelled=False)]


def test_chatty_child_fills_no_memory_and_keeps_its_last_lines():
    *log, end = all_events(python("for n in range(100_000): print('line', n)"))
    assert [event.text for event in log] == [f"line {n}" for n in range(100_000 - KEPT_LINES, 100_000)]
    assert end.exit_code == 0


def test_long_result_stays_one_line():
    source = "import json; print(json.dumps({'result': {'names': ['x' * 50] * 20_000}}))"
    result, _ = all_events(python(source))
    assert len(result.facts["names"]) == 20_000


def test_answer_in_parts_comes_whole_and_in_order():
    source = """
import json
for n in range(5000):
    print(json.dumps({"part": {"n": n}}))
print(json.dumps({"result": {}}))
"""
    *parts, result, _ = all_events(python(source))
    assert [part.facts["n"] for part in parts] == list(range(5000))
    assert result == Result({})


def test_lines_that_only_look_like_reports_are_log():
    lines = ["{broken", '{"done": 1}', "[1]", '{"result": 1}', '{"part": 1}']
    *log, _ = all_events(python(f"for line in {lines!r}: print(line)"))
    assert [event.text for event in log] == lines


def test_command_that_cannot_start_says_so():
    child = ChildProcess(["/no/such/python"])
    log, end = all_events(child)
    assert "/no/such/python cannot be started" in log.text
    assert end == Ended(None, was_cancelled=False)


def test_starting_a_process_takes_the_caller_no_time():
    start = time.monotonic()
    child = python("import time; time.sleep(0.3)")
    child.events()
    assert time.monotonic() - start < 0.1
    assert all_events(child)


def test_polite_child_is_given_time_to_end_by_itself():
    source = (
        "import signal, sys, time; signal.signal(signal.SIGTERM, lambda *_: sys.exit(130)); print('on', flush=True)"
    )
    child = python(source + "\nwhile True: time.sleep(0.01)")
    first_line(child)
    child.cancel()
    assert all_events(child)[-1] == Ended(130 if os.name == "posix" else 1, was_cancelled=True)


@posix_only
def test_cancel_ends_the_whole_group_within_a_second_and_removes_what_is_half_written(tmp_path):
    child = python(STUBBORN, str(tmp_path), output=str(tmp_path))
    _, *pids = first_line(child).split()
    start = time.monotonic()
    child.cancel()
    asking = time.monotonic() - start
    assert all_events(child)[-1] == Ended(-signal.SIGKILL, was_cancelled=True)
    assert time.monotonic() - start < PROMPT_S
    assert asking < PROMPT_S / 10
    for pid in pids:
        wait_until_dead(int(pid))  # init may take a moment to reap one that was killed
    assert [file.name for file in tmp_path.iterdir()] == ["theirs.part"]


@posix_only
def test_nothing_that_a_child_left_running_stays(tmp_path):
    source = (
        "import subprocess, sys; print(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']).pid)"
    )
    log, end = all_events(python(source))
    assert end.exit_code == 0
    wait_until_dead(int(log.text))


def test_cancel_before_the_child_has_started_ends_it_too():
    child = python("import time; time.sleep(60)")
    child.cancel()
    child.cancel()
    assert all_events(child)[-1].was_cancelled


def test_cancel_after_the_end_changes_nothing():
    child = python("pass")
    child.wait(TIMEOUT_S)
    child.cancel()
    assert child.events() == [Ended(0, was_cancelled=False)]


@posix_only
def test_child_ends_soon_after_its_parent_was_killed():
    command = [sys.executable, "-c", PARENT, REPORTS_FOR_EVER]
    with subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True) as parent:
        pid = int(parent.stdout.readline())
        assert is_alive(pid)
        parent.kill()
    wait_until_dead(pid)


def test_dicomsuite_runs_from_any_folder_with_this_checkouts_library(tmp_path, monkeypatch):
    (tmp_path / "argparse.py").write_text("raise SystemExit('imported from the current folder')")
    monkeypatch.chdir(tmp_path)
    study = copied_study(tmp_path / "study")
    words = ["anonymize", study.folder, tmp_path / "out", "--key-file", tmp_path / "key" / "key"]
    child = ChildProcess(dicomsuite_command([str(word) for word in words]), environment=ENVIRONMENT)
    *log, end = all_events(child)
    assert end.exit_code == EXIT_SOME_REFUSED, log
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["files"]["written"] == len(study.dicom_files) - 1
    assert report["files"]["quarantined"] == 1


def test_library_of_each_command_is_on_the_childs_path_before_the_users_own():
    folders = dicomsuite_environment({"PYTHONPATH": "/theirs"})["PYTHONPATH"].split(os.pathsep)
    assert folders[-1] == "/theirs"
    assert {
        Path(folder, name).is_dir()
        for folder, name in zip(folders, ("DicomSuiteAnonymizeLib", "DicomSuiteLib"), strict=False)
    } == {True}


def test_interpreter_beside_the_standard_library_is_found_where_the_application_names_none(monkeypatch):
    monkeypatch.setattr(sys, "executable", "")
    monkeypatch.setenv("PATH", "")
    done = subprocess.run(
        [python_interpreter(), "-c", "import sys; print(sys.version)"], capture_output=True, text=True
    )
    assert done.stdout.strip() == sys.version


def test_application_is_not_taken_for_an_interpreter(monkeypatch, tmp_path):
    application = tmp_path / "SlicerApp-real"
    application.write_text("#!/bin/sh\n")
    application.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(application))
    monkeypatch.setenv("PATH", "")
    assert python_interpreter() != application


def test_slicers_own_launcher_comes_first(monkeypatch, tmp_path):
    launcher = tmp_path / ("PythonSlicer.exe" if os.name == "nt" else "PythonSlicer")
    launcher.write_text("#!/bin/sh\n")
    launcher.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert python_interpreter() == launcher


@posix_only
def test_library_is_found_behind_a_launcher_with_an_environment_of_its_own(monkeypatch, tmp_path):
    launcher = tmp_path / "PythonSlicer"
    launcher.write_text(f'#!/bin/sh\nunset PYTHONPATH\n"{sys.executable}" "$@"\n')
    launcher.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    *log, end = all_events(ChildProcess(dicomsuite_command(["--version"]), environment=ENVIRONMENT))
    assert end.exit_code == 0, log
