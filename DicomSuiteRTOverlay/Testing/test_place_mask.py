"""A mask is placed, repaired, asked about or refused, and never silently put into the wrong place."""


import numpy as np
import pydicom
import pytest
import SimpleITK as sitk

from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.read_volume import read_volume
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteLib.volumes import Volume
from DicomSuiteRTOverlayLib.header_repairs import header_places
from DicomSuiteRTOverlayLib.mask_file import Gap, HeaderClaims
from DicomSuiteRTOverlayLib.place_mask import place_mask
from DicomSuiteRTOverlayLib.placement import AUTOMATIC, Verdict
from DicomSuiteRTOverlayLib.resample_mask import resample_mask
from orientation_cases import (
    ORGANS_SEEN,
    PATIENTS,
    UPRIGHT,
    complete_claims,
    mask_of,
    mask_without_geometry,
    patients,
)
from real_data import real_data
from synthetic_organs import ORGANS, synthetic_organs

SIZE = (72, 66, 44)
GEOMETRY = ImageGeometry(SIZE, (4.0, 4.0, 6.0), (-140.3, -120.7, -333.3), UPRIGHT)
OBLIQUE = ((0.96, -0.28, 0.0), (0.28, 0.96, 0.0), (0.0, 0.0, 1.0))
KIDNEY, SPLEEN = 3, 2


@pytest.fixture(scope="module")
def organs():
    return synthetic_organs(GEOMETRY, 5)


@pytest.fixture
def volume(organs):
    return organs[0]


@pytest.fixture
def kidney(organs):
    return (organs[1] == KIDNEY).astype(np.uint8)


def at(geometry, **changes):
    """Claims of a header for a mask at `geometry`, with some of them changed."""
    said = {"size": geometry.size, "axes": geometry.axes, "origin": geometry.origin}
    return HeaderClaims(**(said | changes))


def cropped(labels, geometry, margin=2):
    places = np.argwhere(labels)
    low, high = np.maximum(places.min(axis=0) - margin, 0), places.max(axis=0) + 1 + margin
    box = np.ascontiguousarray(labels[tuple(map(slice, low, high))])
    origin = geometry.lps_from_ijk(low[::-1])
    return box, ImageGeometry.from_axes(box.shape[::-1], geometry.axes, origin)


def dice(mask, placement, volume, labels):
    found = resample_mask(mask, placement.candidates[0].geometry, volume.grid).segments[0].full_mask(labels.shape)
    return 2 * np.count_nonzero(found & (labels > 0)) / (np.count_nonzero(found) + np.count_nonzero(labels))


def keys(placement):
    return [candidate.key for candidate in placement.candidates]


# Complete headers


def test_complete_header_that_the_picture_agrees_with_is_trusted(volume, kidney):
    placement = place_mask(mask_of(kidney, at(GEOMETRY)), volume)
    assert placement.verdict is Verdict.PLACED
    assert placement.is_automatic
    assert keys(placement) == ["header"]
    assert placement.findings == ()


@pytest.mark.parametrize("number", ORGANS_SEEN)
@pytest.mark.parametrize(("seed", "modality"), [(11, "CT"), (12, "MR")])
def test_right_header_of_any_organ_is_trusted(number, seed, modality):
    volume, labels = synthetic_organs(GEOMETRY, seed, modality)
    placement = place_mask(mask_of((labels == number).astype(np.uint8), at(GEOMETRY)), volume)
    assert placement.verdict is Verdict.PLACED, (ORGANS[number - 1].name, placement.reason)


@pytest.mark.skipif(not PATIENTS.is_dir(), reason=f"{PATIENTS} is absent; set DICOMSUITE_TEST_DATA")
def test_right_header_of_every_patient_is_trusted_also_on_a_grid_of_its_own():
    for patient in patients():
        geometry = patient.volume.grid.geometry
        own = ImageGeometry.from_axes(geometry.size, geometry.axes * 0.9, geometry.lps_from_ijk((5.3, 6.2, 2.1)))
        resampled = resample_mask(mask_of(patient.labels, at(geometry)), geometry, SliceGrid.from_geometry(own))
        own_labels = resampled.segments[0].full_mask(own.size[::-1]).astype(np.uint8)
        for labels, place in ((patient.labels, geometry), (own_labels, own), cropped(patient.labels, geometry)):
            placement = place_mask(mask_of(labels, at(place)), patient.volume)
            assert placement.verdict is Verdict.PLACED, placement.reason


def test_mask_of_a_few_voxels_is_placed_by_its_header_alone(volume, organs):
    labels = np.zeros_like(organs[1])
    labels[tuple(np.argwhere(organs[1] == KIDNEY)[5])] = 1
    placement = place_mask(mask_of(labels, at(GEOMETRY)), volume)
    assert (placement.verdict, placement.candidates[0].key) == (Verdict.PLACED, "header")


def test_mask_that_reaches_beyond_the_volume_is_placed_and_what_is_lost_is_told(volume, organs):
    labels = (organs[1] == SPLEEN).astype(np.uint8)
    first = int(np.argwhere(labels)[:, 0].mean()) + 1
    size = (SIZE[0], SIZE[1], first)
    part = Volume(
        volume.voxels[:first],
        SliceGrid.from_geometry(ImageGeometry.from_axes(size, GEOMETRY.axes, GEOMETRY.origin)),
        "CT",
    )
    placement = place_mask(mask_of(labels, at(GEOMETRY)), part)
    assert placement.verdict is Verdict.PLACED
    lost = 100 * np.count_nonzero(labels[first:]) / np.count_nonzero(labels)
    beyond = 6.0 * (np.argwhere(labels)[:, 0].max() + 1 - first)
    (finding,) = placement.findings
    assert float(finding.split()[1]) == pytest.approx(lost, abs=3)
    assert f"{beyond:.1f} mm beyond the last slice" in finding


def test_mask_of_another_series_of_the_same_size_keeps_its_own_place(volume, organs):
    shifted = ImageGeometry.from_axes(SIZE, GEOMETRY.axes, GEOMETRY.lps_from_ijk((0, 0, 2.4)))
    labels = np.zeros_like(organs[1])
    labels[:-2] = (organs[1] == SPLEEN)[2:]
    placement = place_mask(mask_of(labels, at(shifted)), volume)
    assert placement.candidates[0].key == "header"
    assert any("2.40 mm off" in finding for finding in placement.findings)


def test_grid_turned_against_the_volumes_is_told_in_degrees(volume, kidney):
    turn = sitk.VersorTransform((0.0, 0.0, 1.0), np.radians(12))
    directions = np.array(turn.GetMatrix()).reshape(3, 3)
    own = ImageGeometry.from_axes((90, 90, 50), directions * (4, 4, 5), (-160, -150, -330))
    resampled = resample_mask(mask_of(kidney, at(GEOMETRY)), GEOMETRY, SliceGrid.from_geometry(own))
    labels = resampled.segments[0].full_mask(own.size[::-1]).astype(np.uint8)
    placement = place_mask(mask_of(labels, at(own)), volume)
    assert placement.verdict is Verdict.PLACED
    assert "turned by 12.0 degrees" in placement.findings[0]
    assert "4 x 4 x 5 mm, the volume's 4 x 4 x 6 mm" in placement.findings[1]


# Headers that lie


@pytest.mark.parametrize("reversed_axis", [0, 1, 2])
def test_array_reversed_under_a_complete_header_is_never_placed_silently(volume, kidney, reversed_axis):
    wrong = np.ascontiguousarray(np.flip(kidney, reversed_axis))
    mask = mask_of(wrong, at(GEOMETRY))
    placement = place_mask(mask, volume)
    assert placement.verdict is Verdict.GUESSED
    assert not placement.is_automatic
    assert "header" in keys(placement)
    offered = [resample_mask(mask, one.geometry, volume.grid).segments[0] for one in placement.candidates]
    assert any(np.array_equal(segment.full_mask(kidney.shape), kidney > 0) for segment in offered)


@pytest.mark.parametrize("origin", [(-140.3, -120.7, -333.3), (-144.0, -120.0, -132.0)])
def test_origin_of_zero_is_not_believed_even_where_the_mask_then_overlaps(organs, kidney, origin):
    geometry = ImageGeometry(SIZE, GEOMETRY.spacing, origin, UPRIGHT)
    volume = Volume(organs[0].voxels, SliceGrid.from_geometry(geometry), "CT")
    mask = mask_of(kidney, at(geometry, origin=(0.0, 0.0, 0.0)))
    placement = place_mask(mask, volume)
    assert placement.verdict is Verdict.REPAIRED
    assert keys(placement) == ["reference-index"]
    assert dice(mask, placement, volume, kidney) == 1


def test_origin_of_zero_that_falls_on_the_volumes_grid_by_chance_does_not_gain_by_it():
    round_numbers = ImageGeometry(SIZE, GEOMETRY.spacing, (-144.0, -120.0, -132.0), UPRIGHT)
    zero, shifted = (at(round_numbers, origin=origin) for origin in ((0.0, 0.0, 0.0), (-140.0, -116.0, -126.0)))
    by_zero, by_place = (header_places(claims, round_numbers)[0].log_odds for claims in (zero, shifted))
    assert by_zero < by_place - 5


@pytest.mark.parametrize(
    ("key", "factors"),
    [("ras-for-lps", (True, True)), ("ras-origin", (False, True)), ("ras-directions", (True, False))],
)
@pytest.mark.parametrize("is_part", [False, True])
def test_wrong_signs_of_x_and_y_are_repaired(organs, kidney, key, factors, is_part):
    oblique = ImageGeometry(SIZE, GEOMETRY.spacing, GEOMETRY.origin, OBLIQUE)
    volume = Volume(organs[0].voxels, SliceGrid.from_geometry(oblique), "CT")
    labels, geometry = cropped(kidney, oblique) if is_part else (kidney, oblique)
    signs = np.array([-1, -1, 1])
    axes = geometry.axes * (signs[:, None] if factors[0] else 1)
    origin = tuple(np.array(geometry.origin) * (signs if factors[1] else 1))
    mask = mask_of(labels, at(geometry, axes=axes, origin=origin))
    placement = place_mask(mask, volume)
    assert placement.verdict is Verdict.REPAIRED or not placement.is_automatic
    assert dice(mask, placement, volume, kidney) == 1
    assert keys(placement)[0] == key


@pytest.mark.parametrize("is_part", [False, True])
def test_identity_directions_on_an_oblique_volume_are_repaired(organs, kidney, is_part):
    geometry = ImageGeometry(SIZE, GEOMETRY.spacing, GEOMETRY.origin, OBLIQUE)
    volume = Volume(organs[0].voxels, SliceGrid.from_geometry(geometry), "CT")
    labels, place = cropped(kidney, geometry) if is_part else (kidney, geometry)
    mask = mask_of(labels, at(place, axes=np.diag(place.spacing)))
    placement = place_mask(mask, volume)
    assert placement.verdict is Verdict.REPAIRED
    assert dice(mask, placement, volume, kidney) == 1


def test_origin_at_the_corner_of_the_first_voxel_is_repaired(volume, kidney):
    mask = mask_of(kidney, at(GEOMETRY, origin=tuple(GEOMETRY.lps_from_ijk((-0.5, -0.5, -0.5)))))
    placement = place_mask(mask, volume)
    assert (placement.verdict, keys(placement)) == (Verdict.REPAIRED, ["corner-origin"])
    assert dice(mask, placement, volume, kidney) == 1


@pytest.mark.parametrize("scale", [1000, 0.001, 10, 0.1])
def test_slip_of_the_unit_is_repaired(volume, kidney, scale):
    mask = mask_of(kidney, at(GEOMETRY, axes=GEOMETRY.axes * scale, origin=tuple(np.multiply(GEOMETRY.origin, scale))))
    placement = place_mask(mask, volume)
    assert placement.verdict is Verdict.REPAIRED
    assert dice(mask, placement, volume, kidney) == 1


# Headers that leave room


def test_part_of_a_mask_without_origin_is_offered_but_not_used_unasked(volume, kidney):
    labels, geometry = cropped(kidney, GEOMETRY)
    placement = place_mask(mask_of(labels, at(geometry, origin=None, gaps=frozenset({Gap.NO_ORIGIN}))), volume)
    assert placement.verdict is Verdict.GUESSED
    assert not placement.is_automatic


@pytest.mark.parametrize("spacing", [(8.0, 8.0, 12.0), None])
def test_mask_of_half_the_resolution_is_stretched_over_the_volume(volume, organs, spacing):
    labels = (organs[1][::2, ::2, ::2] == SPLEEN).astype(np.uint8)
    placement = place_mask(
        mask_of(labels, HeaderClaims(labels.shape[::-1], spacing=spacing, gaps=frozenset(Gap))), volume
    )
    assert placement.verdict is Verdict.GUESSED
    best = placement.candidates[0]
    assert best.key == "extent+i+j+k"
    np.testing.assert_allclose(best.geometry.corners, GEOMETRY.corners)
    assert "8 x 8 x 12 mm" in placement.findings[-1]


def test_spacings_tell_axes_apart_where_sizes_do_not():
    size = (60, 60, 60)
    geometry = ImageGeometry(size, (3.0, 3.0, 6.0), (0, 0, 0), UPRIGHT)
    volume, labels = synthetic_organs(geometry, 21)
    numpy_dump = np.ascontiguousarray((labels == KIDNEY).transpose(2, 1, 0)).astype(np.uint8)
    claims = HeaderClaims(size, spacing=(6.0, 3.0, 3.0), gaps=frozenset(Gap))
    placement = place_mask(mask_of(numpy_dump, claims), volume)
    assert placement.candidates[0].key == "+k+j+i"
    assert placement.candidates[0].probability >= AUTOMATIC


def test_every_guess_shows_three_candidates_with_falling_probabilities(volume, kidney):
    placement = place_mask(mask_without_geometry(kidney), volume)
    probabilities = [candidate.probability for candidate in placement.candidates]
    assert len(probabilities) == 3
    assert probabilities == sorted(probabilities, reverse=True)
    assert sum(probabilities) <= 1


# Masks that do not belong


def test_mask_far_from_the_volume_is_refused_with_its_distance(volume, kidney):
    labels, geometry = cropped(kidney, GEOMETRY)
    away = ImageGeometry.from_axes(geometry.size, geometry.axes, (900.0, 700.0, 4000.0))
    placement = place_mask(mask_of(labels, at(away)), volume)
    assert placement.verdict is Verdict.REFUSED
    assert placement.candidates == ()
    assert " mm away from the volume" in placement.reason


def test_mask_whose_size_fits_in_no_way_is_refused(volume):
    labels = np.zeros((9, 31, 17), np.uint8)
    labels[2:5, 3:9, 4:8] = 1
    placement = place_mask(mask_without_geometry(labels), volume)
    assert placement.verdict is Verdict.REFUSED
    assert "17 x 31 x 9" in placement.reason


def test_empty_mask_is_refused(volume):
    placement = place_mask(mask_without_geometry(np.zeros((4, 5, 6), np.uint8)), volume)
    assert placement.verdict is Verdict.REFUSED
    assert "empty" in placement.reason


def test_mask_in_air_is_asked_about(volume):
    labels = np.zeros(SIZE[::-1], np.uint8)
    labels[10:30, 1:5, 1:9] = 1
    placement = place_mask(mask_of(labels, at(GEOMETRY)), volume)
    assert placement.verdict is Verdict.GUESSED
    assert not placement.is_automatic
    assert "header" in keys(placement)


# Uneven slices


@pytest.fixture(scope="module")
def tilted():
    folder = real_data("ge_tilt")
    volume = read_volume(folder)
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames([str(path) for path in volume.files])
    sitk.ProcessObject.SetGlobalWarningDisplay(False)
    as_read = ImageGeometry.from_sitk(reader.Execute())
    sitk.ProcessObject.SetGlobalWarningDisplay(True)
    labels = np.zeros(volume.voxels.shape, np.uint8)
    labels[3:25, 200:300, 180:260] = 1
    return volume, as_read, labels


def test_mask_drawn_on_uneven_slices_follows_each_slices_own_position(tilted):
    volume, as_read, labels = tilted
    mask = mask_of(labels, complete_claims(as_read))
    placement = place_mask(mask, volume)
    assert placement.verdict is Verdict.REPAIRED
    assert "uneven" in placement.reason
    result = resample_mask(mask, placement.candidates[0].geometry, volume.grid)
    np.testing.assert_array_equal(result.segments[0].full_mask(labels.shape), labels > 0)
    positions = [pydicom.dcmread(path, stop_before_pixels=True).ImagePositionPatient for path in volume.files]
    first_voxels = np.array([(0, 0, k) for k in range(len(positions))])
    own = np.linalg.norm(result.grid.lps_from_ijk(first_voxels) - np.array(positions, float), axis=1)
    by_header = np.linalg.norm(as_read.lps_from_ijk(first_voxels) - np.array(positions, float), axis=1)
    assert own.max() < 0.1
    assert by_header[-1] > 40


def test_mask_on_the_nominal_grid_of_uneven_slices_is_told_to_follow_them(tilted):
    volume, _, labels = tilted
    placement = place_mask(mask_of(labels, complete_claims(volume.grid.nominal_geometry)), volume)
    assert placement.verdict is Verdict.REPAIRED
    assert "uneven" in placement.reason


def test_mask_true_in_space_on_a_grid_of_its_own_is_placed_on_uneven_slices(tilted):
    volume, _, _ = tilted
    middle = volume.grid.lps_from_ijk((256, 256, 14))
    own = ImageGeometry((60, 60, 40), (2.0, 2.0, 2.0), tuple(middle - 59), UPRIGHT)
    k, j, i = np.indices((40, 60, 60))
    inside = np.linalg.norm(own.lps_from_ijk(np.stack([i, j, k], axis=-1)) - middle, axis=-1) < 25
    placement = place_mask(mask_of(inside.astype(np.uint8), complete_claims(own)), volume)
    assert placement.verdict is Verdict.PLACED
    found = resample_mask(mask_of(inside.astype(np.uint8), complete_claims(own)), own, volume.grid).segments[0]
    places = volume.grid.lps_from_ijk(np.argwhere(found.full_mask(volume.grid.shape))[:, ::-1])
    assert np.linalg.norm(places - middle, axis=1).max() < 27


@pytest.mark.parametrize("directions", [UPRIGHT, OBLIQUE])
def test_mask_resampled_to_one_mm_from_the_same_origin_keeps_its_header(organs, directions):
    geometry = ImageGeometry(SIZE, GEOMETRY.spacing, GEOMETRY.origin, directions)
    volume = Volume(organs[0].voxels, SliceGrid.from_geometry(geometry), "CT")
    own = ImageGeometry((200, 180, 150), (1.0, 1.0, 1.0), GEOMETRY.origin, UPRIGHT)
    spleen = mask_of((organs[1] == SPLEEN).astype(np.uint8), at(geometry))
    labels = resample_mask(spleen, geometry, SliceGrid.from_geometry(own)).segments[0].full_mask(own.size[::-1])
    assert labels.any()
    placement = place_mask(mask_of(labels.astype(np.uint8), at(own)), volume)
    assert placement.candidates[0].key == "header"
    assert placement.verdict is Verdict.PLACED
