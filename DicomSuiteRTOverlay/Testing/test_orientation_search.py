"""Where a mask without geometry belongs is found in the picture, with a probability that can be believed."""

import numpy as np
import pytest

from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteLib.volumes import Volume
from DicomSuiteRTOverlayLib.axis_order import AXIS_ORDERS
from DicomSuiteRTOverlayLib.lattice_map import lattice_map
from DicomSuiteRTOverlayLib.mask_samples import MOST_POINTS, mask_samples
from DicomSuiteRTOverlayLib.place_mask import place_mask
from DicomSuiteRTOverlayLib.placement import AUTOMATIC, Verdict
from DicomSuiteRTOverlayLib.reference_cues import MOST_CELLS, reference_cues
from orientation_cases import (
    PATIENTS,
    UPRIGHT,
    Case,
    laid_out,
    mask_without_geometry,
    organ_cases,
    patient_cases,
    patients,
)
from synthetic_organs import synthetic_organs

SEED = 2000
"""Neither of calibration nor of the benchmark."""

SIZE = (64, 60, 48)


def rank_of_truth(case: Case) -> tuple[int, bool]:
    """Rank of the true place among the candidates (0 is first; 9 if it is none of them), and is it automatic."""
    placement = place_mask(case.mask, case.volume)
    assert placement.verdict is Verdict.GUESSED
    array = case.mask.layers[0]
    true = case.truth.lay(array)
    laid = [
        lattice_map(one.geometry, case.volume.grid.nominal_geometry).order.lay(array) for one in placement.candidates
    ]
    return next((n for n, one in enumerate(laid) if np.array_equal(one, true)), 9), placement.is_automatic


def check(cases: list[Case]) -> None:
    ranks, automatic = (np.array(values) for values in zip(*map(rank_of_truth, cases), strict=True))
    assert np.mean(ranks == 0) >= 0.9
    assert np.mean(ranks < 3) >= 0.97
    assert np.mean(ranks[automatic] == 0) >= 0.98
    assert automatic.mean() >= 0.5


def test_organs_in_any_order_of_axes_are_found():
    check(list(organ_cases(18, SEED)))


@pytest.mark.skipif(not PATIENTS.is_dir(), reason=f"{PATIENTS} is absent; set DICOMSUITE_TEST_DATA")
def test_tumours_of_real_patients_are_found():
    check([case for number, patient in enumerate(patients()) for case in patient_cases(patient, 4, SEED + number)])


def organs(seed=3, modality="CT", size=SIZE):
    return synthetic_organs(ImageGeometry(size, (4, 4, 5), (0, 0, 0), UPRIGHT), seed, modality)


@pytest.mark.parametrize("scale", [1, 0.01, 40])
def test_numbers_of_mr_need_no_unit(scale):
    volume, labels = organs(modality="MR")
    scaled = Volume((volume.voxels * scale).astype(np.float32), volume.grid, "MR")
    order = AXIS_ORDERS[29]
    mask = mask_without_geometry(laid_out(np.where(labels == 2, labels, 0), order))
    best = place_mask(mask, scaled).candidates[0]
    assert best.geometry.is_close(order.mask_geometry(volume.grid.geometry))
    assert best.probability >= AUTOMATIC


def test_ct_is_known_by_its_numbers_where_the_modality_is_not_said():
    volume, _ = organs()
    unnamed = reference_cues(Volume(volume.voxels, volume.grid))
    np.testing.assert_array_equal(unnamed.soft, reference_cues(volume).soft)


def test_symmetric_mask_is_not_made_uncertain_by_its_symmetry():
    volume, labels = organs(size=(64, 64, 48))
    symmetric = np.zeros_like(labels)
    kidney = np.argwhere(labels == 3)
    low, high = kidney.min(axis=0) + 1, kidney.max(axis=0)
    symmetric[low[0] : high[0], low[1] : high[1], low[2] : high[2]] = 1
    middle = symmetric | symmetric[::-1]  # now a reversal of k changes nothing
    placement = place_mask(mask_without_geometry(middle), volume)
    assert sum(candidate.probability for candidate in placement.candidates) <= 1 + 1e-9
    keys = [candidate.key for candidate in placement.candidates]
    assert not {"+i+j+k", "+i+j-k"} <= set(keys)


def test_mask_in_the_very_middle_of_a_featureless_picture_is_asked_about():
    geometry = ImageGeometry((40, 40, 40), (2, 2, 2), (0, 0, 0), UPRIGHT)
    noise = np.random.default_rng(0).normal(40, 10, (40, 40, 40)).astype(np.int16)
    mask = np.zeros((40, 40, 40), np.uint8)
    mask[5:15, 8:20, 22:30] = 1
    placement = place_mask(mask_without_geometry(mask), Volume(noise, SliceGrid.from_geometry(geometry), "CT"))
    assert placement.verdict is Verdict.GUESSED
    assert not placement.is_automatic
    assert len(placement.candidates) == 3


def test_samples_are_few_and_speak_for_the_largest_segments():
    _, labels = organs()
    parts = mask_samples(mask_without_geometry(labels))
    assert sum(len(part.inside) + len(part.boundary) for part in parts) <= MOST_POINTS
    counts = np.bincount(labels.ravel())[1:]
    assert {part.value for part in parts} == set((np.argsort(-counts)[:4] + 1).tolist())
    for part in parts:
        i, j, k = part.boundary.T
        assert (labels[k, j, i] == part.value).all()
        ahead = np.rint(part.boundary + 3 * part.outward / np.linalg.norm(part.outward, axis=1, keepdims=True))
        i, j, k = np.clip(ahead.astype(int), 0, np.array(labels.shape[::-1]) - 1).T
        assert np.mean(labels[k, j, i] != part.value) > 0.7


def test_small_scattered_segments_are_not_lost_in_a_large_volume():
    labels = np.zeros((200, 300, 300), np.uint8)
    for corner in ((3, 3, 3), (180, 280, 280), (100, 20, 250)):
        labels[tuple(slice(start, start + 6) for start in corner)] = 1
    (part,) = mask_samples(mask_without_geometry(labels))
    assert len(part.inside) >= 500
    assert len(part.boundary) >= 100


def test_large_volume_is_reduced_and_keeps_its_places():
    size = (256, 256, 120)
    geometry = ImageGeometry(size, (0.9, 0.9, 2), (0, 0, 0), UPRIGHT)
    voxels = np.full(size[::-1], -1000, np.int16)
    voxels[:, 60:200, 40:220] = 40
    voxels[30:60, 80:120, 100:150] = 120
    cues = reference_cues(Volume(voxels, SliceGrid.from_geometry(geometry), "CT"))
    assert cues.body.size <= MOST_CELLS
    points = np.array([(125, 100, 45), (50, 70, 100), (10, 10, 10)], float)
    assert cues.body[cues.cells_at(points)].tolist() == [True, True, False]
    np.testing.assert_allclose(cues.soft[cues.cells_at(points)], [270 / 400, 190 / 400, 0], atol=0.01)
