"""The map between a patient and a template survives its files."""

import json

import numpy as np
import pytest
import SimpleITK as sitk

from DicomSuiteLib.registration import Registration
from DicomSuiteSuperResLib.errors import SuperResError
from DicomSuiteSuperResLib.transform_file import read_transform, write_registration_facts, write_transform
from moved_heads import known_move

MOVE = known_move()


def test_transform_file_is_read_back_by_itk_and_by_us(tmp_path):
    found = Registration(MOVE, 0.5)
    path = tmp_path / "to-template.tfm"
    write_transform(found, path)
    assert np.allclose(read_transform(path), found.patient_from_template, atol=1e-12)
    point = sitk.ReadTransform(str(path)).TransformPoint((10.0, 20.0, 30.0))
    assert np.allclose(point, (found.patient_from_template @ (10, 20, 30, 1))[:3], atol=1e-9)
    first = path.read_bytes()
    write_transform(found, path)
    assert path.read_bytes() == first
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_facts_hold_both_directions(tmp_path):
    write_registration_facts(Registration(MOVE, 0.5), "a head", tmp_path / "facts.json")
    facts = json.loads((tmp_path / "facts.json").read_text(encoding="utf-8"))
    assert facts["template"] == "a head"
    assert np.allclose(np.array(facts["patient_from_template"]) @ facts["template_from_patient"], np.eye(4))


def test_file_that_is_no_transform_is_told(tmp_path):
    path = tmp_path / "map.tfm"
    path.write_text("nothing", encoding="utf-8")
    with pytest.raises(SuperResError, match="no transform file"):
        read_transform(path)
