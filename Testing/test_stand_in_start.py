"""The stand-in starts only where it is asked for, and files that need it are skipped where it cannot."""

import os
import subprocess
import sys

import pytest

from application import ROOT, slicer, standInOnly

pytestmark = standInOnly()

_PLAIN = "import sys\n\ndef test_plain():\n    assert 'PySide6' not in sys.modules and 'slicer' not in sys.modules\n"
_GRAPHICAL = "from application import qt\n\ndef test_graphical():\n    assert qt\n"
_WITHOUT = "import sys\n\nsys.modules[{name!r}] = None\n"


def run_tests(folder, **files):
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text)
    command = [sys.executable, "-B", "-m", "pytest", "-p", "no:cacheprovider", "-p", "conftest", "-rs", "-q"]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "Testing")])}
    return subprocess.run(
        [*command, "-c", str(ROOT / "pyproject.toml"), *(f"{name}.py" for name in files if name.startswith("test_"))],
        capture_output=True,
        text=True,
        cwd=folder,
        env=environment,
        timeout=120,
    )


def test_a_file_that_does_not_import_application_pays_nothing(tmp_path):
    done = run_tests(tmp_path, test_plain_file=_PLAIN)
    assert "1 passed" in done.stdout, done.stdout


@pytest.mark.parametrize("name", ["PySide6", "slicer"])
def test_a_file_is_skipped_with_the_reason_where_a_package_is_absent(tmp_path, name):
    done = run_tests(tmp_path, test_graphical_file=_WITHOUT.format(name=name) + _GRAPHICAL)
    assert "1 skipped" in done.stdout, done.stdout + done.stderr
    assert "pip install" in done.stdout
    assert name in done.stdout


def test_the_application_announces_its_end():
    assert slicer.app.connect("aboutToQuit()", lambda: None)
    assert slicer.app.connect("startupCompleted()", lambda: None)
    slicer.app.disconnect("aboutToQuit()")
    slicer.app.disconnect("startupCompleted()")


def test_the_process_ends_cleanly(tmp_path):
    code = "from application import qt, slicer\nw = qt.QWidget()\nslicer.mrmlScene.AddNewNodeByClass('vtkMRMLTextNode')"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT / "Testing"), str(ROOT / "DicomSuite")])}
    done = subprocess.run(
        [sys.executable, "-B", "-c", code], capture_output=True, text=True, env=environment, cwd=tmp_path, timeout=60
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
