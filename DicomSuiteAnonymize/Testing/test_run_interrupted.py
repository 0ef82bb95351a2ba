"""Runs that are stopped at any moment: `--resume` finishes them to the tree of a run that was left alone."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from anonymize_runs import anonymize, ended, start_anonymize, tree, write_key, write_series
from broken_files import NEARLY_4_GIB, Encoding, ct_header, file_of, fragments, item, write_sparse
from DicomSuiteAnonymizeLib import run as run_module
from DicomSuiteAnonymizeLib.instance_task import BatchResult, FileTask, TaskSettings
from DicomSuiteAnonymizeLib.run_state import RunState

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")

FILES, COPIES = 300, 40
PROMPT_S = 3.0
"""What a second may take on a machine that does something else; Testing/benchmarks/bench_panel.py measures."""
GRACE_S = 10.0
"""How long the workers of a run that was killed may take to notice."""


@dataclass(frozen=True)
class Job:
    """A source, and what an uninterrupted run makes of it."""

    source: Path
    source_before: dict[str, str]
    key_file: Path
    expected: dict[str, str]
    code: int


@dataclass(frozen=True)
class Moment:
    """When to stop a run: `delay_s` seconds after its output holds `files` files."""

    files: int
    delay_s: float


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> Job:
    folder = tmp_path_factory.mktemp("interrupted")
    source = folder / "source"
    write_source(source, FILES, COPIES)
    key_file = write_key(folder / "key")
    before = tree(source)
    end = ended(start_anonymize(source, folder / "expected", key_file, "--workers", "2"))
    return Job(source, before, key_file, tree(folder / "expected"), end.code)


def write_source(folder: Path, files: int, copies: int) -> None:
    """Small slices, further ones under one header with pixels of their own, a truncated file and a letter."""
    first = write_series(folder, files)[0].read_bytes()
    for number in range(copies):
        (folder / f"copy {number:02d}.dcm").write_bytes(first[:-1] + bytes([number + 1]))
    (folder / "truncated.dcm").write_bytes(first[:-3])
    (folder / "letter.txt").write_text("Dear patient,", encoding="utf-8")


def stop(process: subprocess.Popen[str], target: Path, moment: Moment, how: Callable[[], None]) -> bool:
    """Stop the run at the moment, if it still runs then; tell whether it did."""
    while process.poll() is None and count_outputs(target) < moment.files:
        time.sleep(0.002)
    time.sleep(moment.delay_s)
    if process.poll() is not None:
        return False
    how()
    return True


def count_outputs(target: Path) -> int:
    return sum(name.endswith(".dcm") for _, _, names in os.walk(target) for name in names)


def wait_for_end_of_session(leader: int) -> None:
    """Fail if processes of the session that `leader` led live on."""
    deadline = time.monotonic() + GRACE_S
    while (left := session_members(leader)) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not left


def session_members(leader: int) -> list[int]:
    members = []
    for entry in Path("/proc").iterdir():
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split() if entry.name.isdigit() else []
        except (FileNotFoundError, ProcessLookupError):  # it has ended meanwhile
            continue
        if fields and fields[3] == str(leader) and fields[0] != "Z":
            members.append(int(entry.name))
    return members


def state_files(key_file: Path) -> set[str]:
    return {path.name for path in (key_file.parent / "runs").rglob("*") if path.is_file()}


def assert_resumes(job: Job, target: Path, *options: str) -> None:
    assert tree(job.source) == job.source_before
    end = ended(start_anonymize(job.source, target, job.key_file, "--workers", "2", "--resume", *options))
    assert end.code == job.code, end.errors
    assert tree(job.source) == job.source_before
    assert state_files(job.key_file) == {"finished", "quarantined.csv"}


# kill -9


def random_moments() -> list[Moment]:
    """20 of them: 2 while the run starts, 14 while it writes, 4 while it settles, reports and ends."""
    draw = random.Random(20)
    starting = [Moment(0, draw.uniform(0.05, 0.5)) for _ in range(2)]
    writing = [Moment(draw.randint(1, FILES), draw.uniform(0, 0.01)) for _ in range(14)]
    ending = [Moment(FILES + 1, draw.uniform(0, 0.06)) for _ in range(4)]
    return starting + writing + ending


@pytest.mark.slow
def test_kill_at_20_random_moments_then_resume_gives_the_uninterrupted_tree(job: Job, tmp_path: Path) -> None:
    stopped_in_the_middle = 0
    for number, moment in enumerate(random_moments()):
        target = tmp_path / f"{number}"
        process = start_anonymize(job.source, target, job.key_file, "--workers", "2")
        alone = number % 2 == 0  # then the workers have to notice for themselves
        kill = process.kill if alone else lambda leader=process.pid: os.killpg(leader, signal.SIGKILL)
        stopped = stop(process, target, moment, kill)
        process.communicate(timeout=GRACE_S)
        wait_for_end_of_session(process.pid)
        there = tree(target) if target.exists() else {}
        complete = {digest for name, digest in there.items() if name.endswith(".dcm") and "/." not in name}
        assert complete <= set(job.expected.values()), f"half a file after a kill at {moment}"
        stopped_in_the_middle += stopped and len(there) > 0 and there != job.expected
        assert_resumes(job, target)
        assert tree(target) == job.expected, f"killed at {moment}"
    print(f"killed in the middle: {stopped_in_the_middle} of 20")
    assert stopped_in_the_middle >= 12


@pytest.mark.parametrize("delay_s", [0.0, 0.004, 0.02])
def test_kill_while_packing_then_resume_gives_the_uninterrupted_archive(
    job: Job, tmp_path: Path, delay_s: float
) -> None:
    whole = start_anonymize(job.source, tmp_path / "whole", job.key_file, "--workers", "2", "--zip")
    assert ended(whole).code == job.code
    target = tmp_path / "killed"
    process = start_anonymize(job.source, target, job.key_file, "--workers", "2", "--zip")
    while process.poll() is None and not list(target.glob("*dicom.zip*")):
        time.sleep(0.001)
    time.sleep(delay_s)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=GRACE_S)
    assert_resumes(job, target, "--zip")
    assert tree(target) == tree(tmp_path / "whole")
    assert {path.name for path in target.iterdir()} == {"audit.jsonl", "dicom.zip", "report.html", "report.json"}


# Ctrl-C


@pytest.mark.parametrize("files", [1, FILES // 2, FILES - 64])
def test_ctrl_c_ends_with_130_and_can_be_resumed(job: Job, tmp_path: Path, files: int) -> None:
    target = tmp_path / "out"
    process = start_anonymize(job.source, target, job.key_file, "--workers", "2")
    assert stop(process, target, Moment(files, 0), lambda: os.killpg(process.pid, signal.SIGINT))
    end = ended(process)
    assert (end.code, end.errors) == (130, "dicomsuite: stopped on request\n")
    wait_for_end_of_session(process.pid)
    assert not [name for name in tree(target) if name.endswith(".part")]
    assert set(tree(target).values()) < set(job.expected.values())
    assert_resumes(job, target)
    assert tree(target) == job.expected


# A request to end, as the panel in Slicer makes


@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.parametrize("files", [1, FILES // 2])
def test_request_to_end_is_met_within_a_second_and_leaves_nothing_unfinished(
    job: Job, tmp_path: Path, files: int, workers: str
) -> None:
    target = tmp_path / "out"
    process = start_anonymize(job.source, target, job.key_file, "--workers", workers)
    assert stop(process, target, Moment(files, 0), lambda: os.killpg(process.pid, signal.SIGTERM))
    asked = time.monotonic()
    end = ended(process)
    assert time.monotonic() - asked < PROMPT_S
    assert (end.code, end.errors) == (130, "\ndicomsuite: interrupted\n")
    wait_for_end_of_session(process.pid)
    assert not [name for name in tree(target) if name.endswith(".part")]
    assert_resumes(job, target)
    assert tree(target) == job.expected


@pytest.mark.parametrize("workers", ["1", "2"])
def test_request_to_end_does_not_wait_for_a_large_file(tmp_path: Path, workers: str) -> None:
    source, target, key_file = tmp_path / "source", tmp_path / "out", write_key(tmp_path / "key")
    source.mkdir()
    head, pixels = file_of(ct_header(), Encoding.JPEG_2000), fragments()
    write_sparse(source / "large.dcm", [head, pixels[:-8], item(b"", NEARLY_4_GIB), NEARLY_4_GIB, pixels[-8:]])
    process = start_anonymize(source, target, key_file, "--workers", workers)
    while not any(path.stat().st_size for path in target.rglob("*.part")):
        assert process.poll() is None
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGTERM)
    asked = time.monotonic()
    assert ended(process).code == 130
    assert time.monotonic() - asked < PROMPT_S
    assert not [path for path in target.rglob("*") if path.is_file()]


# Every point between two batches


@pytest.mark.parametrize("written", [False, True], ids=["before its files are written", "before it is recorded"])
def test_interruption_at_any_batch_can_be_resumed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: bool
) -> None:
    monkeypatch.setattr(run_module, "BATCH", 2)
    source = tmp_path / "source"
    write_source(source, files=4, copies=5)
    key_file = write_key(tmp_path / "key")
    assert anonymize(source, tmp_path / "expected", key_file).code == 3
    expected = tree(tmp_path / "expected")
    batches = 0
    while True:
        target = tmp_path / f"{batches}"
        with monkeypatch.context() as patch:
            patch.setattr(run_module, "process_batch", interrupted_at(batches, written))
            code = anonymize(source, target, key_file).code
        if code != 130:
            break
        assert anonymize(source, target, key_file, "--resume").code == 3
        assert tree(target) == expected, f"interrupted at batch {batches}"
        batches += 1
    assert batches == 7  # six of two files each, and the one that numbers the copies


def test_what_a_worker_left_unfinished_when_it_died_is_removed_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    process_batch = run_module.process_batch

    def process(settings: TaskSettings, tasks: list[FileTask]) -> BatchResult:
        Path(settings.target, ".IM-0.dcm.0.part").write_bytes(b"unfinished")
        return process_batch(settings, tasks)

    write_series(tmp_path / "source", 1)
    monkeypatch.setattr(run_module, "process_batch", process)
    assert anonymize(tmp_path / "source", tmp_path / "out", write_key(tmp_path / "key")).code == 0
    assert not list((tmp_path / "out").rglob(".*"))


def interrupted_at(batch: int, written: bool) -> Callable[[TaskSettings, list[FileTask]], BatchResult]:
    process_batch = run_module.process_batch
    calls = iter(range(batch + 1))

    def process(settings: TaskSettings, tasks: list[FileTask]) -> BatchResult:
        last = next(calls) == batch
        if last and not written:
            raise KeyboardInterrupt
        result = process_batch(settings, tasks)
        if last:
            raise KeyboardInterrupt
        return result

    return process


# What can be resumed, and what cannot


@pytest.fixture
def interrupted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with source, key and the output of a run that was interrupted after its first two batches."""
    monkeypatch.setattr(run_module, "BATCH", 2)
    write_source(tmp_path / "source", files=6, copies=0)
    key_file = write_key(tmp_path / "key")
    with monkeypatch.context() as patch:
        patch.setattr(run_module, "process_batch", interrupted_at(2, written=False))
        assert anonymize(tmp_path / "source", tmp_path / "out", key_file).code == 130
    return tmp_path


def test_second_run_into_the_same_folder_is_refused_and_does_not_disturb_the_first(tmp_path: Path) -> None:
    write_series(tmp_path / "source", 1)
    unfinished = tmp_path / "out" / ".IM-0.dcm.0.part"
    key_file = write_key(tmp_path / "key")
    with RunState(key_file, tmp_path / "out").locked():
        unfinished.parent.mkdir()
        unfinished.touch()
        end = anonymize(tmp_path / "source", tmp_path / "out", key_file, "--resume")
    assert end.code == 2
    assert "Another run is writing into" in end.errors
    unfinished.unlink()
    assert anonymize(tmp_path / "source", tmp_path / "out", key_file).code == 0


@pytest.mark.parametrize(
    "options",
    [
        ["--profile", "research"],
        ["--retain", "uids"],
        ["--on-leak", "fail"],
        ["--allow-pixel-risk"],
        ["--audit-hash", "file"],
    ],
    ids=" ".join,
)
def test_run_with_other_settings_is_not_resumed(interrupted: Path, options: list[str]) -> None:
    source, target, key_file = interrupted / "source", interrupted / "out", interrupted / "key" / "key"
    before = tree(target)
    end = anonymize(source, target, key_file, "--resume", *options)
    assert end.code == 1
    assert "run with other settings" in end.errors
    assert "repeat the settings" in end.errors
    assert tree(target) == before
    assert anonymize(source, target, key_file, "--resume").code == 3


def test_run_with_another_key_is_not_resumed(interrupted: Path) -> None:
    before = tree(interrupted / "out")
    other = write_key(interrupted / "other", bytes(32))
    end = anonymize(interrupted / "source", interrupted / "out", other, "--resume")
    assert end.code == 2
    assert "holds no run with these sources, settings and key" in end.errors
    assert tree(interrupted / "out") == before


def test_run_on_another_source_is_not_resumed(interrupted: Path) -> None:
    write_series(interrupted / "elsewhere", 2)
    before = tree(interrupted / "out")
    end = anonymize(interrupted / "elsewhere", interrupted / "out", interrupted / "key" / "key", "--resume")
    assert end.code == 1
    assert "run with other settings" in end.errors
    assert tree(interrupted / "out") == before


def test_interrupted_run_is_not_started_anew_by_mistake(interrupted: Path) -> None:
    before = tree(interrupted)
    end = anonymize(interrupted / "source", interrupted / "out", interrupted / "key" / "key")
    assert end.code == 2
    assert "--resume to finish a run that was interrupted there" in end.errors
    assert tree(interrupted) == before


def test_what_is_finished_is_not_done_again(interrupted: Path) -> None:
    target = interrupted / "out"
    before = {path: path.stat().st_mtime_ns for path in target.rglob("*.dcm")}
    assert len(before) == 4
    assert anonymize(interrupted / "source", target, interrupted / "key" / "key", "--resume").code == 3
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_output_that_has_gone_meanwhile_is_written_again(interrupted: Path) -> None:
    source, target, key_file = interrupted / "source", interrupted / "out", interrupted / "key" / "key"
    next(target.rglob("*.dcm")).unlink()
    assert anonymize(source, target, key_file, "--resume").code == 3
    assert anonymize(source, interrupted / "expected", key_file).code == 3
    assert tree(target) == tree(interrupted / "expected")


def test_source_that_was_added_meanwhile_is_taken_along(interrupted: Path) -> None:
    source, target, key_file = interrupted / "source", interrupted / "out", interrupted / "key" / "key"
    write_series(source, 9)
    assert anonymize(source, target, key_file, "--resume").code == 3
    assert anonymize(source, interrupted / "expected", key_file).code == 3
    assert tree(target) == tree(interrupted / "expected")


def test_source_that_has_gone_meanwhile_stops_the_resumed_run(interrupted: Path) -> None:
    (interrupted / "source" / "00000.dcm").unlink()
    end = anonymize(interrupted / "source", interrupted / "out", interrupted / "key" / "key", "--resume")
    assert end.code == 1
    assert "files have gone since the run was interrupted" in end.errors


def test_finished_run_can_be_resumed_with_the_same_settings_only(tmp_path: Path) -> None:
    write_series(tmp_path / "source", 3)
    key_file = write_key(tmp_path / "key")
    assert anonymize(tmp_path / "source", tmp_path / "out", key_file).code == 0
    before = tree(tmp_path / "out")
    assert anonymize(tmp_path / "source", tmp_path / "out", key_file, "--resume").code == 0
    end = anonymize(tmp_path / "source", tmp_path / "out", key_file, "--resume", "--profile", "research")
    assert end.code == 2
    assert "holds no run with these sources, settings and key" in end.errors
    assert tree(tmp_path / "out") == before


def test_folder_with_something_else_is_not_taken_for_an_interrupted_run(tmp_path: Path) -> None:
    write_series(tmp_path / "source", 1)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / ".notes.part").write_text("mine", encoding="utf-8")
    end = anonymize(tmp_path / "source", tmp_path / "out", write_key(tmp_path / "key"), "--resume")
    assert end.code == 2
    assert "holds no run" in end.errors
    assert tree(tmp_path / "out").keys() == {".notes.part"}


def test_resuming_where_nothing_was_begun_is_a_first_run(tmp_path: Path) -> None:
    write_series(tmp_path / "source", 1)
    assert anonymize(tmp_path / "source", tmp_path / "out", write_key(tmp_path / "key"), "--resume").code == 0
