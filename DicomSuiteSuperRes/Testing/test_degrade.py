"""Coarser volumes made of fine ones."""

import numpy as np
import pytest

from DicomSuiteSuperResLib.degrade import (
    along_axis,
    lower_resolution,
    thick_slices,
    truncated_k_space,
    value_range,
    with_rician_noise,
)


def wave(count: int, periods: float) -> np.ndarray:
    """A cosine, sampled at the centres of `count` voxels of a box."""
    return np.cos(2 * np.pi * periods * (np.arange(count) + 0.5) / count)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_matrix_acts_along_its_axis_alone(axis):
    voxels = np.random.default_rng(0).standard_normal((4, 5, 6)).astype(np.float32)
    matrix = np.random.default_rng(1).standard_normal((3, voxels.shape[axis])).astype(np.float32)
    expected = np.moveaxis(np.tensordot(matrix, voxels, axes=(1, axis)), 0, axis)
    np.testing.assert_allclose(along_axis(matrix, voxels, axis), expected, rtol=1e-4, atol=1e-5)


def test_thick_slices_are_blurred_along_their_axis_alone():
    voxels = np.broadcast_to(wave(48, 6)[:, None, None], (48, 4, 4))
    assert thick_slices(voxels, 1, 2).shape == (48, 2, 4)
    np.testing.assert_allclose(thick_slices(voxels, 1, 2)[:, 0, 0], wave(48, 6), atol=1e-5)
    assert np.ptp(thick_slices(voxels, 0, 12)) < 0.5 * np.ptp(voxels)


def test_lower_resolution_is_coarser_along_all_axes():
    assert lower_resolution(np.ones((8, 9, 10)), (4, 3, 5)).shape == (4, 3, 5)


def test_truncated_k_space_keeps_what_it_can_hold_exactly_and_at_its_place():
    voxels = np.broadcast_to(wave(48, 4)[:, None, None], (48, 3, 3))
    low = truncated_k_space(voxels, (0,), (12,))
    np.testing.assert_allclose(low[:, 1, 1], wave(12, 4), atol=1e-5)


def test_truncated_k_space_loses_what_is_finer():
    voxels = np.broadcast_to(wave(48, 9)[:, None, None], (48, 3, 3))
    np.testing.assert_allclose(truncated_k_space(voxels, (0,), (12,)), 0, atol=1e-5)


def test_noise_has_the_deviation_that_was_asked_for_and_is_the_same_for_the_same_seed():
    voxels = np.full((40, 40, 40), 500.0)
    voxels[:20] = 1500
    noisy = with_rician_noise(voxels, 0.02, np.random.default_rng(3))
    assert np.std(noisy[20:] - 500) == pytest.approx(20, rel=0.05)
    assert noisy.tobytes() == with_rician_noise(voxels, 0.02, np.random.default_rng(3)).tobytes()


def test_noise_in_air_is_never_negative():
    voxels = np.zeros((10, 10, 10))
    voxels[0] = 100
    assert with_rician_noise(voxels, 0.05, np.random.default_rng(0)).min() >= 0


def test_single_voxels_do_not_decide_the_range():
    voxels = np.linspace(0, 100, 100_000)
    voxels[0], voxels[-1] = -1e6, 1e6
    assert value_range(voxels) == pytest.approx(99.8, abs=0.1)
