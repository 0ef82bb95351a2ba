"""Following a folder: what arrives is taken in once it is complete, and the result is that of one run over it all."""

import errno
import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from anonymize_runs import (
    KEY,
    Ended,
    anonymize,
    ended,
    read_report,
    refused,
    start_anonymize,
    tree,
    write_key,
    write_series,
)
from broken_runs import anonymize_without_privileges, needs_posix
from DicomSuiteAnonymizeLib import instance_task
from DicomSuiteAnonymizeLib import run as run_module
from DicomSuiteAnonymizeLib.arrivals import Arrivals
from DicomSuiteAnonymizeLib.keys import Pseudonyms
from DicomSuiteAnonymizeLib.run_state import RunState
from DicomSuiteAnonymizeLib.sources import FolderSources, SourceEntry
from DicomSuiteAnonymizeLib.watch import WatchedRun
from DicomSuiteLib.errors import UsageError

FILES = 60
SETTLE_S = 0.1
STARTED_S = 20.0


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All that will arrive, and what one run makes of it: slices, copies, a truncated file and a letter."""
    folder = tmp_path_factory.mktemp("place")
    content = write_series(folder / "all", FILES)[0].read_bytes()
    for number in range(3):
        (folder / "all" / f"{9 - number} other pixels.dcm").write_bytes(content[:-1] + bytes([number + 1]))
    (folder / "all" / "truncated.dcm").write_bytes(content[:-3])
    (folder / "all" / "letter.txt").write_text("Dear patient,", encoding="utf-8")
    assert anonymize(folder / "all", folder / "expected", write_key(folder / "key")).code == 3
    return folder


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    (tmp_path / "inbox").mkdir()
    return tmp_path / "inbox"


def watch(inbox: Path, target: Path, key_file: Path, *options: str) -> Ended:
    """Follow the folder until nothing has come for a moment."""
    return anonymize(inbox, target, key_file, "--watch", "--settle", str(SETTLE_S), "--idle", "0.2", *options)


def start_watch(inbox: Path, target: Path, key_file: Path) -> subprocess.Popen[str]:
    """Follow the folder in another process."""
    return start_anonymize(inbox, target, key_file, "--watch", "--settle", str(SETTLE_S), "--progress", "json")


def dicom_below(folder: Path) -> list[Path]:
    return sorted(folder.rglob("IM-*.dcm"))


def wait_for_outputs(target: Path, count: int, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + STARTED_S
    while len(dicom_below(target)) < count:
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.01)


def arrive(files: list[Path], inbox: Path) -> None:
    for file in files:
        shutil.copyfile(file, inbox / file.name)


# Which files are complete


class Clock:
    """A folder that is looked at now and then."""

    def __init__(self, settle_s: float) -> None:
        self._arrivals = Arrivals(settle_s)
        self.now = 1000.0

    def look(self, folder: Path) -> list[str]:
        """Names of what is complete now."""
        entries = [SourceEntry(str(path), path.name, "") for path in sorted(folder.iterdir())]
        return [Path(entry.path).name for entry in self._arrivals.complete(entries, self.now)]


def test_file_is_complete_when_it_has_not_changed_for_the_time(inbox: Path) -> None:
    clock = Clock(5.0)
    for second in range(4):
        with (inbox / "growing.dcm").open("ab") as file:
            file.write(b"more")
        clock.now += 3.0
        assert clock.look(inbox) == [], second
    clock.now += 4.9
    assert clock.look(inbox) == []
    clock.now += 0.2
    assert clock.look(inbox) == ["growing.dcm"]
    clock.now += 100.0
    assert clock.look(inbox) == []


def test_file_of_old_date_has_to_stay_the_same_as_well(inbox: Path) -> None:
    clock = Clock(5.0)
    (inbox / "old.dcm").touch()
    os.utime(inbox / "old.dcm", (0, 0))
    assert clock.look(inbox) == []
    clock.now += 5.0
    assert clock.look(inbox) == ["old.dcm"]


def test_file_that_changed_after_it_seemed_complete_is_given_again(inbox: Path) -> None:
    clock = Clock(1.0)
    (inbox / "a.dcm").write_bytes(b"half")
    clock.look(inbox)
    clock.now += 1.0
    assert clock.look(inbox) == ["a.dcm"]
    (inbox / "a.dcm").write_bytes(b"half and half")
    assert clock.look(inbox) == []
    clock.now += 1.0
    assert clock.look(inbox) == ["a.dcm"]


@pytest.mark.parametrize("name", [".hidden", "a.dcm.part", "a.PART", "a.filepart", "a.tmp", "a.dcm.partial"])
def test_name_of_an_unfinished_file_is_left_alone_until_it_is_renamed(inbox: Path, name: str) -> None:
    clock = Clock(1.0)
    (inbox / name).touch()
    for _ in range(3):
        assert clock.look(inbox) == []
        clock.now += 10.0
    (inbox / name).rename(inbox / "a.dcm")
    clock.look(inbox)
    clock.now += 1.0
    assert clock.look(inbox) == ["a.dcm"]


# One growing run


def test_what_came_in_parts_and_over_restarts_gives_the_tree_of_one_run(place: Path, inbox: Path) -> None:
    files, target = sorted((place / "all").iterdir()), inbox.parent / "out"
    for start in range(0, len(files), 17):
        arrive(files[start : start + 17], inbox)
        assert watch(inbox, target, place / "key" / "key").code in (0, 3)
    assert tree(target) == tree(place / "expected")


def test_nothing_is_written_twice(place: Path, inbox: Path) -> None:
    files, target = sorted((place / "all").glob("0*.dcm")), inbox.parent / "out"
    arrive(files[:20], inbox)
    watch(inbox, target, place / "key" / "key")
    before = {path: path.stat().st_mtime_ns for path in dicom_below(target)}
    arrive(files[20:30], inbox)
    watch(inbox, target, place / "key" / "key")
    after = {path: path.stat().st_mtime_ns for path in dicom_below(target)}
    assert len(after) == 30
    assert before.items() <= after.items()


def test_folders_that_arrive_later_are_followed(place: Path, inbox: Path) -> None:
    target = inbox.parent / "out"
    process = start_watch(inbox, target, place / "key" / "key")
    files = sorted((place / "all").glob("0*.dcm"))
    for number, name in enumerate(("monday", "tuesday"), 1):
        (inbox / name / "study").mkdir(parents=True)
        arrive(files[10 * number : 10 * number + 10], inbox / name / "study")
        wait_for_outputs(target, 10 * number, process)
    process.send_signal(signal.SIGINT)
    end = ended(process)
    assert (end.code, read_report(target)["files"]["written"]) == (0, 20)


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_ctrl_c_ends_with_report_and_the_next_start_goes_on(place: Path, inbox: Path) -> None:
    files, target, key_file = sorted((place / "all").iterdir()), inbox.parent / "out", place / "key" / "key"
    arrive(files[:30], inbox)
    process = start_watch(inbox, target, key_file)
    wait_for_outputs(target, 20, process)
    process.send_signal(signal.SIGINT)
    end = ended(process)
    assert end.code in (0, 3)
    assert json.loads(end.output)["result"]["files"]["written"] == len(dicom_below(target))
    arrive(files[30:], inbox)
    watch(inbox, target, key_file)
    assert tree(target) == tree(place / "expected")


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
@pytest.mark.parametrize("files_first", [1, 20])
def test_kill_loses_nothing(place: Path, inbox: Path, files_first: int) -> None:
    files, target, key_file = sorted((place / "all").iterdir()), inbox.parent / "out", place / "key" / "key"
    arrive(files, inbox)
    process = start_watch(inbox, target, key_file)
    wait_for_outputs(target, files_first, process)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    watch(inbox, target, key_file)
    assert tree(target) == tree(place / "expected")


def test_outputs_that_were_written_but_not_recorded_are_no_copies(
    place: Path, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files, target, key_file = sorted((place / "all").iterdir()), inbox.parent / "out", place / "key" / "key"
    arrive(files, inbox)
    in_order = run_module.run_batches

    def stop_before_recording(*arguments: object, **options: object) -> object:
        list(in_order(*arguments, **options))
        raise KeyboardInterrupt

    monkeypatch.setattr(run_module, "run_batches", stop_before_recording)
    assert watch(inbox, target, key_file).code == 130
    assert dicom_below(target)
    monkeypatch.undo()
    watch(inbox, target, key_file)
    assert tree(target) == tree(place / "expected")


def test_copies_are_settled_though_the_watch_was_stopped_in_between(
    place: Path, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files, target, key_file = sorted((place / "all").iterdir()), inbox.parent / "out", place / "key" / "key"
    arrive(files, inbox)
    process = WatchedRun._process

    def process_and_stop(run: WatchedRun, *arguments: object) -> None:
        process(run, *arguments)
        run._token.cancel()
        run._token.raise_if_cancelled()

    monkeypatch.setattr(WatchedRun, "_process", process_and_stop)
    assert watch(inbox, target, key_file).code == 3
    assert tree(target) == tree(place / "expected")


def test_copies_are_settled_though_the_watch_was_killed_in_between(
    place: Path, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files, target, key_file = sorted((place / "all").iterdir()), inbox.parent / "out", place / "key" / "key"
    arrive(files, inbox)

    def be_killed(*_arguments: object) -> None:
        if dicom_below(target):
            raise KeyboardInterrupt

    monkeypatch.setattr(WatchedRun, "_settle_equal_names", be_killed)
    assert watch(inbox, target, key_file).code == 130
    monkeypatch.undo()
    assert watch(inbox, target, key_file).code == 3
    assert tree(target) == tree(place / "expected")


def test_progress_tells_what_is_written_and_what_is_waited_for(place: Path, inbox: Path) -> None:
    arrive(sorted((place / "all").glob("0*.dcm")), inbox)
    end = watch(inbox, inbox.parent / "out", place / "key" / "key", "--progress", "json")
    lines = [json.loads(line) for line in end.errors.splitlines()]
    assert lines[0]["waiting"] == lines[0]["total"] == FILES
    assert (lines[-1]["waiting"], lines[-1]["written"], lines[-1]["done"]) == (0, FILES, FILES)


# What changes or goes meanwhile


def test_refused_file_is_tried_again_when_it_changes(place: Path, inbox: Path) -> None:
    target, key_file = inbox.parent / "out", place / "key" / "key"
    whole = (place / "all" / "00001.dcm").read_bytes()
    (inbox / "slow.dcm").write_bytes(whole[:-3])
    assert watch(inbox, target, key_file).code == 3
    assert list(refused(key_file)) == ["slow.dcm"]
    (inbox / "slow.dcm").write_bytes(whole)
    assert watch(inbox, target, key_file).code == 0
    assert read_report(target)["files"] == {"in": 1, "written": 1, "quarantined": 0, "not_dicom": 0}


def test_sources_that_are_cleared_away_afterwards_stay_in_the_report(place: Path, inbox: Path) -> None:
    files, target, key_file = sorted((place / "all").glob("0*.dcm")), inbox.parent / "out", place / "key" / "key"
    for start in (0, 10):
        arrive(files[start : start + 10], inbox)
        assert watch(inbox, target, key_file).code == 0
        for path in inbox.iterdir():
            path.unlink()
    assert watch(inbox, target, key_file).code == 0
    assert read_report(target)["files"]["written"] == len(dicom_below(target)) == 20


def test_file_with_the_header_of_one_that_has_gone_overwrites_nothing(place: Path, inbox: Path) -> None:
    target, key_file = inbox.parent / "out", place / "key" / "key"
    (first, *_), others = sorted((place / "all").glob("0*.dcm")), sorted((place / "all").glob("* other*.dcm"))
    seen = {}
    for number, file in enumerate((first, *others), 1):
        arrive([file], inbox)
        assert watch(inbox, target, key_file).code == 0
        assert len(dicom_below(target)) == number
        assert {path: path.read_bytes() for path in seen} == seen
        seen = {path: path.read_bytes() for path in dicom_below(target)}
        (inbox / file.name).unlink()
    assert [path.stem[19:] for path in sorted(seen)] == ["-2", "-3", "-4", ""]
    assert {content[-1] for content in seen.values()} == {first.read_bytes()[-1], 1, 2, 3}


@pytest.mark.parametrize("cleared", [True, False], ids=["after the first has gone", "over the first"])
def test_other_file_under_the_name_of_a_written_one_is_written_too(place: Path, inbox: Path, cleared: bool) -> None:
    target, key_file = inbox.parent / "out", place / "key" / "key"
    files = sorted((place / "all").glob("0*.dcm"))[:4]
    for number, file in enumerate(files, 1):
        if cleared:
            (inbox / "IM1.dcm").unlink(missing_ok=True)
        shutil.copyfile(file, inbox / "IM1.dcm")
        assert watch(inbox, target, key_file).code == 0
        assert len(dicom_below(target)) == number
    watch(inbox, target, key_file)
    assert read_report(target)["files"]["written"] == 4
    expected = {name: digest for name, digest in tree(place / "expected").items() if name.endswith(".dcm")}
    assert {name: digest for name, digest in tree(target).items() if name.endswith(".dcm")}.items() <= expected.items()


def test_file_that_is_sent_once_more_is_no_copy(place: Path, inbox: Path) -> None:
    target, key_file = inbox.parent / "out", place / "key" / "key"
    for second in range(3):
        arrive(sorted((place / "all").glob("0*.dcm"))[:5], inbox)
        for path in inbox.iterdir():
            os.utime(path, (second, second))
        assert watch(inbox, target, key_file).code == 0
    assert read_report(target)["files"]["written"] == len(dicom_below(target)) == 5


# Folders of a network


def test_folder_that_is_away_while_it_is_read_is_read_when_it_is_back(
    place: Path, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, key_file = inbox.parent / "out", place / "key" / "key"
    arrive(sorted((place / "all").glob("0*.dcm"))[:5], inbox)
    process, calls = WatchedRun._process, []

    def process_while_away(run: WatchedRun, *arguments: object) -> None:
        calls.append(1)
        if len(calls) == 1:
            inbox.rename(inbox.parent / "away")
        process(run, *arguments)
        if len(calls) == 1:
            assert not dicom_below(target)
            (inbox.parent / "away").rename(inbox)

    monkeypatch.setattr(WatchedRun, "_process", process_while_away)
    assert watch(inbox, target, key_file).code == 0
    assert read_report(target)["files"] == {"in": 5, "written": 5, "quarantined": 0, "not_dicom": 0}


def test_folder_that_is_gone_for_a_while_is_followed_when_it_is_back(place: Path, inbox: Path) -> None:
    target, files = inbox.parent / "out", sorted((place / "all").glob("0*.dcm"))
    arrive(files[:5], inbox)
    process = start_watch(inbox, target, place / "key" / "key")
    wait_for_outputs(target, 5, process)
    inbox.rename(inbox.parent / "away")
    time.sleep(1.0)
    (inbox.parent / "away").rename(inbox)
    arrive(files[5:10], inbox)
    wait_for_outputs(target, 10, process)
    process.send_signal(signal.SIGINT)
    end = ended(process)
    assert (end.code, read_report(target)["files"]["written"]) == (0, 10), end.errors


def test_keys_do_not_change_when_the_folder_is_away_at_the_moment_of_a_look(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources, pseudonyms = FolderSources([place / "all"]), Pseudonyms(KEY)
    keys = [entry.key for entry in sources.entries(pseudonyms)]
    monkeypatch.setattr(Path, "is_dir", lambda path: False)
    assert [entry.key for entry in sources.entries(pseudonyms)] == keys


def test_file_that_stays_unreadable_does_not_keep_the_watch_from_ending(
    place: Path, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (inbox / "a.dcm").write_bytes(b"")
    tries = []

    def refuse(path: str) -> None:
        tries.append(path)
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(instance_task, "SourceFile", refuse)
    assert watch(inbox, inbox.parent / "out", place / "key" / "key").code == 3
    assert len(tries) == 4  # the first, and three more
    assert refused(place / "key" / "key") == {"a.dcm": "cannot be read: Input/output error"}


@needs_posix
def test_what_had_no_read_permission_is_taken_in_once_it_has(place: Path, inbox: Path) -> None:
    files, target, key_file = sorted((place / "all").glob("0*.dcm"))[:4], inbox.parent / "out", place / "key" / "key"
    (inbox / "ward").mkdir()
    arrive(files[:1], inbox)
    arrive(files[1:3], inbox / "ward")
    arrive(files[3:], inbox)
    (inbox / files[3].name).chmod(0)
    (inbox / "ward").chmod(0)
    options = ("--watch", "--settle", str(SETTLE_S), "--idle", "0.2")
    end = anonymize_without_privileges(inbox, target, key_file, *options)
    assert end.code == 3, end.errors
    assert refused(key_file) == dict.fromkeys(("ward", files[3].name), "cannot be read: Permission denied")
    (inbox / files[3].name).chmod(0o644)
    (inbox / "ward").chmod(0o755)
    assert watch(inbox, target, key_file).code == 0
    assert read_report(target)["files"] == {"in": 4, "written": 4, "quarantined": 0, "not_dicom": 0}


# Two at once


def test_second_watch_of_one_output_folder_is_refused(place: Path, inbox: Path) -> None:
    target, key_file = inbox.parent / "out", place / "key" / "key"
    arrive(sorted((place / "all").glob("0*.dcm"))[:5], inbox)
    both = [start_watch(inbox, target, key_file) for _ in range(2)]
    deadline = time.monotonic() + STARTED_S
    while all(process.poll() is None for process in both):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    late, first = both if both[0].poll() is not None else both[::-1]
    end = ended(late)
    assert (end.code, "Another run is writing into" in end.errors) == (2, True), end.errors
    wait_for_outputs(target, 5, first)
    first.send_signal(signal.SIGINT)
    assert ended(first).code == 0
    assert len(dicom_below(target)) == 5


def test_lock_that_another_run_takes_in_the_same_moment_is_a_usage_error(tmp_path: Path) -> None:
    key_file = write_key(tmp_path / "key")
    one, other = (RunState(key_file, tmp_path / "out") for _ in range(2))
    with one.locked(), pytest.raises(UsageError, match="Another run is writing into"), other.locked():
        pass
    with other.locked():
        pass


# What cannot be watched


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--zip"], "cannot be combined with --dry-run or --zip"),
        (["--dry-run"], "cannot be combined with --dry-run or --zip"),
        (["--settle", "0"], "--settle must be more than 0"),
        (["--idle", "-1"], "--idle must not be less than 0"),
        (["--clean", "recognizable-visual-features"], "a face is found in the whole series"),
    ],
)
def test_options_that_need_an_end_are_usage_errors(place: Path, inbox: Path, options: list[str], message: str) -> None:
    end = watch(inbox, inbox.parent / "out", place / "key" / "key", *options)
    assert (end.code, message in end.errors) == (2, True), end.errors
    assert not (inbox.parent / "out").exists()


def test_renumbering_is_a_usage_error(place: Path, inbox: Path) -> None:
    edit = {"attribute": "InstanceNumber", "action": "renumber", "value": "1"}
    profile = inbox.parent / "profile.json"
    content = {"schema": "dicomsuite-profile-1", "name": "test", "edits": [edit]}
    profile.write_text(json.dumps(content), encoding="utf-8")
    end = watch(inbox, inbox.parent / "out", place / "key" / "key", "--profile-file", str(profile))
    assert (end.code, "cannot renumber" in end.errors) == (2, True)


def test_single_file_is_a_usage_error(place: Path, tmp_path: Path) -> None:
    end = watch(place / "all" / "00001.dcm", tmp_path / "out", place / "key" / "key")
    assert (end.code, "name folders" in end.errors) == (2, True)


def test_idle_without_watch_is_a_usage_error(place: Path, tmp_path: Path) -> None:
    assert anonymize(place / "all", tmp_path / "out", place / "key" / "key", "--idle", "1").code == 2


def test_folder_of_another_run_is_a_usage_error(place: Path, inbox: Path) -> None:
    before = tree(place / "expected")
    assert watch(inbox, place / "expected", place / "key" / "key").code == 2
    assert tree(place / "expected") == before
