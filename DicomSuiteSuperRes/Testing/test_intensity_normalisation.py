"""Intensities come to the same scale whatever scale they had."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from DicomSuiteSuperResLib.errors import SuperResError
from DicomSuiteSuperResLib.intensity_normalisation import NormalisationMethod, normalise

ALL = np.ones((20, 20, 20), dtype=bool)


def tissues(fluid: float, grey: float, white: float) -> np.ndarray:
    """A brain with a third of grey and half of white matter, and some fluid."""
    generator = np.random.default_rng(8)
    parts = [(fluid, 1300), (grey, 2700), (white, 4000)]
    return np.concatenate([generator.normal(mean, 6, count) for mean, count in parts]).reshape(ALL.shape)


@settings(max_examples=15, deadline=None)
@given(st.sampled_from(list(NormalisationMethod)), st.floats(0.01, 100), st.floats(-50, 1000))
def test_scale_and_offset_of_the_scanner_do_not_matter(method, gain, offset):
    voxels = tissues(30, 90, 140)
    one = normalise(voxels, method, ALL).voxels
    assert np.allclose(normalise(voxels * gain + offset, method, ALL).voxels, one, atol=2e-2)


def test_percentiles_become_0_and_1():
    voxels = normalise(tissues(30, 90, 140), NormalisationMethod.PERCENTILE, ALL).voxels
    assert np.allclose(np.percentile(voxels, (1, 99)), (0, 1), atol=1e-5)
    assert voxels.max() > 1


def test_z_score_is_that_of_the_mask_alone():
    mask = ALL.copy()
    mask[:10] = False
    voxels = normalise(tissues(30, 90, 140), NormalisationMethod.ZSCORE, mask).voxels
    assert abs(voxels[mask].mean()) < 1e-5
    assert abs(voxels[mask].std() - 1) < 1e-5


@pytest.mark.parametrize(
    ("method", "fluid", "grey", "white"),
    [(NormalisationMethod.WHITE_STRIPE, 30, 90, 140), (NormalisationMethod.WHITE_STRIPE_T2, 220, 130, 80)],
)
def test_white_matter_becomes_0(method, fluid, grey, white):
    assert abs(normalise(tissues(fluid, grey, white), method, ALL).offset - white) < 3


def test_original_values_can_be_had_back():
    voxels = tissues(30, 90, 140)
    scaled = normalise(voxels, NormalisationMethod.ZSCORE, ALL)
    assert np.allclose(scaled.voxels * scaled.scale + scaled.offset, voxels, atol=1e-3)


@pytest.mark.parametrize("method", list(NormalisationMethod))
def test_no_contrast_and_no_mask_are_refused(method):
    for voxels, mask in ((np.full(ALL.shape, 7.0), ALL), (tissues(30, 90, 140), ~ALL)):
        with pytest.raises(SuperResError, match="no contrast"):
            normalise(voxels, method, mask)
