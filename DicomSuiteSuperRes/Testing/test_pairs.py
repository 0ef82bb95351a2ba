"""Pairs of fine and coarse volumes: in the same box, seeded, and told how they were made."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from DicomSuiteLib.errors import DicomSuiteError
from DicomSuiteSuperResLib.errors import SuperResError
from DicomSuiteSuperResLib.output_plan import resized
from DicomSuiteSuperResLib.pairs import Degradation, PairRequest, make_pair
from DicomSuiteSuperResLib.slice_profile import ProfileShape, SliceProfile
from placed_volumes import placed_volumes

VOLUMES = placed_volumes()
EVEN = [name for name, volume in VOLUMES.items() if volume.grid.geometry is not None and len(volume.voxels) > 1]


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(EVEN), st.tuples(*[st.integers(1, 40)] * 3))
def test_another_grid_in_the_same_box_has_its_corners(name, size):
    geometry = VOLUMES[name].grid.geometry
    assert np.allclose(resized(geometry, size).corners, geometry.corners, atol=1e-9)


@pytest.mark.parametrize("name", EVEN)
@pytest.mark.parametrize("axis", [0, 1, 2, None])
def test_pair_lies_in_the_same_box_and_keeps_its_mean(name, axis):
    pair = make_pair(VOLUMES[name], PairRequest(2.5, axis, profile=SliceProfile(ProfileShape.BOX)))
    low = pair.low.grid.geometry
    assert np.allclose(low.corners, VOLUMES[name].grid.geometry.corners, atol=1e-6)
    assert pair.low.voxels.shape == low.size[::-1]
    assert abs(pair.low.voxels.mean() / VOLUMES[name].voxels.mean() - 1) < 0.02
    assert pair.facts["factors"][0 if axis is None else axis] > 2


def test_k_space_pair_of_a_constant_is_that_constant():
    volume = replace(VOLUMES["oblique"], voxels=np.full(VOLUMES["oblique"].voxels.shape, 50, np.int16))
    pair = make_pair(volume, PairRequest(2, None, Degradation.K_SPACE))
    assert np.allclose(pair.low.voxels, 50, atol=1e-3)


def test_noise_is_the_same_for_the_same_seed_and_another_for_another_volume():
    request = PairRequest(2, noise=0.02, seed=5)
    first = make_pair(VOLUMES["oblique"], request, 1).low.voxels
    assert np.array_equal(first, make_pair(VOLUMES["oblique"], request, 1).low.voxels)
    assert not np.array_equal(first, make_pair(VOLUMES["oblique"], request, 2).low.voxels)
    assert not np.array_equal(first, make_pair(VOLUMES["oblique"], replace(request, seed=6), 1).low.voxels)


def test_noise_of_magnitude_images_is_not_laid_over_values_below_0():
    volume = replace(VOLUMES["oblique"], voxels=VOLUMES["oblique"].voxels - 1000)
    with pytest.raises(SuperResError, match="below 0"):
        make_pair(volume, PairRequest(2, noise=0.02))


@pytest.mark.parametrize(
    ("name", "factor", "words"),
    [("uneven", 2, "evenly"), ("oblique", 6, "smaller factor"), ("oblique", 1.01, "larger factor")],
)
def test_what_cannot_be_made_coarse_is_refused(name, factor, words):
    with pytest.raises(DicomSuiteError, match=words):
        make_pair(VOLUMES[name], PairRequest(factor))


@pytest.mark.parametrize("wrong", [{"factor": 1}, {"factor": np.nan}, {"noise": -0.1}, {"noise": 2}, {"seed": -1}])
def test_numbers_out_of_range_are_refused(wrong):
    with pytest.raises(SuperResError):
        PairRequest(**{"factor": 2, **wrong})
