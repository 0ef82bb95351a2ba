"""Every rule makes a test fail that breaks it: each case runs as a test of its own under the project's conftest."""

import os
import subprocess
import sys
import textwrap

import pytest

from application import ROOT, standInOnly

pytestmark = standInOnly()

_BREAKING = {
    "a slot raised": """
        button = qt.QPushButton()
        button.connect("clicked()", lambda: 1 / 0)
        button.click()
    """,
    "a signal could not be connected": """
        qt.QPushButton().connect("clickd()", print)
    """,
    "VTK printed": """
        reader = vtk.vtkXMLPolyDataReader()
        reader.SetFileName("/no/such/file.vtp")
        reader.Update()
    """,
    "a dialog opened unexpectedly: QDialog": """
        assert qt.QDialog().exec_() == 0
    """,
    "a dialog opened unexpectedly: getExistingDirectory": """
        assert qt.QFileDialog.getExistingDirectory(None, "Output") == ""
    """,
    "a dialog opened unexpectedly: ctkMessageBox 'Sure?'": """
        box = ctk.ctkMessageBox()
        box.text = "Sure?"
        box.exec_()
    """,
    "an observer or a virtual method raised": """
        node = slicer.vtkMRMLTextNode()
        node.AddObserver(vtk.vtkCommand.ModifiedEvent, lambda caller, event: 1 / 0)
        node.Modified()
    """,
    "Qt printed": """
        widget = qt.QWidget()
        widget.setMaximumSize(-5, -5)
    """,
    "left behind: vtkMRMLTextNode": """
        with assertNoLeakedObservers():
            slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTextNode")
    """,
    "left behind: vtkMRMLTableNode": """
        node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTableNode")
        with assertNoLeakedObservers():
            node.AddObserver(vtk.vtkCommand.ModifiedEvent, lambda caller, event: None)
    """,
    "left behind: vtkMRMLScene": """
        with assertNoLeakedObservers():
            slicer.mrmlScene.AddObserver(vtk.vtkCommand.ModifiedEvent, lambda caller, event: None)
    """,
}


@pytest.fixture(scope="module")
def outcome(tmp_path_factory):
    """What pytest says of a file in which each rule is broken once, and one test breaks none."""
    folder = tmp_path_factory.mktemp("rules")
    cases = [
        f"def test_{i}():\n{textwrap.indent(textwrap.dedent(text), '    ')}"
        for i, text in enumerate(_BREAKING.values())
    ]
    header = "from application import assertNoLeakedObservers, ctk, qt, slicer, vtk\n"
    good = "def test_good():\n    assert qt.QPushButton().connect('clicked()', lambda: None)\n"
    (folder / "test_broken_rules.py").write_text("\n\n".join([header, *cases, good]))
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        "-p",
        "conftest",
        "-rA",
        "-q",
        "-c",
        str(ROOT / "pyproject.toml"),
    ]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "Testing")])}
    done = subprocess.run(
        [*command, str(folder)], capture_output=True, text=True, cwd=folder, env=environment, timeout=120
    )
    return done.stdout


@pytest.mark.parametrize("number", range(len(_BREAKING)), ids=list(_BREAKING))
def test_a_broken_rule_fails_the_test(outcome, number):
    message = list(_BREAKING)[number]
    assert f"::test_{number} - " in outcome
    assert message in outcome


def test_a_test_that_breaks_no_rule_passes(outcome):
    assert "PASSED" in outcome
    assert "test_good" in outcome.split("PASSED")[-1]
