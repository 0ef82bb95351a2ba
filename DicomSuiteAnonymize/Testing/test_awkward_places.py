"""Full disks, read-only places, odd names and links: what is said, and that nothing is lost."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file

from anonymize_runs import anonymize, ended, refused, start_anonymize, tree, write_key, write_series
from broken_files import PATIENT, ct_file
from broken_runs import (
    GOOD,
    anonymize_without_privileges,
    assert_nothing_unfinished_or_leaked,
    needs_posix,
    put,
    run_beside_good,
    series_and_key,
)


@dataclass(frozen=True)
class SmallDisk:
    """A file system of its own, held in memory."""

    folder: Path

    def remount(self, options: str) -> None:
        """Change its options, e.g. its size."""
        subprocess.run(["mount", "-o", f"remount,{options}", self.folder], check=True)


@contextmanager
def small_disk(folder: Path, pages: int) -> Iterator[SmallDisk]:
    """A disk of so many pages of 4 KiB at `folder`; skips the test where none can be mounted."""
    folder.mkdir(exist_ok=True)
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("only root of a Linux system can mount a small disk")
    size = f"size={pages * 4096}"
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", size, "none", folder], capture_output=True, check=False)
    if mounted.returncode != 0:
        pytest.skip("this system lets nobody mount a small disk")
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", folder], check=True)


@dataclass(frozen=True)
class Job:
    """A source with one broken file, and the trees that an uninterrupted run makes of it."""

    source: Path
    expected: dict[tuple[str, ...], dict[str, str]]


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> Job:
    folder = tmp_path_factory.mktemp("full")
    write_series(folder / "source", 8)
    put(folder / "source" / f"{PATIENT}.dcm", ct_file()[:-1])
    expected = {}
    for options in ((), ("--zip",)):
        target = folder / f"out{len(expected)}"
        assert anonymize(folder / "source", target, write_key(folder / f"key{len(expected)}"), *options).code == 3
        expected[options] = tree(target)
    return Job(folder / "source", expected)


FULL = r"dicomsuite: \S+: .*([Nn]o space left on device|the disk is full|disk I/O error).*\n"
WHAT_TO_DO = r"[Mm]ake room|[Ff]ree some space|check the disk|files themselves are complete|Put the key file"


def ends_full_or_complete(job: Job, target: Path, key_file: Path, disk: SmallDisk, *options: str) -> bool:
    """Run where room is short, then with enough of it; tell whether it was short."""
    before = tree(job.source)
    end = anonymize(job.source, target, key_file, *options)
    if end.code == 3:
        return False
    assert end.code == 1
    assert re.fullmatch(FULL, end.errors)
    assert re.search(WHAT_TO_DO, end.errors)
    assert_nothing_unfinished_or_leaked(target, end)
    disk.remount("size=16m")
    resumed = anonymize(job.source, target, key_file, "--resume", *options)
    assert resumed.code == 3, resumed.errors
    assert tree(target) == job.expected[options]
    assert tree(job.source) == before
    return True


@pytest.mark.parametrize("options", [(), ("--zip",)], ids=["files", "archive"])
def test_run_ends_clearly_wherever_the_disk_is_full_and_can_be_resumed(
    job: Job, tmp_path: Path, options: tuple[str, ...]
) -> None:
    pages = 1
    while True:
        with small_disk(tmp_path / "disk", pages) as disk:
            key_file = write_key(tmp_path / f"key{pages}")
            if not ends_full_or_complete(job, tmp_path / "disk" / "out", key_file, disk, *options):
                break
        pages += 1
    assert pages > 10


def test_run_ends_clearly_wherever_the_keys_disk_is_full_and_can_be_resumed(job: Job, tmp_path: Path) -> None:
    pages = 2
    while True:
        with small_disk(tmp_path / "disk", pages) as disk:
            key_file = write_key(tmp_path / "disk" / "key")
            if not ends_full_or_complete(job, tmp_path / f"out{pages}", key_file, disk):
                break
        pages += 1
    assert pages > 10


def test_full_disk_stops_two_workers_as_it_stops_one(job: Job, tmp_path: Path) -> None:
    write_series(tmp_path / "source", 200)
    with small_disk(tmp_path / "disk", 100) as disk:
        target, key_file = tmp_path / "disk" / "out", write_key(tmp_path / "key")
        end = ended(start_anonymize(tmp_path / "source", target, key_file, "--workers", "2"))
        assert end.code == 1
        assert re.fullmatch(FULL, end.errors)
        assert_nothing_unfinished_or_leaked(target, end)
        disk.remount("size=16m")
        resumed = ended(start_anonymize(tmp_path / "source", target, key_file, "--workers", "2", "--resume"))
        assert resumed.code == 0, resumed.errors
        assert anonymize(tmp_path / "source", tmp_path / "whole", key_file).code == 0
        assert tree(target) == tree(tmp_path / "whole")


def test_file_system_that_is_read_only_takes_neither_output_nor_key_but_can_be_read(tmp_path: Path) -> None:
    write_series(tmp_path / "source", GOOD)
    key_file = write_key(tmp_path / "key")
    with small_disk(tmp_path / "disk", 100) as disk:
        write_series(disk.folder / "source", GOOD)
        (disk.folder / "out").mkdir()
        other_key = write_key(disk.folder / "key")
        disk.remount("ro")
        cases = {
            (disk.folder / "new", key_file): f"{disk.folder}/new: Read-only file system. Choose an output folder",
            (disk.folder / "out", key_file): f"{disk.folder}/out is read-only. Choose an output folder",
            (tmp_path / "out", other_key): "Read-only file system. Put the key file where you can write",
            (tmp_path / "out", disk.folder / "none"): "Read-only file system. Name a file that you can write",
        }
        for (target, key), message in cases.items():
            end = anonymize(tmp_path / "source", target, key)
            assert end.code == 1
            assert message in end.errors
        assert anonymize(disk.folder / "source", tmp_path / "out", key_file).code == 0


@needs_posix
def test_output_folder_without_write_permission_is_refused(tmp_path: Path) -> None:
    source, key_file = series_and_key(tmp_path)
    (tmp_path / "locked" / "out").mkdir(parents=True)
    (tmp_path / "locked" / "out").chmod(0o555)
    (tmp_path / "locked").chmod(0o555)
    messages = {"out": "is read-only. Choose an output folder", "new": "Permission denied. Choose an output folder"}
    for name, message in messages.items():
        end = anonymize_without_privileges(source, tmp_path / "locked" / name, key_file)
        assert end.code == 1
        assert f"locked/{name}" in end.errors
        assert message in end.errors


# Names and links

NAMES = [
    " leading and trailing spaces ",
    "it's \"quoted\" `so` $HOME",
    "new\nline\rand\ttab",
    "-v",
    "100%20#?&;*|<>",
    "back\\slash",
    "größe 头部 ✚",
    "e\u0301 decomposed",
    os.fsdecode(b"undecodable \xff\xfe"),
    "x" * 251,
]


@needs_posix
@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_any_name_of_source_output_and_key_works(name: str, tmp_path: Path) -> None:
    source, target = tmp_path / "s" / name, tmp_path / "t" / name
    try:
        put(source / name / f"{name[:247]}.dcm", ct_file())
    except OSError as error:
        pytest.skip(f"this file system takes no such name: {error.strerror}")
    put(source / "broken" / name, ct_file()[:-1])
    key_file = write_key(tmp_path / "k")
    key_file = key_file.rename(key_file.with_name(name))
    before = tree(source)
    end = anonymize(source, target, key_file)
    assert end.code == 3, end.errors
    assert "2 files: 1 written, 1 quarantined, 0 not DICOM" in end.output
    assert refused(key_file) == {name: "truncated: (7FE0,0010) claims 16 bytes, but only 15 follow"}
    assert tree(source) == before


@needs_posix
def test_names_that_the_terminal_cannot_show_change_nothing(tmp_path: Path) -> None:
    for number, name in enumerate(NAMES):
        put(tmp_path / "source" / name / f"{number}.dcm", ct_file()[: -number or None])
    assert anonymize(tmp_path / "source", tmp_path / "expected", write_key(tmp_path / "key")).code == 3
    environment = os.environ | {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    other = tmp_path / NAMES[-2]
    key_file = write_key(tmp_path / "other key").rename(tmp_path / "other key" / NAMES[-2])
    words = ["anonymize", tmp_path / "source", other, "--key-file", key_file, "--workers", "2"]
    command = [sys.executable, "-m", "DicomSuiteLib.cli", *words]
    done = subprocess.run(command, capture_output=True, env=environment, timeout=60, check=False)
    assert done.returncode == 3, done.stderr
    assert tree(other) == tree(tmp_path / "expected")
    done = subprocess.run(command, capture_output=True, env=environment, timeout=60, check=False)
    assert done.returncode == 2
    assert b"is not empty" in done.stderr


@needs_posix
def test_links_are_followed_once_and_loops_end(tmp_path: Path) -> None:
    source = tmp_path / "source"
    put(source / "folder" / "a.dcm", ct_file())
    put(tmp_path / "elsewhere" / "b.dcm", ct_file().replace(b"1.2.3.4\0", b"1.2.3.5\0"))
    links = {
        "loop": ".",
        "folder/up": "..",
        "folder/absolute": source,
        "folder again": "folder",
        "file again": "folder/a.dcm",
        "outside": "../elsewhere",
        "outside again": "outside",
        "there": "back",
        "back": "there",
    }
    for name, destination in links.items():
        (source / name).symlink_to(destination)
    elsewhere = tree(tmp_path / "elsewhere")
    end, reasons = run_beside_good(tmp_path)
    assert reasons == dict.fromkeys(("there", "back"), "cannot be read: Too many levels of symbolic links")
    assert f"7 files: {GOOD + 2} written, 2 quarantined, 0 not DICOM" in end.output
    assert tree(tmp_path / "elsewhere") == elsewhere


def test_directory_of_a_medium_is_refused_because_it_names_its_patients(tmp_path: Path) -> None:
    dicomdir = Path(get_testdata_file("DICOMDIR", download=False))
    records = dcmread(dicomdir).DirectoryRecordSequence
    names = {str(record.PatientName).encode() for record in records if "PatientName" in record}
    put(tmp_path / "source" / "DICOMDIR", dicomdir.read_bytes())
    _, reasons = run_beside_good(tmp_path)
    assert reasons == {"DICOMDIR": "a DICOMDIR: it indexes the original names; make a new one from the output"}
    outputs = b"".join(path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file())
    assert names
    assert not [name for name in names if name in outputs]
