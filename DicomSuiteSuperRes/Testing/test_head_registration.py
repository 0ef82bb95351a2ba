"""A head that was moved away from the template is found again, and the map survives its files."""

import json
from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk

from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.tasks import Cancelled, CancelToken
from DicomSuiteSuperResLib.affine_resampling import CUBIC, even_geometry, resample_affine
from DicomSuiteSuperResLib.errors import SuperResError
from DicomSuiteSuperResLib.head_template import bundled_template
from DicomSuiteSuperResLib.registration import Registration, register, resampled_to_template
from DicomSuiteSuperResLib.transform_file import read_transform, write_registration_facts, write_transform
from moved_heads import known_move, moved_head, sagittal_grid

GRID, MOVE = sagittal_grid(), known_move()
BRAIN_POINTS = np.array([(x, y, z, 1) for x in (-50, 50) for y in (-50, 60) for z in (-20, 60)], dtype=float)
"""LPS mm, near the outside of the template's brain."""


@pytest.fixture(scope="module")
def found() -> Registration:
    return register(moved_head(GRID, MOVE), bundled_template())


def test_moved_head_is_found_within_a_millimetre(found):
    off = BRAIN_POINTS @ (found.patient_from_template - MOVE).T
    assert np.linalg.norm(off[:, :3], axis=1).max() < 1


def test_map_and_its_inverse_undo_each_other(found):
    assert np.allclose(found.template_from_patient @ found.patient_from_template, np.eye(4), atol=1e-12)


def test_transform_file_is_read_back_by_itk_and_by_us(found, tmp_path):
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


def test_volume_is_laid_over_the_template():
    template = bundled_template()
    template = replace(template, grid=even_geometry(template.head))
    head = replace(moved_head(GRID, MOVE), frame_of_reference_uid="1.2.3")
    laid = resampled_to_template(head, Registration(MOVE, 1.0), template)
    assert laid.grid.geometry == template.grid
    assert laid.frame_of_reference_uid == ""
    inside = template.brain > 0.9
    assert np.corrcoef(laid.voxels[inside], template.head.voxels[inside])[0, 1] > 0.95


def test_cubic_interpolation_stays_within_the_values():
    grid = ImageGeometry.from_axes((12, 12, 12), np.eye(3), np.zeros(3))
    voxels = np.zeros((12, 12, 12), np.float32)
    voxels[4:8] = 100
    shifted = resample_affine(voxels, grid, grid, np.diag((1.02, 0.97, 0.93, 1)), CUBIC)
    assert shifted.min() >= 0
    assert shifted.max() <= 100


def test_cancel_stops_the_search():
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        register(moved_head(GRID, MOVE), bundled_template(), token)


def test_volume_with_nothing_in_it_is_refused():
    head = moved_head(GRID, MOVE)
    with pytest.raises(SuperResError, match="too little"):
        register(replace(head, voxels=np.zeros_like(head.voxels)), bundled_template())


def test_file_that_is_no_transform_is_told(tmp_path):
    path = tmp_path / "map.tfm"
    path.write_text("nothing", encoding="utf-8")
    with pytest.raises(SuperResError, match="no transform file"):
        read_transform(path)
