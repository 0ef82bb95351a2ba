"""Turns by hand are rigid in mm, about the middle of the volume, whatever its axes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteRTOverlayLib.errors import OverlayError
from DicomSuiteRTOverlayLib.turns import TURNS, turned

VOLUME = ImageGeometry((40, 30, 20), (1, 1.5, 4), (-10, 20, 300), ((0, 1, 0), (0.6, 0, -0.8), (0.8, 0, 0.6)))
MASK = ImageGeometry((8, 9, 10), (2, 2, 3), (5, 30, 320), ((1, 0, 0), (0, 1, 0), (0, 0, 1)))
MIDDLE = VOLUME.lps_from_ijk((19.5, 14.5, 9.5))
AXES = dict(zip("ijk", np.array(VOLUME.directions).T, strict=True))

voxels = st.tuples(*(st.floats(0, size - 1) for size in MASK.size))


@given(voxels, st.sampled_from("ijk"))
def test_flip_mirrors_each_voxel_in_the_middle_plane_of_the_volume(voxel, axis):
    before, after = MASK.lps_from_ijk(voxel), turned(MASK, VOLUME, [f"flip-{axis}"]).lps_from_ijk(voxel)
    height = (before - MIDDLE) @ AXES[axis]
    np.testing.assert_allclose(after, before - 2 * height * AXES[axis], atol=1e-9)


@pytest.mark.parametrize(("axis", "first", "second"), [("i", "j", "k"), ("j", "k", "i"), ("k", "i", "j")])
def test_turn_is_a_right_angle_by_the_right_hand(axis, first, second):
    corner = ImageGeometry((1, 1, 1), (1, 1, 1), MIDDLE + 7 * AXES[first] + 2 * AXES[axis], MASK.directions)
    handedness = np.linalg.det(VOLUME.directions)
    expected = MIDDLE + 7 * handedness * AXES[second] + 2 * AXES[axis]
    np.testing.assert_allclose(turned(corner, VOLUME, [f"turn-{axis}"]).origin, expected, atol=1e-9)


@given(st.lists(st.sampled_from(TURNS), max_size=6))
def test_turns_keep_distances_and_order_of_application(turns):
    together = turned(MASK, VOLUME, turns)
    one_by_one = MASK
    for turn in turns:
        one_by_one = turned(one_by_one, VOLUME, [turn])
    assert together.is_close(one_by_one, 1e-6)
    np.testing.assert_allclose(together.spacing, MASK.spacing)
    np.testing.assert_allclose(np.array(together.directions).T @ together.directions, np.eye(3), atol=1e-9)


@pytest.mark.parametrize(("turn", "times"), [("flip-j", 2), ("turn-i", 4)])
def test_turning_on_ends_where_it_began(turn, times):
    assert turned(MASK, VOLUME, [turn] * times).is_close(MASK, 1e-6)


def test_unknown_turn_is_refused_with_those_that_exist():
    with pytest.raises(OverlayError, match=r"no turn 'flip-x'; use flip-i"):
        turned(MASK, VOLUME, ["flip-x"])
