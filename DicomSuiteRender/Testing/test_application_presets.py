"""Slicer's presets as render modes: all of them, point by point, with the technique that their names promise."""

import pytest

from application import inside_slicer, slicer
from DicomSuiteLib.scene import module_logic
from DicomSuiteRenderLib.application_presets import application_presets
from DicomSuiteRenderLib.render_mode import Technique, ValueScale

PRESETS = """<?xml version="1.0" encoding="UTF-8"?>
<MRML>
  <VolumeProperty name="CT-MIP" id="vtkMRMLVolumePropertyNode1" gradientOpacity="4 0 1 255 1"
    scalarOpacity="8 -3024 0 -637.62 0 700 1 3071 1" colorTransfer="8 -3024 0 0 0 3071 1 0.5 0.25"
    specular="0.2" shade="1" ambient="0.1" diffuse="0.9" specularPower="10" interpolation="1"/>
  <VolumeProperty name="uCT Bone/8bit" id="vtkMRMLVolumePropertyNode2" gradientOpacity="6 0 0 10 0.5 255 1"
    scalarOpacity="4 0 0 100 1" colorTransfer="8 0 0 0 0 100 1 1 1"
    specular="0" shade="0" ambient="0.2" diffuse="1" specularPower="1" interpolation="1"/>
</MRML>
"""


@pytest.mark.skipif(inside_slicer, reason="there Slicer's own presets are read")
def test_headless_there_are_none():
    assert application_presets() == ()


@pytest.mark.stand_in
def test_presets_of_a_file_are_read_with_their_technique(tmp_path, monkeypatch):
    (tmp_path / "presets.xml").write_text(PRESETS)
    logic = slicer.vtkSlicerVolumeRenderingLogic()
    logic.SetModuleShareDirectory(str(tmp_path))
    monkeypatch.setattr("DicomSuiteRenderLib.application_presets.module_logic", lambda name: logic)
    projection, bone = application_presets()
    assert (projection.key, projection.name) == ("slicer-ct-mip", "CT-MIP")
    assert projection.look.technique is Technique.MAXIMUM
    assert projection.look.opacity == ((-3024, 0), (-637.62, 0), (700, 1), (3071, 1))
    assert projection.look.colours == ((-3024, 0, 0, 0), (3071, 1, 0.5, 0.25))
    assert projection.look.gradient_opacity == ()
    assert projection.look.shading.specular_power == 10
    assert bone.key == "slicer-uct-bone-8bit"
    assert bone.look.technique is Technique.COMPOSITE
    assert bone.look.gradient_opacity == ((0, 0), (10, 0.5), (255, 1))
    assert bone.look.shading is None


@pytest.mark.skipif(not inside_slicer, reason="needs Slicer's own presets")
def test_every_preset_of_slicer_is_a_mode():
    modes = application_presets()
    nodes = module_logic("VolumeRendering").GetPresetsScene().GetNodesByClass("vtkMRMLVolumePropertyNode")
    nodes.UnRegister(None)
    assert [mode.name for mode in modes] == [nodes.GetItemAsObject(n).GetName() for n in range(len(modes))]
    assert nodes.GetNumberOfItems() == len(modes) >= 30
    assert len({mode.key for mode in modes}) == len(modes)
    assert {mode.scale for mode in modes} == {ValueScale.NATIVE}
    maximum = {mode.name for mode in modes if mode.look.technique is Technique.MAXIMUM}
    assert maximum == {"CT-MIP", "MR-MIP"}
