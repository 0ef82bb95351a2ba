"""A head that was moved away from the template is found again."""

from dataclasses import replace

import numpy as np
import pytest

from DicomSuiteLib.affine_resampling import CUBIC, even_geometry, resample_affine
from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.head_template import bundled_template
from DicomSuiteLib.registration import Registration, RegistrationError, register, resampled_to_template
from DicomSuiteLib.tasks import Cancelled, CancelToken
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
    with pytest.raises(RegistrationError, match="too little"):
        register(replace(head, voxels=np.zeros_like(head.voxels)), bundled_template())
