"""Metrics of a result against a reference: scikit-image's values, masks, slices, and what cannot be compared."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteLib.volumes import Volume
from DicomSuiteSuperResLib.degrade import value_range
from DicomSuiteSuperResLib.errors import SuperResError
from DicomSuiteSuperResLib.structural_similarity import REACH, SLAB, similarity_map
from DicomSuiteSuperResLib.volume_metrics import compare

SHAPE = (2 * SLAB + 3, 33, 30)
"""Slices, rows, columns: three slabs, the last of which is thinner than the window."""
SPACING = (0.9, 1.1, 2.0)
"""mm along i, j, k."""


def textured(seed: int = 0, shape: tuple[int, int, int] = SHAPE) -> np.ndarray:
    """Smooth texture of about 0 to 1000, as integers."""
    noise = ndimage.gaussian_filter(np.random.default_rng(seed).standard_normal(shape), 1.5)
    return np.rint(500 + 150 * noise / noise.std()).astype(np.int16)


def volume(voxels: np.ndarray, origin: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> Volume:
    directions = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
    return Volume(voxels, SliceGrid.from_geometry(ImageGeometry(voxels.shape[::-1], SPACING, origin, directions)))


def noisy(voxels: np.ndarray) -> np.ndarray:
    return voxels + np.random.default_rng(1).normal(0, 20, voxels.shape)


def everywhere(voxels: np.ndarray) -> np.ndarray:
    return np.ones(voxels.shape, bool)


def test_psnr_and_ssim_are_those_of_scikit_image():
    metrics = pytest.importorskip("skimage.metrics")
    one = textured()
    other = noisy(one)
    spread = value_range(one)
    found = compare(volume(one), volume(other), everywhere(one))
    options = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "data_range": spread}
    expected, of_voxels = metrics.structural_similarity(one.astype(float), other, full=True, **options)
    inside = (slice(REACH, -REACH),) * 3
    assert similarity_map(one, other, spread)[inside].mean(dtype=float) == pytest.approx(expected, abs=1e-6)
    assert found.whole.ssim == pytest.approx(of_voxels.mean(), abs=1e-6)
    expected = metrics.peak_signal_noise_ratio(one.astype(float), other, data_range=spread)
    assert found.whole.psnr == pytest.approx(expected, abs=1e-6)
    assert found.whole.mae == pytest.approx(np.abs(other - one).mean(), abs=1e-9)


def test_mask_decides_which_voxels_count_and_their_surroundings_stay_the_volume_s():
    metrics = pytest.importorskip("skimage.metrics")
    one = textured()
    other = noisy(one)
    mask = np.zeros(SHAPE, bool)
    mask[20:31, 10:21, 8] = True
    found = compare(volume(one), volume(other), mask).whole
    options = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
    _, of_voxels = metrics.structural_similarity(
        one.astype(float), other, full=True, data_range=value_range(one), **options
    )
    assert found.voxels == 121
    assert found.ssim == pytest.approx(of_voxels[mask].mean(), abs=1e-6)
    assert found.mae == pytest.approx(np.abs(other - one)[mask].mean(), abs=1e-9)
    worse_elsewhere = np.where(ndimage.binary_dilation(mask, iterations=20), other, 0)
    assert compare(volume(one), volume(worse_elsewhere), mask).whole == found


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_slices_together_are_the_volume(axis):
    one = textured()
    other = noisy(one)
    mask = textured(3) > 450
    mask[:12] = False
    mask[:, :9] = False
    mask[:, :, -9:] = False
    found = compare(volume(one), volume(other), mask, axis)
    assert len(found.slices) == SHAPE[2 - axis]
    assert sum(part.voxels for part in found.slices) == found.whole.voxels == np.count_nonzero(mask)
    for name in ("ssim", "mae"):
        total = sum(part.voxels * getattr(part, name) for part in found.slices if part.voxels)
        assert total / found.whole.voxels == pytest.approx(getattr(found.whole, name), rel=1e-6)
    inside = np.moveaxis(mask, 2 - axis, 0)[15]
    error = np.moveaxis(other - one, 2 - axis, 0)[15][inside]
    assert found.slices[15].mae == pytest.approx(np.abs(error).mean(), rel=1e-9)
    expected = 10 * np.log10(found.value_range**2 / np.mean(error**2))
    assert found.slices[15].psnr == pytest.approx(expected, rel=1e-9)


def test_slice_without_voxels_in_the_mask_has_no_figures():
    one = textured()
    mask = everywhere(one)
    mask[5] = False
    empty = compare(volume(one), volume(noisy(one)), mask).slices[5]
    assert (empty.voxels, empty.psnr, empty.ssim, empty.mae, empty.edge_sharpness) == (0, None, None, None, None)


def test_equal_volumes_are_alike_in_every_measure():
    one = textured()
    found = compare(volume(one), volume(one.astype(float)), everywhere(one)).whole
    assert found.psnr == math.inf
    assert found.ssim == pytest.approx(1)
    assert found.mae == 0
    assert found.edge_sharpness == pytest.approx(1)


def test_blurred_edges_are_less_sharp_and_exaggerated_ones_more():
    one = textured().astype(float)
    blurred = ndimage.gaussian_filter(one, 1.5)
    sharpness = [
        compare(volume(one), volume(other), everywhere(one)).whole.edge_sharpness
        for other in (blurred, one, one + 0.5 * (one - blurred))
    ]
    assert sharpness[0] < 0.8
    assert sharpness[2] > 1.1


def test_noise_is_no_sharpness():
    one = textured()
    other = one + np.random.default_rng(2).normal(0, 100, SHAPE)
    assert compare(volume(one), volume(other), everywhere(one)).whole.edge_sharpness == pytest.approx(1, abs=0.02)


def test_values_are_subtracted_without_overflow():
    one = np.full(SHAPE, -32000, np.int16)
    other = np.full(SHAPE, 32000, np.int16)
    assert compare(volume(one), volume(other), everywhere(one)).whole.mae == 64000


def test_constant_volumes_have_finite_figures_and_no_edges():
    one = np.full(SHAPE, 7, np.int16)
    found = compare(volume(one), volume(one), everywhere(one)).whole
    assert (found.mae, found.edge_sharpness) == (0, None)
    assert found.ssim == pytest.approx(1)


def test_without_a_mask_the_air_around_the_head_does_not_count():
    k, j, i = np.indices((40, 40, 40))
    head = (k - 20) ** 2 + (j - 20) ** 2 + (i - 20) ** 2 < 14**2
    one = np.where(head, textured(4, (40, 40, 40)), 0)
    found = compare(volume(one), volume(one + ~head * 50)).whole
    assert found.voxels < 0.5 * head.size
    assert compare(volume(one), volume(one + ~head * 50), everywhere(one)).whole.mae > 5 * found.mae


@pytest.mark.parametrize("mask_shape", [(3, 3, 3), SHAPE])
def test_mask_of_another_shape_or_without_voxels_is_refused(mask_shape):
    with pytest.raises(SuperResError, match=r"mask (has|is empty)"):
        compare(volume(textured()), volume(textured()), np.zeros(mask_shape, bool))


def test_other_grids_are_refused_with_what_differs():
    one = textured()
    with pytest.raises(SuperResError, match=r"30 x 33 x 51 against 30 x 33 x 50 voxels"):
        compare(volume(one), volume(one[:-1]), everywhere(one))
    with pytest.raises(SuperResError, match="in other places"):
        compare(volume(one), volume(one, (0.01, 0, 0)), everywhere(one))
    assert compare(volume(one), volume(one, (0.0005, 0, 0)), everywhere(one)).whole.mae == 0


def test_values_that_are_no_numbers_are_refused():
    one = textured()
    holed = replace(volume(one), voxels=np.where(np.indices(SHAPE)[0] == 3, np.nan, one))
    with pytest.raises(SuperResError, match="The result holds values that are no finite numbers"):
        compare(volume(one), holed, everywhere(one))
    with pytest.raises(SuperResError, match="The reference holds"):
        compare(holed, volume(one), everywhere(one))


def test_similarity_does_not_depend_on_how_the_volume_is_cut_into_slabs(monkeypatch):
    one = textured()
    other = noisy(one)
    whole = similarity_map(one, other, 1000)
    monkeypatch.setattr("DicomSuiteSuperResLib.structural_similarity.SLAB", 7)
    assert np.array_equal(similarity_map(one, other, 1000), whole)
