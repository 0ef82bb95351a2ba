"""Bad input: each kind ends with a message of its own, and the good files beside it are all written."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydicom import dcmread
from pydicom.data import get_testdata_file

from anonymize_runs import Ended, anonymize, ended, read_report, refused, start_anonymize, tree, write_key, write_series
from broken_files import (
    HARMLESS,
    ICC_PROFILE,
    LIES,
    NEARLY_4_GIB,
    PATIENT,
    PIXELS,
    REQUESTS,
    TEXT,
    UNDEFINED,
    Encoding,
    ct_file,
    ct_header,
    element,
    file_of,
    fragments,
    header,
    item,
    nested,
    write_sparse,
)
from DicomSuiteAnonymizeLib import run as run_module
from DicomSuiteAnonymizeLib.engine import Engine
from DicomSuiteAnonymizeLib.errors import AnonymizeError
from DicomSuiteAnonymizeLib.instance_task import QUARANTINED, WRITTEN
from DicomSuiteAnonymizeLib.output_file import write_parts
from DicomSuiteAnonymizeLib.profile import BUILT_IN
from DicomSuiteAnonymizeLib.rewriter import rewrite_bytes
from DicomSuiteAnonymizeLib.source_file import SourceFile
from rewriting import KEY
from task_runs import run_tasks

TEST_DATA = Path(os.environ.get("DICOMSUITE_TEST_DATA", Path(__file__).parents[3] / "shared" / "data"))
GOOD = 3
PEAK_MEMORY_KB = 300_000

needs_posix = pytest.mark.skipif(os.name != "posix", reason="needs what only POSIX file systems have")
needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="needs mounts, capabilities or /proc of Linux")


# What every run has to fulfil


def run_beside_good(folder: Path, *options: str) -> tuple[Ended, dict[str, str]]:
    """De-identify `folder`/source with good files among its own; how the run ended, and reasons by file name.

    Nothing of the good files is lost, everything is counted, sources stay as they were, and no value gets out.
    """
    source, target = folder / "source", folder / "out"
    write_series(source / "good", GOOD)
    before = tree(source)
    key_file = write_key(folder / "key")
    end = anonymize(source, target, key_file, *options)
    assert end.code in (0, 3), end.errors
    assert tree(source) == before
    counts = read_report(target)["files"]
    assert counts["in"] == counts["written"] + counts["quarantined"] + counts["not_dicom"]
    assert counts["written"] == len(list(target.rglob("*.dcm"))) >= GOOD
    assert_nothing_unfinished_or_leaked(target, end)
    reasons = refused(key_file) if counts["quarantined"] else {}
    assert end.code == (3 if reasons else 0)
    assert len(reasons) == counts["quarantined"]
    return end, reasons


def assert_nothing_unfinished_or_leaked(target: Path, end: Ended) -> None:
    assert not [name for name in tree(target) if name.endswith(".part")]
    everything = "".join(path.read_bytes().decode("latin-1") for path in target.rglob("*") if path.is_file())
    assert PATIENT.lower() not in (everything + end.output + end.errors).lower()
    assert "unexpected" not in everything + end.output + end.errors


def put(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


@dataclass(frozen=True)
class Fate:
    """What the engine made of one file; `output` is the new file, b"" if there is none."""

    status: str
    reason: str
    output: bytes


def fate_of(content: bytes) -> Fate:
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, "out")
        (row,) = run_tasks([put(Path(folder, "in.dcm"), content)], target, BUILT_IN["basic"])
        output = (target / row.output).read_bytes() if row.status == WRITTEN else b""
        return Fate(row.status, json.loads(row.payload).get("reason", ""), output)


# Nothing to work on


@pytest.mark.parametrize("folders", [[], ["a/b", "c"]], ids=["empty", "folders only"])
def test_folder_without_files_is_refused_by_name(tmp_path: Path, folders: list[str]) -> None:
    (tmp_path / "source").mkdir()
    for folder in folders:
        (tmp_path / "source" / folder).mkdir(parents=True)
    end = anonymize(tmp_path / "source", tmp_path / "out", write_key(tmp_path / "key"))
    assert end.code == 1
    assert end.errors == (
        f"dicomsuite: {tmp_path / 'source'} holds no files: name the folder with the DICOM files.\n"
    )
    assert not (tmp_path / "out").exists()


def test_folder_without_dicom_is_refused_and_its_output_folder_stays_usable(tmp_path: Path) -> None:
    source, target, key_file = tmp_path / "source", tmp_path / "out", write_key(tmp_path / "key")
    put(source / "letter.txt", b"Dear patient,")
    put(source / "photo.dcm", b"\xff\xd8\xff\xe0" * 99)
    put(source / "zeros", bytes(999))
    end = anonymize(source, target, key_file)
    assert end.code == 1
    assert end.errors == f"dicomsuite: {source}: none of the 3 files is DICOM. Name another folder.\n"
    assert tree(target) == {}
    write_series(source, 1)
    assert anonymize(source, target, key_file).code == 0


def test_single_file_that_is_not_dicom_is_refused_by_name(tmp_path: Path) -> None:
    letter = put(tmp_path / "letter.txt", b"Dear patient,")
    end = anonymize(letter, tmp_path / "out", write_key(tmp_path / "key"))
    assert end.code == 1
    assert f"{letter}: none of the 1 files is DICOM" in end.errors


def test_folder_with_nothing_but_broken_files_is_reported_in_full(tmp_path: Path) -> None:
    for number in range(3):
        put(tmp_path / "source" / f"{PATIENT} {number}.dcm", ct_file()[:-number - 1])
    key_file = write_key(tmp_path / "key")
    end = anonymize(tmp_path / "source", tmp_path / "out", key_file)
    assert end.code == 3
    assert "3 files: 0 written, 3 quarantined, 0 not DICOM" in end.output
    assert_nothing_unfinished_or_leaked(tmp_path / "out", end)
    assert len(refused(key_file)) == 3


# What cannot be read


def is_folder_with_a_file(path: Path) -> None:
    put(path / "inside.dcm", ct_file())


UNREADABLE: dict[str, tuple[Callable[[Path], object], str]] = {
    "dangling link": (lambda path: path.symlink_to("nowhere"), "cannot be read: No such file or directory"),
    "link to itself": (lambda path: path.symlink_to(path.name), "cannot be read: Too many levels of symbolic links"),
    "named pipe": (lambda path: os.mkfifo(path), "cannot be read: not a regular file"),
    "socket": (lambda path: bound_socket(path), "cannot be read: not a regular file"),
    "endless device": (lambda path: path.symlink_to("/dev/zero"), "cannot be read: not a regular file"),
    "empty": (lambda path: path.touch(), "empty: the file has 0 bytes"),
}


def bound_socket(path: Path) -> None:
    before = os.getcwd()
    os.chdir(path.parent)  # a socket's path may have 107 bytes
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(path.name)
    finally:
        os.chdir(before)


@needs_posix
def test_what_cannot_be_read_is_quarantined_with_its_own_reason(tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    for name, (make, _) in UNREADABLE.items():
        make(tmp_path / "source" / f"{PATIENT} {name}")
    end, reasons = run_beside_good(tmp_path)
    assert reasons == {f"{PATIENT} {name}": reason for name, (_, reason) in UNREADABLE.items()}
    assert f"9 files: {GOOD} written, 6 quarantined, 0 not DICOM" in end.output


def without_privileges(command: list[str]) -> list[str]:
    """The command for a user whom file modes stop, as they do not stop root."""
    if os.geteuid() != 0:
        return command
    if not shutil.which("setpriv"):
        pytest.skip("file modes do not stop root, and setpriv is absent")
    return ["setpriv", "--bounding-set=-dac_override,-dac_read_search", *command]


def anonymize_without_privileges(source: Path, target: Path, key_file: Path, *options: str) -> Ended:
    words = ["anonymize", source, target, "--key-file", key_file, "--workers", "1", "--progress", "none", *options]
    command = without_privileges([sys.executable, "-m", "DicomSuiteLib.cli", *map(str, words)])
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return Ended(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def series_and_key(tmp_path: Path) -> tuple[Path, Path]:
    """A source of good files, and a key file."""
    write_series(tmp_path / "source", GOOD)
    return tmp_path / "source", write_key(tmp_path / "key")


@needs_posix
def test_file_and_folder_without_read_permission_are_quarantined(
    series_and_key: tuple[Path, Path], tmp_path: Path
) -> None:
    source, key_file = series_and_key
    put(source / "locked" / "a.dcm", ct_file())
    put(source / "secret.dcm", ct_file()).chmod(0)
    (source / "locked").chmod(0)
    try:
        end = anonymize_without_privileges(source, tmp_path / "out", key_file)
    finally:
        (source / "locked").chmod(0o700)
    assert end.code == 3
    assert f"5 files: {GOOD} written, 2 quarantined, 0 not DICOM" in end.output
    assert refused(key_file) == dict.fromkeys(("secret.dcm", "locked"), "cannot be read: Permission denied")


def becomes_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize(
    ("happens", "reason"),
    [
        (Path.unlink, "cannot be read: No such file or directory"),
        (lambda path: path.write_bytes(b""), "empty: the file has 0 bytes"),
        (lambda path: os.truncate(path, 630), "truncated: (7FE0,0010) claims 16 bytes, but only "),
        pytest.param(becomes_a_folder, "cannot be read: Is a directory", marks=needs_posix),
    ],
    ids=["vanishes", "is emptied", "is cut", "becomes a folder"],
)
def test_file_that_changes_after_it_was_listed_is_quarantined(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, happens: Callable[[Path], object], reason: str
) -> None:
    listed = run_module.source_entries
    write_series(tmp_path / "source", GOOD)
    fickle = put(tmp_path / "source" / f"{PATIENT}.dcm", ct_file())

    def then_it_happens(*arguments: object) -> list:
        entries = list(listed(*arguments))
        happens(fickle)
        return entries

    monkeypatch.setattr(run_module, "source_entries", then_it_happens)
    key_file = write_key(tmp_path / "key")
    end = anonymize(tmp_path / "source", tmp_path / "out", key_file)
    assert end.code == 3
    assert f"4 files: {GOOD} written, 1 quarantined, 0 not DICOM" in end.output
    assert refused(key_file)[fickle.name].startswith(reason)


def test_file_that_is_cut_while_its_pixels_are_copied_leaves_nothing_behind(tmp_path: Path) -> None:
    path = put(tmp_path / "in.dcm", ct_file())
    with SourceFile(str(path)) as source:
        parts = rewrite_bytes(source, Engine(BUILT_IN["basic"], KEY)).parts
        os.truncate(path, source.size - 5)
        with pytest.raises(AnonymizeError, match="became shorter while it was read"):
            write_parts(source, parts, f"{tmp_path}/out/new.dcm")
    assert list((tmp_path / "out").iterdir()) == []


def test_hidden_locked_and_oddly_named_files_are_read_like_any_other(tmp_path: Path) -> None:
    fcntl = pytest.importorskip("fcntl")
    source = tmp_path / "source"
    put(source / ".hidden" / ".a.dcm", ct_file())
    put(source / "folder.dcm" / "b", ct_file())
    with put(source / "locked.dcm", ct_file()).open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        end, _ = run_beside_good(tmp_path)
    assert "6 files: 6 written" in end.output


# Truncated files


@pytest.fixture(scope="module")
def ct_slice() -> bytes:
    path = TEST_DATA / "ge_tilt" / "14.dcm"
    if not path.exists():
        pytest.skip(f"{path} is absent; set DICOMSUITE_TEST_DATA")
    return path.read_bytes()


def is_taken_for_whole(fate: Fate, length: int) -> bool:
    """Tell whether a file cut to `length` bytes was written, or refused for a reason that hides that it was cut.

    What is cut between two elements, before it says that it is an image, is a whole file of another kind.
    """
    if length < len(bytes(128) + b"DICM"):
        return fate.status == WRITTEN
    if fate.status == WRITTEN:
        output = dcmread(BytesIO(fate.output))
        return "Rows" in output or "SOPClassUID" not in output
    return not fate.reason.startswith("truncated")


@pytest.mark.parametrize("encoding", Encoding)
def test_file_cut_anywhere_is_never_taken_for_a_whole_one(encoding: Encoding) -> None:
    whole = ct_file(encoding=encoding)
    fates = {length: fate_of(whole[:length]) for length in range(len(whole))}
    assert {length: fate for length, fate in fates.items() if is_taken_for_whole(fate, length)} == {}
    assert fates[0].reason == "empty: the file has 0 bytes"
    assert {fates[length].status for length in range(1, 132)} == {"not DICOM"}


@given(missing=st.integers(1, 600_000))
@settings(max_examples=100)
def test_real_slice_cut_anywhere_is_never_taken_for_a_whole_one(ct_slice: bytes, missing: int) -> None:
    length = max(0, len(ct_slice) - missing)
    assert not is_taken_for_whole(fate_of(ct_slice[:length]), length)


def test_real_slice_cut_at_its_pixels_is_never_taken_for_a_whole_one(ct_slice: bytes) -> None:
    pixels = ct_slice.index(b"\xe0\x7f\x10\x00OW")
    fates = {length: fate_of(ct_slice[:length]) for length in range(pixels - 50, pixels + 50)}
    assert [length for length, fate in fates.items() if is_taken_for_whole(fate, length)] == []


@pytest.mark.parametrize("encoding", Encoding)
def test_file_whose_rest_is_zeros_is_refused_soon(encoding: Encoding) -> None:
    """So end files whose transfer stopped after their room was reserved."""
    content = file_of(ct_header(encoding) + bytes(1_000_000), encoding)
    start = time.process_time()
    fate = fate_of(content)
    assert (fate.status, fate.output) == (QUARANTINED, b"")
    assert re.match("truncated|broken", fate.reason)
    assert time.process_time() - start < 1


def test_truncated_file_among_good_ones_is_named_with_what_is_missing(tmp_path: Path) -> None:
    put(tmp_path / "source" / f"{PATIENT}.dcm", ct_file()[:-7])
    end, reasons = run_beside_good(tmp_path)
    assert reasons == {f"{PATIENT}.dcm": "truncated: (7FE0,0010) claims 16 bytes, but only 9 follow"}
    assert "quarantined      1: truncated: (7FE0,0010) claims 16 bytes, but only 9 follow" in end.output


# Lies about lengths


@pytest.mark.parametrize("lie", LIES)
def test_file_that_lies_about_a_length_is_quarantined_with_what_is_wrong(lie: str) -> None:
    content, reason = LIES[lie]
    fate = fate_of(content)
    assert fate.status == QUARANTINED
    assert re.fullmatch(reason, fate.reason)


def test_liars_among_good_files_are_all_named(tmp_path: Path) -> None:
    for lie, (content, _) in LIES.items():
        put(tmp_path / "source" / f"{lie}.dcm", content)
    _, reasons = run_beside_good(tmp_path)
    assert reasons.keys() == {f"{lie}.dcm" for lie in LIES}


@pytest.mark.parametrize("name", HARMLESS)
def test_harmless_oddity_is_written_with_all_pixels(name: str) -> None:
    fate = fate_of(HARMLESS[name])
    assert fate.status == WRITTEN, fate.reason
    assert dcmread(BytesIO(fate.output)).PixelData == PIXELS
    assert PATIENT.encode() not in fate.output


@pytest.mark.parametrize("encoding", [Encoding.EXPLICIT, Encoding.IMPLICIT], ids=lambda encoding: encoding.name)
def test_reason_never_quotes_bytes_of_a_value_as_tag_or_length(encoding: Encoding) -> None:
    """A length that is too short makes the rest of the value look like an element's header."""
    name = f"{PATIENT}^OB^Xenia".encode()
    for claimed in range(0, len(name) - 7, 2):
        fate = fate_of(ct_file(header(0x00324000, "LT", claimed, encoding) + name, encoding))
        if fate.status == WRITTEN:
            continue
        rest = name[claimed:]
        tag = f"({int.from_bytes(rest[:2], 'little'):04X},{int.from_bytes(rest[2:4], 'little'):04X})"
        assert tag not in fate.reason
        assert str(int.from_bytes(rest[4:8], "little")) not in fate.reason


corruptions = st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 255)), min_size=1, max_size=3)


@pytest.mark.parametrize("encoding", Encoding)
@given(corruption=corruptions)
@example(corruption=[(0, 0xFF)])
@settings(max_examples=150)
def test_corrupted_bytes_never_crash_the_engine(encoding: Encoding, corruption: list[tuple[int, int]]) -> None:
    content = bytearray(ct_file(nested(3) + nested(3, UNDEFINED), encoding))
    for place, byte in corruption:
        content[132 + place % (len(content) - 132)] = byte
    fate = fate_of(bytes(content))
    assert not fate.reason.startswith("unexpected")
    assert PATIENT not in fate.reason


@given(place=st.integers(132, 8000), byte=st.integers(0, 255))
@settings(max_examples=100)
def test_corrupted_byte_of_a_real_slice_never_crashes_the_engine(ct_slice: bytes, place: int, byte: int) -> None:
    fate = fate_of(ct_slice[:place] + bytes([byte]) + ct_slice[place + 1 :])
    assert not fate.reason.startswith("unexpected")


# Huge files

MEASURED = """
import re, sys
from DicomSuiteLib import cli
code = cli.main()
print(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1])
sys.exit(code)
"""


def anonymize_measured(source: Path, target: Path, key_file: Path, *options: str) -> tuple[Ended, int]:
    """How a run of its own process ended, and the most memory that it held (kB)."""
    words = ["anonymize", source, target, "--key-file", key_file, "--workers", "1", "--progress", "none", *options]
    command = [sys.executable, "-c", MEASURED, *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    output, _, peak = done.stdout.rstrip().rpartition("\n")
    return Ended(done.returncode, output, done.stderr), int(peak)


CREATOR = element(0x00290010, "LO", "SOMEBODY")
PIXEL_ELEMENT = element(0x7FE00010, "OB", PIXELS)
BIG = NEARLY_4_GIB
HEAD, JPEG_HEAD = file_of(ct_header()), file_of(ct_header(), Encoding.JPEG_2000)
IMPLICIT_HEAD = file_of(ct_header(Encoding.IMPLICIT), Encoding.IMPLICIT)
TWO_FRAGMENTS = [JPEG_HEAD, fragments()[:-8], item(b"", BIG), BIG, item(b"", BIG), BIG]
END_OF_FRAGMENTS = fragments()[-8:]
GIB = 1 << 30

HUGE: dict[str, tuple[list[bytes | int], str]] = {
    "private value": ([HEAD, CREATOR, header(0x00291010, "OB", BIG), BIG, PIXEL_ELEMENT], ""),
    "public bytes": ([HEAD, header(ICC_PROFILE, "OB", BIG), BIG, PIXEL_ELEMENT], ""),
    "pixels": ([HEAD, header(0x7FE00010, "OW", BIG), BIG], ""),
    "pixels in implicit VR": ([IMPLICIT_HEAD, header(0x7FE00010, "OW", BIG, Encoding.IMPLICIT), BIG], ""),
    "fragments": ([*TWO_FRAGMENTS, END_OF_FRAGMENTS], ""),
    "fragments without their end": (TWO_FRAGMENTS, "truncated: the compressed pixel data has no end"),
    "sequence": (
        [HEAD, header(REQUESTS, "SQ", 3 * GIB), item(b"", 3 * GIB - 8), 3 * GIB - 8, PIXEL_ELEMENT],
        "a sequence of more than 2 GiB; split the object before de-identifying it",
    ),
    "text": ([HEAD, header(TEXT, "UT", 3 * GIB), 3 * GIB, PIXEL_ELEMENT], r".*more than 2 GiB.*"),
    "zeros behind the pixels": ([ct_file(), GIB], ""),
    "nothing but zeros behind the preamble": ([bytes(128) + b"DICM", 5 * GIB], "(broken|truncated|more than 2 GiB).*"),
    "big endian": (
        [file_of(ct_header(Encoding.BIG_ENDIAN), Encoding.BIG_ENDIAN), 3 * GIB],
        "more than 2 GiB in an encoding that has to be read as a whole; convert it to explicit VR first",
    ),
}


@needs_linux
@pytest.mark.parametrize("kind", HUGE)
def test_huge_file_passes_or_is_refused_without_being_held_in_memory(kind: str, tmp_path: Path) -> None:
    pieces, reason = HUGE[kind]
    path = write_sparse(tmp_path / "source" / f"{PATIENT}.dcm", pieces)
    before = path.stat()
    end, peak_kb = anonymize_measured(tmp_path / "source", tmp_path / "out", write_key(tmp_path / "key"), "--dry-run")
    assert peak_kb < PEAK_MEMORY_KB
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    written = not reason
    assert f"1 files: {written:d} would be written, {not written:d} quarantined, 0 not DICOM" in end.output
    assert end.code == (0 if written else 3)
    assert written or re.search(rf"quarantined +1: {reason}$", end.output, re.MULTILINE)


def test_value_of_4_gib_that_is_removed_is_never_copied(tmp_path: Path) -> None:
    write_sparse(tmp_path / "source" / "a.dcm", HUGE["private value"][0])
    assert anonymize(tmp_path / "source", tmp_path / "out", write_key(tmp_path / "key")).code == 0
    (output,) = (tmp_path / "out").rglob("*.dcm")
    assert dcmread(output).PixelData == PIXELS


@pytest.mark.slow
@needs_linux
def test_pixels_of_more_than_4_gib_are_copied_whole(tmp_path: Path) -> None:
    if shutil.disk_usage(tmp_path).free < 6 * GIB:
        pytest.skip("less than 6 GiB free for the copy")
    tail = [item(b"", BIG), b"first", BIG - 10, b"last.", item(b"", GIB // 4), GIB // 4, END_OF_FRAGMENTS]
    path = write_sparse(tmp_path / "source" / "a.dcm", [JPEG_HEAD, fragments()[:-8], *tail])
    end, peak_kb = anonymize_measured(tmp_path / "source", tmp_path / "out", write_key(tmp_path / "key"))
    assert end.code == 0, end.errors
    assert peak_kb < PEAK_MEMORY_KB
    (output,) = (tmp_path / "out").rglob("*.dcm")
    shift = output.stat().st_size - path.stat().st_size
    first = len(JPEG_HEAD + fragments()) - 8
    with path.open("rb") as old, output.open("rb") as new:
        for place in (first, first + BIG, path.stat().st_size - 16):
            old.seek(place)
            new.seek(place + shift)
            assert new.read(16) == old.read(16) != bytes(16)
    output.unlink()


# Disk full, read-only places


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
def test_output_folder_without_write_permission_is_refused(series_and_key: tuple[Path, Path], tmp_path: Path) -> None:
    source, key_file = series_and_key
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
