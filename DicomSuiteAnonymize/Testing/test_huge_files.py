"""Files of several GiB: written or refused without being held in memory."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from pydicom import dcmread

from anonymize_runs import Ended, anonymize, write_key
from broken_files import (
    ICC_PROFILE,
    NEARLY_4_GIB,
    PATIENT,
    PIXELS,
    REQUESTS,
    TEXT,
    Encoding,
    ct_file,
    ct_header,
    element,
    file_of,
    fragments,
    header,
    item,
    write_sparse,
)
from broken_runs import needs_linux

PEAK_MEMORY_KB = 300_000

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
