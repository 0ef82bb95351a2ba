"""Runs over broken files beside good ones, and what each of them has to fulfil."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from anonymize_runs import Ended, anonymize, read_report, refused, tree, write_key, write_series
from broken_files import PATIENT
from DicomSuiteAnonymizeLib.instance_task import WRITTEN
from DicomSuiteAnonymizeLib.profiles.profile import BUILT_IN
from task_runs import run_tasks

GOOD = 3

needs_posix = pytest.mark.skipif(os.name != "posix", reason="needs what only POSIX file systems have")
needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="needs mounts, capabilities or /proc of Linux")


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


def series_and_key(tmp_path: Path) -> tuple[Path, Path]:
    """A source of good files, and a key file."""
    write_series(tmp_path / "source", GOOD)
    return tmp_path / "source", write_key(tmp_path / "key")
