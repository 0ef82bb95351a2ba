"""One scene, the application's or our own."""

import json
import os
import subprocess
import sys

import pytest

from application import slicer
from DicomSuiteLib.missing_package import MissingPackageError
from DicomSuiteLib.scene import application_logic, module_logic, mrml_scene
from source_files import ROOT

PLAIN_PYTHON = """
import json
from DicomSuiteLib.scene import application_logic, module_logic, mrml_scene
scene = mrml_scene()
print(json.dumps({
    "once": mrml_scene() is scene and application_logic().GetMRMLScene() is scene,
    "logic": module_logic("VolumeRendering").GetClassName(),
    "scene of logic": module_logic("Markups").GetMRMLScene() is scene,
    "views": application_logic().GetViewLogics().GetNumberOfItems(),
    "grey": scene.GetNodeByID("vtkMRMLColorTableNodeGrey") is not None,
    "crosshair": scene.GetFirstNodeByClass("vtkMRMLCrosshairNode").GetCrosshairName(),
}))
scene.AddNewNodeByClass("vtkMRMLModelNode").CreateDefaultDisplayNodes()
"""


def test_scene_and_logics_are_those_of_the_application() -> None:
    assert mrml_scene() is slicer.mrmlScene
    assert application_logic() is slicer.app.applicationLogic()
    assert module_logic("VolumeRendering") is slicer.modules.volumerendering.logic()


def test_module_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(KeyError, match="Nothing"):
        module_logic("Nothing")


@pytest.mark.stand_in
def test_application_without_a_main_window_gets_collections_of_view_logics() -> None:
    logic = slicer.app.applicationLogic()
    before = logic.GetSliceLogics(), logic.GetViewLogics()
    try:
        logic.SetSliceLogics(None)
        logic.SetViewLogics(None)
        assert application_logic().GetSliceLogics().GetNumberOfItems() == 0
        assert application_logic().GetViewLogics().GetNumberOfItems() == 0
    finally:
        logic.SetSliceLogics(before[0])
        logic.SetViewLogics(before[1])


@pytest.mark.stand_in
def test_plain_python_starts_a_scene_once_and_ends_without_a_word() -> None:
    environment = os.environ | {"PYTHONPATH": str(ROOT / "DicomSuite")}
    done = subprocess.run(
        [sys.executable, "-B", "-c", PLAIN_PYTHON], capture_output=True, text=True, env=environment, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == {
        "once": True,
        "logic": "vtkSlicerVolumeRenderingLogic",
        "scene of logic": True,
        "views": 0,
        "grey": True,
        "crosshair": "default",
    }


@pytest.mark.stand_in
def test_where_slicer_core_is_missing_the_error_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "slicer", None)
    with pytest.raises(MissingPackageError, match=r"slicer-core is missing.*dicomsuite\[slicer\]"):
        mrml_scene()
