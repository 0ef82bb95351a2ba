"""Runs code in a fresh process in which the application's stand-in has been started."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

TESTING = Path(__file__).resolve().parent
HOST = [str(TESTING), str(TESTING.parent / "DicomSuite")]
"""What the stand-in itself is made of."""
_ANSWER = "ANSWER "
_START = """
import json, sys

class FindersWithout:
    # As if the packages were not installed: find_spec returns None, and import raises ModuleNotFoundError.
    def __init__(self, hidden, finders):
        self.hidden, self.finders = frozenset(hidden), finders

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in self.hidden:
            return None
        specs = (finder.find_spec(name, path, target) for finder in self.finders)
        return next((spec for spec in specs if spec is not None), None)

    def find_distributions(self, *context):
        for finder in self.finders:
            yield from getattr(finder, "find_distributions", lambda *context: ())(*context)

def answer(value):
    print({answer!r} + json.dumps(value), flush=True)

sys.meta_path[:] = [FindersWithout({hidden!r}, list(sys.meta_path))]
sys.path[:0] = {host!r}
from application import moduleWidget, processEvents, slicer, waitUntil
del sys.path[:len({host!r})]
for name in [name for name in sys.modules if name.partition(".")[0] == "DicomSuiteLib"]:
    del sys.modules[name]  # what the stand-in needs; the code shall find its own
sys.path[:0] = {folders!r}
"""
_END = """
processEvents()
sys.modules["stand_in.rules"].after_test()
"""


def run_in_application(code: str, *, folders: Iterable[Path], hidden: Iterable[str] = ()) -> Any:
    """Run `code`, and return what it hands to `answer`.

    Of this project, the code can import what lies in `folders` and nothing else; of what is installed, everything but
    the packages `hidden`. Its home folder is empty, and goes afterwards. Raises AssertionError with the child's errors
    where it fails, or where the stand-in has recorded a failure behind its back; skips the test where there is no
    stand-in, as inside 3D Slicer.
    """
    for package in ("PySide6", "slicer"):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"needs 'pip install .[test]': {package} is absent")
    start = _START.format(
        answer=_ANSWER, hidden=list(hidden), host=HOST, folders=[str(folder) for folder in folders]
    )
    command = [sys.executable, "-I", "-B", "-c", start + code + _END]
    with tempfile.TemporaryDirectory() as home:
        environment = os.environ | {"HOME": home, "USERPROFILE": home}
        done = subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True, timeout=120)
    answers = [line for line in done.stdout.splitlines() if line.startswith(_ANSWER)]
    assert done.returncode == 0 and answers, f"exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
    return json.loads(answers[-1].removeprefix(_ANSWER))
