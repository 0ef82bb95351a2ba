"""Pairs that a model learns from."""

import numpy as np
import pytest
from scipy import ndimage

from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteLib.volumes import Volume
from DicomSuiteSuperResLib.degrade import along_axis
from DicomSuiteSuperResLib.errors import SuperResError
from DicomSuiteSuperResLib.linear_start import least_squares_kernels
from DicomSuiteSuperResLib.models import Upsampling
from DicomSuiteSuperResLib.slice_profile import cubic_matrix
from DicomSuiteSuperResLib.training_examples import ExampleSource, PatchSize, Variety
from DicomSuiteSuperResLib.training_subjects import TrainingSubject, split_subjects, subject

PLAIN = Variety((1.0, 1.0), boxes=0, smooth=0, noisy=0, curved=0, inverted=0, gains=(1.0, 1.0))
"""Nothing but the usual slice profile."""


def head(seed: int = 0, fine_axes: tuple[int, ...] = (0, 1, 2)) -> TrainingSubject:
    voxels = np.random.default_rng(seed).random((64, 60, 72), dtype=np.float32)
    return TrainingSubject(f"head {seed}", voxels, np.ones(voxels.shape, bool), 1.0, fine_axes)


def source(upsampling=Upsampling.THROUGH_PLANE, variety=PLAIN, subjects=None) -> ExampleSource:
    return ExampleSource(subjects or (head(),), upsampling, PatchSize(6, 12), np.random.default_rng(0), variety)


@pytest.mark.parametrize(
    ("upsampling", "factor", "coarse", "fine"),
    [
        (Upsampling.THROUGH_PLANE, 3, (2, 1, 6, 12, 12), (2, 1, 18, 12, 12)),
        (Upsampling.ISOTROPIC, 2, (2, 1, 6, 12, 12), (2, 1, 12, 24, 24)),
    ],
)
def test_pairs_have_the_sizes_that_the_network_takes_and_gives(upsampling, factor, coarse, fine):
    given, missing = source(upsampling).batch(factor, 2)
    assert (given.shape, missing.shape, given.dtype, missing.dtype) == (coarse, fine, np.float32, np.float32)


def test_cubic_interpolation_and_what_it_lacks_are_a_piece_of_the_volume():
    places = np.arange(64, dtype=np.float32)
    waves = np.sin(places / 3)[:, None, None] + np.zeros((64, 60, 72), np.float32)
    own = TrainingSubject("waves", waves, np.ones(waves.shape, bool), 1.0, (0,))
    coarse, missing = (values[0, 0] for values in source(subjects=(own,)).batch(2, 1))
    whole = (along_axis(cubic_matrix(6, 12), coarse, 0) + missing)[4:8, 0, 0]
    pieces = np.lib.stride_tricks.sliding_window_view(waves[:, 0, 0], 4)
    assert min(np.abs(pieces - way).max(axis=1).min() for way in (whole, whole[::-1])) < 0.02


def test_the_same_seed_gives_the_same_examples():
    first, second = (source(variety=Variety()).batch(2, 3) for _ in range(2))
    assert all(np.array_equal(one, other) for one, other in zip(first, second, strict=True))


def test_only_fine_axes_are_made_thick():
    slopes = np.broadcast_to(np.arange(64, dtype=np.float32)[:, None, None], (64, 60, 72))
    own = TrainingSubject("slopes", slopes, np.ones(slopes.shape, bool), 1.0, (1, 2))
    coarse, _ = source(subjects=(own,)).batch(2, 8)
    assert all(np.ptp(example[0], axis=0).max() == pytest.approx(0, abs=1e-4) for example in coarse)


def test_a_volume_that_is_too_small_for_a_factor_is_refused():
    with pytest.raises(SuperResError, match="too small to learn a factor of 6"):
        source().batch(6, 1)


def test_the_best_linear_filter_is_better_than_cubic_interpolation_and_adds_nothing_to_constants():
    smooth = ndimage.gaussian_filter(head().voxels, 1)
    own = TrainingSubject("smooth", smooth, np.ones(smooth.shape, bool), 1.0, (0,))
    examples = source(subjects=(own,))
    kernels = least_squares_kernels(examples, 2, (2, 1, 1))
    np.testing.assert_allclose(kernels.sum(axis=(1, 2, 3)), 0, atol=1e-4)
    coarse, missing = (values[0, 0] for values in examples.batch(2, 1))
    windows = np.lib.stride_tricks.sliding_window_view(coarse, kernels.shape[1:])
    added = np.einsum("kjiabc,nabc->knji", windows, kernels).reshape(4, 8, 8)
    lacking = missing[4:-4, 2:-2, 2:-2]
    assert np.mean((lacking - added) ** 2) < 0.9 * np.mean(lacking**2)


def volume(spacing=(1.0, 1.0, 1.0), voxels=None) -> Volume:
    values = np.random.default_rng(0).integers(0, 500, (12, 40, 40)) if voxels is None else voxels
    return Volume(
        values, SliceGrid.from_geometry(ImageGeometry.from_axes(values.shape[::-1], np.diag(spacing), (0.0, 0.0, 0.0)))
    )


def test_a_subject_is_scaled_by_its_range():
    own = subject("one", volume())
    assert np.ptp(own.voxels) == pytest.approx(1, rel=0.01)
    assert own.mask.shape == own.voxels.shape


@pytest.mark.parametrize(("spacing", "axes"), [((1.0, 1.0, 1.2), (0, 1, 2)), ((0.5, 0.5, 3.0), (1, 2))])
def test_thick_axes_of_a_subject_are_not_learned_from(spacing, axes):
    assert subject("one", volume(spacing)).fine_axes == axes


@pytest.mark.parametrize(
    ("voxels", "words"), [(np.full((4, 5, 6), np.nan), "no number"), (np.full((4, 5, 6), 3.0), "constant")]
)
def test_volumes_with_nothing_to_learn_are_refused(voxels, words):
    with pytest.raises(SuperResError, match=words):
        subject("one", volume(voxels=voxels))


def test_subjects_are_held_out_by_their_name():
    subjects = (head(1), head(2), head(3))
    learned, held_out = split_subjects(subjects, ["head 2"])
    assert ([own.name for own in learned], [own.name for own in held_out]) == (["head 1", "head 3"], ["head 2"])


@pytest.mark.parametrize(("words", "message"), [(["head 9"], "No subject"), (["head"], "Every subject")])
def test_a_subject_that_is_not_there_and_all_of_them_cannot_be_held_out(words, message):
    with pytest.raises(SuperResError, match=message):
        split_subjects((head(1), head(2)), words)
