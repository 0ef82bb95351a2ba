"""Where the patient is in a volume."""

import numpy as np
import pytest

from DicomSuiteLib.head_mask import head_mask, otsu_threshold


def ball(shape=(40, 60, 50), radius=18) -> np.ndarray:
    """True within a ball in the middle."""
    squares = [((np.arange(size) - size / 2) ** 2).reshape([-1 if n == axis else 1 for n in range(3)])
               for axis, size in enumerate(shape)]  # fmt: skip
    return sum(squares) < radius**2


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    """Dice."""
    return 2 * np.count_nonzero(one & other) / (np.count_nonzero(one) + np.count_nonzero(other))


def head(inside: np.ndarray) -> np.ndarray:
    """A bright ball with a dark middle in noisy air."""
    voxels = np.where(inside, 100.0, 0.0) + np.abs(np.random.default_rng(0).normal(0, 4, inside.shape))
    voxels[18:22, 28:32, 22:28] = 0
    return voxels


def test_the_head_is_found_and_what_is_dark_in_it_belongs_to_it():
    mask = head_mask(head(ball()))
    assert overlap(mask, ball()) > 0.95
    assert mask[20, 30, 25]


def test_a_bright_thing_beside_the_head_does_not_belong_to_it():
    voxels = head(ball())
    voxels[:3, :3, :3] = 100
    assert not head_mask(voxels)[:4, :4, :4].any()


@pytest.mark.parametrize("scale", [1, 1e-3, 1e4])
def test_neither_scale_nor_offset_of_the_values_matter(scale):
    assert overlap(head_mask(head(ball()) * scale - 1000 * scale), ball()) > 0.95


def test_volumes_of_many_voxels_and_of_few_thick_slices_are_masked_alike():
    inside = ball((12, 240, 200), 80)
    assert overlap(head_mask(np.where(inside, 7.0, 0.0)), inside) > 0.95


def test_a_constant_volume_is_all_foreground():
    assert head_mask(np.full((4, 5, 6), 3)).all()


@pytest.mark.parametrize(("low", "high", "dtype"), [(10**6, 10**6 + 1, np.int32), (1e4 - 1e-3, 1e4 + 1e-3, np.float32)])
def test_values_that_hardly_differ_are_told_apart_or_not_but_never_stop_the_search(low, high, dtype):
    mask = head_mask(np.where(ball(), high, low).astype(dtype))
    assert overlap(mask, ball()) > 0.9


def test_values_that_are_no_number_count_as_air():
    voxels = head(ball())
    voxels[0, 0, 0], voxels[0, 0, 1] = np.nan, np.inf
    assert overlap(head_mask(voxels), ball()) > 0.95


def test_the_threshold_lies_between_two_classes():
    assert 10 < otsu_threshold(np.array([9.0, 10, 10, 30, 31, 30])) < 30
