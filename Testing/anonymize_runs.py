"""Runs of `dicomsuite anonymize` on small folders, and what tests ask about their results."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import subprocess
import sys
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from dicom_slices import write_slice
from DicomSuiteLib import cli

KEY = bytes(range(32))
SOP_ROOT = "1.2.826.0.1.3680043.9.7133.1"


@dataclass(frozen=True)
class Ended:
    """How a run ended: exit code, standard output and standard error."""

    code: int
    output: str
    errors: str


def write_key(folder: Path, key: bytes = KEY) -> Path:
    """A key file in its own folder, where the run also keeps its state."""
    folder.mkdir(mode=0o700)
    path = folder / "key"
    path.write_text(key.hex(), encoding="ascii")
    path.chmod(0o600)
    return path


def anonymize(source: Path | list[Path], target: Path, key_file: Path, *options: str | Path) -> Ended:
    """Run the command in this process, with one worker unless `options` say otherwise."""
    output, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
        code = cli.main(_arguments(source, target, key_file, options))
    return Ended(code, output.getvalue(), errors.getvalue())


def start_anonymize(source: Path, target: Path, key_file: Path, *options: str | Path) -> subprocess.Popen[str]:
    """Start the command in a process that leads its own session and process group."""
    return subprocess.Popen(
        [sys.executable, "-m", "DicomSuiteLib.cli", *_arguments(source, target, key_file, options)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def ended(process: subprocess.Popen[str]) -> Ended:
    """Wait for a started run."""
    output, errors = process.communicate(timeout=120)
    return Ended(process.returncode, output, errors)


def tree(folder: Path) -> dict[str, str]:
    """SHA-256 of every file below `folder` by relative path; equal for two folders if `diff -r` finds nothing."""
    return {
        path.relative_to(folder).as_posix(): sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def read_report(target: Path) -> dict:
    """The content of report.json."""
    return json.loads((target / "report.json").read_text(encoding="utf-8"))


def audit_records(target: Path, kind: str) -> list[dict]:
    """The records of one type in audit.jsonl."""
    records = map(json.loads, (target / "audit.jsonl").read_text(encoding="ascii").splitlines())
    return [record for record in records if record["type"] == kind]


def refused(key_file: Path) -> dict[str, str]:
    """Reason by file name, from the newest list of quarantined files beside the key."""
    lists = sorted(key_file.parent.glob("runs/*/quarantined.csv"), key=lambda path: path.stat().st_mtime_ns)
    with lists[-1].open(encoding="utf-8", errors="surrogateescape", newline="") as file:
        return {Path(row["path"]).name: row["reason"] for row in csv.DictReader(file)}


def write_series(folder: Path, count: int) -> list[Path]:
    """`count` (at most 100,000) small CT slices that differ in their SOP Instance UID alone, written quickly."""
    model = f"{SOP_ROOT}00000"
    first = write_slice(folder / "00000.dcm", SOPInstanceUID=model)
    content = first.read_bytes()
    paths = [folder / f"{number:05d}.dcm" for number in range(count)]
    for number, path in enumerate(paths):
        path.write_bytes(content.replace(model.encode(), f"{SOP_ROOT}{number:05d}".encode()))
    return paths


def _arguments(
    source: Path | list[Path], target: Path, key_file: Path, options: tuple[str | Path, ...]
) -> list[str]:
    workers = [] if "--workers" in options else ["--workers", "1"]
    sources = source if isinstance(source, list) else [source]
    fixed = ["anonymize", *sources, target, "--key-file", key_file, "--progress", "none", *workers]
    return [str(word) for word in (*fixed, *options)]
