"""A histogram counts every voxel once, in the bin it belongs to."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from DicomSuiteRenderLib.errors import RenderError
from DicomSuiteRenderLib.histogram import Histogram, histogram

TYPES = ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float16", "float32", "float64"]

any_voxels = st.sampled_from(TYPES).flatmap(
    lambda dtype: arrays.arrays(dtype, arrays.array_shapes(min_dims=3, max_dims=3, max_side=5))
)


def assert_counts_all(found: Histogram, voxels: NDArray) -> None:
    finite = voxels[np.isfinite(voxels)]
    assert found.not_finite == voxels.size - finite.size
    assert found.total == finite.size
    assert len(found.edges) == len(found.counts) + 1 if finite.size else not len(found.edges)
    # Each value against the edges alone: neither the bins nor numpy's histogram is asked.
    bins = np.searchsorted(found.edges, finite.astype(float), side="right") - 1
    np.testing.assert_array_equal(np.bincount(bins, minlength=len(found.counts)), found.counts)


@given(voxels=any_voxels, bins=st.integers(2, 600))
def test_every_value_is_counted_once_between_the_edges_around_it(voxels: NDArray, bins: int) -> None:
    exact_as_double = voxels >> 11 if voxels.dtype.itemsize == 8 and voxels.dtype.kind in "iu" else voxels
    found = histogram(exact_as_double, bins)
    assert len(found.counts) <= bins
    assert np.all(np.diff(found.edges) > 0)
    assert_counts_all(found, exact_as_double)


@pytest.mark.parametrize("dtype", ["int16", "int32", "float32", "float64"])
def test_counts_equal_numpys_with_the_same_edges(dtype: str) -> None:
    voxels = np.random.default_rng(1).normal(40, 300, (20, 64, 64)).astype(dtype)
    found = histogram(voxels)
    np.testing.assert_array_equal(found.counts, np.histogram(voxels, found.edges)[0])
    assert 256 <= len(found.counts) <= 512


def test_missing_and_infinite_values_are_counted_apart() -> None:
    voxels = np.array([[[0.5, np.nan, 1.5], [np.inf, -np.inf, 0.5]]], np.float32)
    found = histogram(voxels, bins=4)
    assert found.not_finite == 3
    assert_counts_all(found, voxels)


@pytest.mark.parametrize("value", [0, -1024, 0.1, 1e-30, -3e38])
def test_a_constant_volume_has_one_bin(value: float) -> None:
    voxels = np.full((2, 3, 4), value, np.float32)
    found = histogram(voxels)
    assert found.counts.tolist() == [24]
    assert found.edges[0] <= voxels[0, 0, 0] < found.edges[1]


def test_whole_numbers_have_bins_of_whole_numbers() -> None:
    found = histogram(np.arange(-5, 300, dtype=np.int16).reshape(1, 5, 61), bins=512)
    assert found.edges.tolist() == list(range(-5, 301))
    assert set(found.counts) == {1}


def test_numbers_too_large_for_double_precision_fall_into_the_right_bin() -> None:
    voxels = np.array([2**62, 2**62 + 1, 2**63 - 1]).reshape(1, 1, 3)
    assert histogram(voxels).counts.sum() == 3


def test_a_wide_range_does_not_overflow() -> None:
    limits = np.finfo(np.float32)
    voxels = np.array([limits.min, -1, 0, limits.tiny, 1, limits.max], np.float32).reshape(1, 2, 3)
    assert_counts_all(histogram(voxels), voxels)


def test_voxels_need_not_lie_in_order_in_memory() -> None:
    voxels = np.random.default_rng(2).integers(-1000, 3000, (7, 8, 9), dtype=np.int16)
    turned = voxels.transpose(2, 0, 1)[::-1, :, ::2]
    assert_counts_all(histogram(turned), turned)


@pytest.mark.parametrize("voxels", [np.zeros((0, 4, 4), np.int16), np.full((1, 2, 2), np.nan)])
def test_nothing_to_count_gives_no_bins(voxels: NDArray) -> None:
    found = histogram(voxels)
    assert len(found.counts) == len(found.edges) == 0
    assert found.not_finite == voxels.size
    assert not len(found.heights())


def test_a_mask_is_counted() -> None:
    assert histogram(np.eye(4, dtype=bool)[None]).counts.tolist() == [12, 4]


def test_what_cannot_be_counted_is_refused() -> None:
    with pytest.raises(RenderError, match="real numbers"):
        histogram(np.zeros((1, 2, 2), complex))
    with pytest.raises(RenderError, match="at least 2"):
        histogram(np.zeros((1, 2, 2)), bins=1)


def test_bars_reach_from_nothing_to_the_tallest() -> None:
    found = Histogram(np.array([0, 1, 99, 999]), np.arange(5.0))
    np.testing.assert_allclose(found.heights(), np.log10([1, 2, 100, 1000]) / 3)
    np.testing.assert_allclose(found.heights(log_scale=False), [0, 1 / 999, 99 / 999, 1])
    np.testing.assert_allclose(found.heights(log_scale=False, cutoff=0.05), [0, 1 / 49.95, 1, 1])
    assert found.heights(cutoff=0.1)[2:] == pytest.approx([np.log(100) / np.log(100.9), 1])
    for cutoff in (0, 1.1, np.nan):
        with pytest.raises(RenderError, match="cutoff"):
            found.heights(cutoff=cutoff)
