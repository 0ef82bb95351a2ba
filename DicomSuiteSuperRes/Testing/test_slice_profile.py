"""Slice profiles, and the matrices that make thick slices of thin ones and interpolate them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from DicomSuiteSuperResLib.errors import SuperResError
from DicomSuiteSuperResLib.slice_profile import ProfileShape, SliceProfile, cubic_matrix, profile_matrix

COUNTS = st.tuples(st.integers(1, 40), st.floats(1, 6)).map(lambda pair: (pair[0], round(pair[0] * pair[1])))
PROFILES = st.builds(SliceProfile, st.sampled_from(ProfileShape), st.floats(0.3, 2))


def centres(count: int) -> np.ndarray:
    """Places of samples in a box from 0 to 1."""
    return (np.arange(count) + 0.5) / count


@given(COUNTS, PROFILES)
@settings(max_examples=50, deadline=None)
def test_a_constant_stays_what_it_is_up_to_the_edge(counts, profile):
    low, high = counts
    np.testing.assert_allclose(profile_matrix(high, low, profile).sum(axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(cubic_matrix(low, high).sum(axis=1), 1, atol=1e-5)


@given(COUNTS, PROFILES)
@settings(max_examples=50, deadline=None)
def test_both_grids_lie_in_the_same_box(counts, profile):
    low, high = counts
    for matrix in (profile_matrix(high, low, profile), cubic_matrix(low, high)):
        np.testing.assert_allclose(matrix[::-1, ::-1], matrix, atol=1e-5)


def test_cubic_interpolation_of_a_line_is_the_line_away_from_the_edges():
    line = cubic_matrix(40, 100) @ centres(40)
    np.testing.assert_allclose(line[30:70], centres(100)[30:70], atol=1e-4)


def test_cubic_interpolation_is_the_spline_through_the_samples():
    samples = np.random.default_rng(0).standard_normal(24)
    places = (np.arange(72) + 0.5) / 3 - 0.5
    padded = np.pad(samples, 30, mode="edge")
    expected = ndimage.map_coordinates(padded, [places + 30], order=3, mode="nearest")
    np.testing.assert_allclose(cubic_matrix(24, 72) @ samples, expected, atol=1e-5)


def test_interpolation_to_the_same_grid_changes_nothing():
    np.testing.assert_allclose(cubic_matrix(9, 9), np.eye(9), atol=1e-6)


def test_the_width_of_a_gaussian_is_that_at_half_its_height():
    weights = profile_matrix(8000, 8, SliceProfile(fwhm=1.5))[4]
    above_half = np.flatnonzero(weights >= weights.max() / 2)
    assert (above_half[-1] - above_half[0]) / 1000 == pytest.approx(1.5, abs=0.01)


def test_a_box_as_wide_as_the_slices_are_apart_averages_whole_slices():
    expected = np.kron(np.eye(5), np.full(4, 0.25))
    np.testing.assert_allclose(profile_matrix(20, 5, SliceProfile(ProfileShape.BOX)), expected, atol=1e-6)


def test_a_measured_width_counts_in_slice_distances():
    assert SliceProfile.measured(fwhm_mm=4, slice_distance_mm=5).fwhm == pytest.approx(0.8)


@pytest.mark.parametrize("width", [0, -1, float("nan"), float("inf")])
def test_a_profile_without_width_is_refused(width):
    with pytest.raises(SuperResError, match="width"):
        SliceProfile(fwhm=width)


def test_slices_at_one_place_are_refused():
    with pytest.raises(SuperResError, match="0 mm"):
        SliceProfile.measured(4, 0)


@pytest.mark.parametrize("matrix", [lambda low, high: profile_matrix(high, low), cubic_matrix])
def test_fewer_thin_slices_than_thick_ones_are_refused(matrix):
    with pytest.raises(SuperResError, match="as many"):
        matrix(5, 4)
