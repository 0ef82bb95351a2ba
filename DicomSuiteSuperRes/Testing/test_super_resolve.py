"""A volume super-resolved: its place, its type and its values; agreement with what was measured; what is refused."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from DicomSuiteLib.check_intensities import check_intensities  # noqa: E402
from DicomSuiteLib.errors import DicomSuiteError  # noqa: E402
from DicomSuiteLib.geometry import ImageGeometry  # noqa: E402
from DicomSuiteLib.read_volume import read_volume  # noqa: E402
from DicomSuiteLib.slice_grid import SliceGrid  # noqa: E402
from DicomSuiteLib.tasks import Cancelled, CancelToken  # noqa: E402
from DicomSuiteLib.volumes import Volume, VolumeError  # noqa: E402
from DicomSuiteSuperResLib import output_plan  # noqa: E402
from DicomSuiteSuperResLib.back_projection import back_projected, redegradation_error  # noqa: E402
from DicomSuiteSuperResLib.cubic_volume import cubic_volume  # noqa: E402
from DicomSuiteSuperResLib.degrade import thick_slices  # noqa: E402
from DicomSuiteSuperResLib.errors import SuperResError  # noqa: E402
from DicomSuiteSuperResLib.measured_profile import measured_profile  # noqa: E402
from DicomSuiteSuperResLib.models import DERIVED, LoadedModel, ModelIdentity, Normalisation, Upsampling  # noqa: E402
from DicomSuiteSuperResLib.output_plan import plan  # noqa: E402
from DicomSuiteSuperResLib.slice_profile import USUAL_PROFILE  # noqa: E402
from DicomSuiteSuperResLib.super_resolution import SuperResRequest  # noqa: E402
from DicomSuiteSuperResLib.super_resolve import super_resolve  # noqa: E402
from random_networks import random_model  # noqa: E402
from random_tissue import random_tissue  # noqa: E402
from thick_series import SPACING as SERIES_SPACING  # noqa: E402
from thick_series import thick_geometry, write_thick_series  # noqa: E402

SHAPE = (9, 22, 26)
SPACING = (0.9, 0.8, 4.0)
TURN = ((0.36, 0.48, -0.8), (-0.8, 0.6, 0.0), (0.48, 0.64, 0.6))


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def model() -> LoadedModel:
    return random_model()


def volume_of(voxels: np.ndarray, spacing=SPACING, modality="MR") -> Volume:
    geometry = ImageGeometry(voxels.shape[::-1], spacing, (-31.7, 12.9, 104.3), TURN)
    return Volume(voxels, SliceGrid.from_geometry(geometry), modality, frame_of_reference_uid="1.2.3")


def blob(shape=SHAPE, dtype=np.int16, peak=900.0) -> np.ndarray:
    """A bright ellipsoid with a texture, in darkness."""
    places = np.meshgrid(*(np.linspace(-1.3, 1.3, size) for size in shape), indexing="ij")
    inside = sum(place**2 for place in places) < 1
    texture = 0.7 + 0.3 * np.sin(9 * places[0]) * np.cos(7 * places[1] + 5 * places[2])
    return (peak * inside * texture).astype(dtype)


def adds(values: float, **use) -> LoadedModel:
    """A model that refines by adding one value everywhere."""

    class Adds(torch.nn.Module):
        def forward(self, given):
            return given + values

    use = {"normalisation": Normalisation.NONE, "window": (16, 16, 16), **use}
    return LoadedModel(ModelIdentity("adds", "", ""), Upsampling.REFINING, (1,), lambda _: Adds(), **use)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint16, np.int32, np.float32, np.float64])
def test_type_and_range_of_the_values_are_kept(model: LoadedModel, dtype: type) -> None:
    volume = volume_of(blob(dtype=dtype, peak=200 if dtype is np.uint8 else 900))
    result = super_resolve(volume, model).volume
    assert result.voxels.dtype == dtype
    assert result.voxels.shape == plan(volume.grid, model).grid.shape
    assert result.voxels.min() >= volume.voxels.min() and result.voxels.max() <= volume.voxels.max()
    assert result.voxels.std() > 0.5 * volume.voxels.std()


@pytest.mark.parametrize("extreme", [np.iinfo(np.int32).max, np.iinfo(np.int32).min, np.iinfo(np.uint32).max])
def test_the_largest_whole_numbers_do_not_turn_around(model: LoadedModel, extreme: int) -> None:
    voxels = np.zeros(SHAPE, np.uint32 if extreme > 2**31 else np.int32)
    voxels[3:6] = extreme
    result = super_resolve(volume_of(voxels), model, SuperResRequest(factor=2)).volume.voxels
    assert {int(result.min()), int(result.max())} == {0, extreme}


@pytest.mark.parametrize("value", [0, 137, -5])
@pytest.mark.parametrize("dtype", [np.int16, np.float32])
def test_a_constant_stays_constant(model: LoadedModel, value: int, dtype: type) -> None:
    result = super_resolve(volume_of(np.full(SHAPE, value, dtype)), model, SuperResRequest(back_projections=1))
    assert np.all(result.volume.voxels == value)


def test_place_modality_and_provenance_of_the_result(model: LoadedModel) -> None:
    volume = volume_of(blob())
    result = super_resolve(volume, model, SuperResRequest(factor=4.4))
    own = result.volume
    corners = np.linalg.norm(own.grid.geometry.corners - volume.grid.geometry.corners, axis=1)
    assert corners.max() < 1e-6
    assert (own.modality, own.frame_of_reference_uid, own.series_uid, own.files) == ("MR", "1.2.3", "", ())
    assert DERIVED in own.notes
    assert result.model == model.identity
    assert result.settings["axis"] == "k" and result.settings["device and precision"] == "cpu, float32"
    assert any("the network gives 45 voxels along k" in warning for warning in result.warnings)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_every_axis_may_be_the_thick_one(model: LoadedModel, axis: int) -> None:
    """The same volume with its axes in another order gives the same values in that order."""
    straight = blob((9, 20, 20))
    array_axis = 2 - axis
    spacing = tuple(4.0 if other == axis else 1.0 for other in range(3))
    wanted = super_resolve(volume_of(straight, (1.0, 1.0, 4.0)), model, SuperResRequest(factor=3)).volume.voxels
    turned = super_resolve(volume_of(np.moveaxis(straight, 0, array_axis), spacing), model, SuperResRequest(factor=3))
    assert np.array_equal(np.moveaxis(turned.volume.voxels, array_axis, 0), wanted)


@pytest.mark.parametrize("factor", [2, 3.3, 5.5, 7])
def test_outside_the_head_and_for_a_model_that_adds_nothing_the_result_is_cubic(factor: float) -> None:
    volume = volume_of(blob(dtype=np.float32))
    result = super_resolve(volume, adds(0.0), SuperResRequest(factor=factor)).volume
    cubic = cubic_volume(volume, result.grid).voxels
    assert np.abs(result.voxels - np.clip(cubic, 0, volume.voxels.max())).max() < 1e-2


def test_only_the_box_around_the_head_is_given_to_the_network() -> None:
    voxels = np.zeros((20, 40, 60), np.float32)
    voxels[:, 5:20, 5:30] = blob((20, 15, 25), np.float32)
    volume = volume_of(voxels, (1.0, 1.0, 1.0))
    request = SuperResRequest(axis=2, factor=2, back_projections=0)
    result = super_resolve(volume, adds(5.0), request).volume.voxels
    assert result[20, 10, 15] > 5
    assert np.all(np.abs(result[:, :, 45:]) < 1e-3)
    whole = super_resolve(volume, adds(5.0), SuperResRequest(axis=2, factor=2, crop=False)).volume.voxels
    assert np.all(whole[:, :, 45:] > 4.9)


def test_isotropic_models_refine_along_all_axes() -> None:
    volume = volume_of(blob((12, 14, 16)), (1.0, 1.0, 1.0))
    result = super_resolve(volume, random_model(Upsampling.ISOTROPIC, (2,))).volume
    assert result.voxels.shape == (24, 28, 32)
    assert result.grid.geometry.spacing == pytest.approx((0.5, 0.5, 0.5))


@pytest.mark.parametrize("upsampling", [Upsampling.THROUGH_PLANE, Upsampling.ISOTROPIC])
def test_where_no_slice_profile_has_blurred_a_model_against_blur_adds_nothing(upsampling: Upsampling) -> None:
    volume = volume_of(random_tissue(32), (1.0, 1.0, 1.0))
    model = random_model(upsampling, (2,))
    result = super_resolve(volume, model, SuperResRequest(axis=2, factor=2))
    cubic = cubic_volume(volume, result.volume.grid).voxels
    assert np.abs(result.volume.voxels - np.clip(cubic, volume.voxels.min(), volume.voxels.max())).max() < 1e-5
    assert any("0% was added" in warning for warning in result.warnings)
    others = super_resolve(volume, replace(model, trained_here=False), SuperResRequest(axis=2, factor=2))
    assert np.abs(others.volume.voxels - result.volume.voxels).max() > 1e-2


def test_mirrored_volume_gives_the_mirrored_result() -> None:
    mirror = (slice(None, None, -1),) * 3
    straight = blob((13, 22, 26), np.float32)
    straight[3:6, 4:9, 5:20] *= 2  # unlike its own mirror image
    model = random_model()
    request = SuperResRequest(factor=3)
    results, single = (
        [super_resolve(volume_of(voxels), model, asked).volume.voxels for voxels in (straight, straight[mirror])]
        for asked in (request, replace(request, fast=True))
    )
    assert np.abs(results[0] - results[1][mirror]).max() < 1e-3
    assert np.abs(single[0] - single[1][mirror]).max() > 1


def test_back_projections_bring_the_result_nearer_to_what_was_measured() -> None:
    thin = blob((48, 22, 26), np.float32)
    volume, model = volume_of(thick_slices(thin, 0, 12)), adds(0.0)
    errors = [
        redegradation_error(super_resolve(volume, model, SuperResRequest(factor=4, back_projections=n)).volume, volume)
        for n in (0, 1, 3)
    ]
    assert errors[0] > 1.5 * errors[1] > 1.5 * errors[2] > 0, errors
    assert redegradation_error(volume, volume) == 0


def test_back_projection_can_be_stopped_between_two_rounds() -> None:
    low, high = np.ones((4, 8, 8), np.float32), np.zeros((8, 8, 8), np.float32)
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        back_projected(high, low, 3, token=token)
    assert not high.any()


@pytest.mark.parametrize(
    ("thickness", "width"),
    [("3.15", 0.75), (str(SERIES_SPACING[2]), 1.0), (None, 1.0), ("42", 1.0), ("0", 1.0)],
)
def test_back_projection_takes_the_thickness_of_the_slices_from_the_header(tmp_path, thickness, width) -> None:
    volume = read_volume(write_thick_series(tmp_path / "series", thick_geometry(), SliceThickness=thickness))
    request = SuperResRequest(axis=2, factor=2, back_projections=1)
    settings = super_resolve(volume, adds(0.0), request).settings
    assert settings["slice profile (FWHM, slice distances)"] == pytest.approx(width, abs=1e-3)
    assert measured_profile(volume, 0) == USUAL_PROFILE
    assert not any("profile" in name for name in super_resolve(volume, adds(0.0), SuperResRequest(factor=2)).settings)


def test_slices_at_uneven_distances_are_evened_with_a_warning(model: LoadedModel) -> None:
    voxels = blob((8, 22, 26))
    positions = tuple((0.0, 0.3 * height, height) for height in (0.0, 4.0, 8.0, 12.0, 15.0, 20.0, 24.0, 28.0))
    grid = SliceGrid(26, 22, (0.9, 0.0, 0.0), (0.0, 0.8, 0.0), positions)
    result = super_resolve(Volume(voxels, grid), model, SuperResRequest(factor=2))
    assert any("mm apart" in warning for warning in result.warnings)
    assert result.volume.voxels.dtype == voxels.dtype


def test_two_runs_give_the_same_bytes_and_settings(model: LoadedModel) -> None:
    volume = volume_of(blob())
    first, second = (super_resolve(volume, model, SuperResRequest(factor=3.5)) for _ in range(2))
    assert first.volume.voxels.tobytes() == second.volume.voxels.tobytes()
    assert (first.settings, first.warnings) == (second.settings, second.warnings)


def test_progress_only_grows_and_ends_with_all_steps(model: LoadedModel) -> None:
    told = []
    volume = volume_of(blob((12, 60, 60)))
    super_resolve(volume, model, SuperResRequest(factor=2), lambda done, steps: told.append((done, steps)))
    steps = plan(volume.grid, model).steps
    assert {total for _, total in told} == {steps}
    assert told == sorted(told) and told[-1] == (steps, steps)


def test_a_run_can_be_stopped(model: LoadedModel) -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        super_resolve(volume_of(blob()), model, token=token)


@pytest.mark.parametrize(
    ("voxels", "words"),
    [
        (np.zeros((20, 20), np.int16), "2 dimensions"),
        (np.zeros((20, 20, 20, 3), np.uint8), "colour image"),
        (np.zeros((20, 21, 20), np.int16), "its grid"),
        (np.zeros(SHAPE, bool), "mask"),
        (np.zeros(SHAPE, np.complex64), "intensities"),
        (np.full(SHAPE, np.nan), "not finite"),
        (np.where(np.arange(26) == 3, np.inf, np.zeros(SHAPE)), r"198 of 5,148 voxels are not finite"),
        (np.full(SHAPE, 1e30), "no scanner"),
    ],
)
def test_voxels_that_are_no_intensities_are_refused_in_words(voxels: np.ndarray, words: str) -> None:
    volume = Volume(voxels, volume_of(blob()).grid)
    with pytest.raises(VolumeError, match=words):
        check_intensities(volume)


def test_what_needs_more_memory_than_is_free_is_refused_before_the_network_runs(monkeypatch) -> None:
    volume = volume_of(blob())
    needed = plan(volume.grid, adds(0.0), item_size=volume.voxels.itemsize).memory_bytes
    for free in (None, needed):
        monkeypatch.setattr(output_plan, "free_bytes", lambda free=free: free)
        super_resolve(volume, adds(0.0))
    monkeypatch.setattr(output_plan, "free_bytes", lambda: needed - 1)
    with pytest.raises(SuperResError, match=r"needs about 0\.\d GB, and 0\.\d GB are free"):
        super_resolve(volume, replace(adds(0.0), network=lambda _: pytest.fail("the network ran")))


def test_a_header_that_cannot_be_read_is_told_before_the_network_runs(tmp_path) -> None:
    volume = read_volume(write_thick_series(tmp_path / "series", thick_geometry()))
    volume.files[0].unlink()
    with pytest.raises(DicomSuiteError, match="cannot be read"):
        super_resolve(volume, replace(adds(0.0), network=lambda _: pytest.fail("the network ran")))


def test_a_single_slice_is_refused_in_words(model: LoadedModel) -> None:
    with pytest.raises(SuperResError, match="single slice"):
        super_resolve(volume_of(blob()[4:5]), model)


def test_geometry_is_exact_in_all_48_orientations(model: LoadedModel) -> None:
    voxels = blob((8, 9, 10))
    for order, signs in itertools.product(itertools.permutations(range(3)), itertools.product((1, -1), repeat=3)):
        directions = np.eye(3)[:, order] * signs
        geometry = ImageGeometry((10, 9, 8), (1.0, 1.1, 3.0), (5.0, -7.0, 11.0), tuple(map(tuple, directions)))
        planned = plan(SliceGrid.from_geometry(geometry), model)
        assert np.linalg.norm(planned.grid.geometry.corners - geometry.corners, axis=1).max() < 1e-6
    result = super_resolve(Volume(voxels, SliceGrid.from_geometry(geometry)), model).volume
    assert np.linalg.norm(result.grid.geometry.corners - geometry.corners, axis=1).max() < 1e-6
