"""Whether a volume is blurred as slice profiles blur."""

import numpy as np
import pytest

from DicomSuiteSuperResLib.degrade import lower_resolution, thick_slices, truncated_k_space, with_rician_noise
from DicomSuiteSuperResLib.sharpness_test import isotropic_residual_share, residual_share
from random_tissue import random_tissue


@pytest.fixture(scope="module")
def tissue() -> np.ndarray:
    return random_tissue(96)


def spacing(axis: int) -> list[float]:
    return [4.0 if own == axis else 1.0 for own in range(3)]


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("noise", [0, 0.02])
def test_slices_blurred_by_a_slice_profile_are_sharpened(tissue, axis, noise):
    slices = with_rician_noise(thick_slices(tissue, axis, 24), noise, np.random.default_rng(0))
    assert residual_share(slices, axis, spacing(axis)) > 0.5


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_slices_from_truncated_k_space_are_left_alone(tissue, axis):
    assert residual_share(truncated_k_space(tissue, (axis,), (24,)), axis, spacing(axis)) < 0.1


@pytest.mark.parametrize("count", [12, 13, 16, 17, 22, 23])
def test_number_of_slices_does_not_matter(tissue, count):
    """Odd ones have no frequency of half a cycle per slice."""
    thin = tissue[: 4 * count]
    assert residual_share(thick_slices(thin, 0, count), 0, spacing(0)) == 1
    assert residual_share(truncated_k_space(thin, (0,), (count,)), 0, spacing(0)) == 0


def test_thin_slices_of_an_isotropic_volume_are_left_alone(tissue):
    assert residual_share(tissue, 0, (1, 1, 1)) == 0


@pytest.mark.parametrize("noise", [0, 0.02])
def test_voxels_blurred_in_all_directions_are_sharpened(tissue, noise):
    coarse = with_rician_noise(lower_resolution(tissue, (48, 48, 48)), noise, np.random.default_rng(0))
    assert isotropic_residual_share(coarse) > 0.5


def test_voxels_from_truncated_k_space_are_left_alone(tissue):
    assert isotropic_residual_share(truncated_k_space(tissue, (0, 1, 2), (48, 48, 48))) == 0


def test_neither_scale_nor_offset_of_the_values_matter(tissue):
    slices = thick_slices(tissue, 0, 24)
    changed = slices * 7 - 1000
    assert residual_share(changed, 0, spacing(0)) == pytest.approx(residual_share(slices, 0, spacing(0)), abs=0.02)
    assert isotropic_residual_share(changed) == pytest.approx(isotropic_residual_share(slices), abs=0.02)


def test_few_voxels_and_constant_ones_are_taken_to_be_blurred():
    few, constant = np.random.default_rng(0).random((6, 64, 64)), np.ones((24, 96, 96), np.float32)
    assert [residual_share(voxels, 0, (4, 1, 1)) for voxels in (few, constant)] == [1, 1]
    assert [isotropic_residual_share(voxels) for voxels in (few, constant)] == [1, 1]
