"""Bad input: each kind ends with a message of its own, and the good files beside it are all written."""

import os
import re
import socket
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydicom import dcmread

from anonymize_runs import anonymize, refused, tree, write_key, write_series
from broken_files import (
    HARMLESS,
    LIES,
    PATIENT,
    PIXELS,
    UNDEFINED,
    Encoding,
    ct_file,
    ct_header,
    file_of,
    header,
    nested,
)
from broken_runs import (
    GOOD,
    Fate,
    anonymize_without_privileges,
    assert_nothing_unfinished_or_leaked,
    fate_of,
    needs_posix,
    put,
    run_beside_good,
    series_and_key,
)
from DicomSuiteAnonymizeLib.engine import Engine
from DicomSuiteAnonymizeLib.errors import AnonymizeError
from DicomSuiteAnonymizeLib.instance_task import QUARANTINED, WRITTEN
from DicomSuiteAnonymizeLib.output_file import write_parts
from DicomSuiteAnonymizeLib.profiles.profile import BUILT_IN
from DicomSuiteAnonymizeLib.rewriter import rewrite_bytes
from DicomSuiteAnonymizeLib.source_file import SourceFile
from DicomSuiteAnonymizeLib.sources import FolderSources
from real_data import real_data
from rewriting import KEY

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


@needs_posix
def test_file_and_folder_without_read_permission_are_quarantined(tmp_path: Path) -> None:
    source, key_file = series_and_key(tmp_path)
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
    listed = FolderSources.entries
    write_series(tmp_path / "source", GOOD)
    fickle = put(tmp_path / "source" / f"{PATIENT}.dcm", ct_file())

    def then_it_happens(*arguments: object) -> list:
        entries = list(listed(*arguments))
        happens(fickle)
        return entries

    monkeypatch.setattr(FolderSources, "entries", then_it_happens)
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
    path = real_data("ge_tilt", "14.dcm")
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
