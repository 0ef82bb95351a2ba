"""The lowest value along a ray is looked for in the patient, not in the room."""

from dataclasses import replace

import numpy as np
import pytest

from application import slicer
from DicomSuiteRenderLib.apply_mode import apply_mode
from DicomSuiteRenderLib.built_in_modes import built_in_modes
from DicomSuiteRenderLib.outside_air import without_outside_air
from mode_phantoms import phantom, shown

MINIP = next(mode for mode in built_in_modes() if mode.key == "ct-minip")


@pytest.fixture
def chest():
    """A round body with two lungs, an airway in one, and noise."""
    k, j, i = np.indices((64, 64, 64))
    voxels = np.random.default_rng(3).normal(-1000, 15, (64, 64, 64))
    voxels[np.hypot(j - 32, i - 32) < 28] = 40
    voxels[(np.abs(k - 32) < 20) & (np.hypot(j - 32, np.abs(i - 32) - 13) < 9)] = -850
    voxels[np.hypot(j - 32, i - 19) < 2] = -1000
    return replace(phantom(), voxels=voxels.astype(np.int16))


def test_air_around_the_patient_is_no_minimum_and_gas_inside_stays(chest):
    inside = np.hypot(*(np.indices((64, 64)) - 32)) < 27
    voxels = without_outside_air(chest).voxels
    np.testing.assert_array_equal(voxels[:, inside], chest.voxels[:, inside])
    assert voxels[:, np.hypot(*(np.indices((64, 64)) - 32)) > 30].min() == chest.voxels.max()


def test_lung_that_the_edge_of_the_picture_cuts_is_no_air_of_the_room(chest):
    part = replace(chest, voxels=np.ascontiguousarray(chest.voxels[:, 12:52, 14:40]))
    lung = part.voxels[20:44] == -850
    np.testing.assert_array_equal(without_outside_air(part).voxels[20:44][lung], -850)


def test_lungs_are_dark_in_a_bright_body_on_black(chest):
    with shown(chest) as (node, view):
        assert apply_mode(MINIP, node, view.node) == ()
        picture = view.picture()[..., 0]
    middle, lung, airway = picture[100, 100], picture[100, 130], picture[100, 66]
    assert picture[100, 5] == 0
    assert middle > 200 > 100 > lung > airway


def test_the_users_voxels_stay(chest):
    with shown(chest) as (node, view):
        apply_mode(MINIP, node, view.node)
        np.testing.assert_array_equal(slicer.util.arrayFromVolume(node), chest.voxels)
