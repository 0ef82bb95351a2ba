"""What has changed from one volume to another: exact, on any geometry, and nothing made up where one has no voxels."""

from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk
from numpy.typing import NDArray

from DicomSuiteLib.comparability import ComparisonError
from DicomSuiteLib.value_unit import HOUNSFIELD, ValueUnit
from DicomSuiteLib.volume_difference import difference
from DicomSuiteLib.volumes import Volume
from placed_volumes import TURN, placed_volume, placed_volumes, voxel_centres

VOLUMES = placed_volumes()
every_volume = pytest.mark.parametrize("name", VOLUMES)
LARGE = placed_volume(np.linalg.qr(TURN + 0.1)[0], [1.7 * k for k in range(-18, 34)], size=(100, 60))
"""Turned otherwise, and with voxels of another size, all around the other volumes."""


def ramp(points: NDArray) -> NDArray:
    """A value that grows evenly in the patient, (..., 3) LPS mm: what linear interpolation gives back exactly."""
    return points @ (2.0, -3.0, 0.5) + 7


def with_voxels(volume: Volume, voxels: NDArray) -> Volume:
    return replace(volume, voxels=voxels)


@every_volume
def test_difference_on_the_same_grid_is_that_of_the_arrays(name: str) -> None:
    first = VOLUMES[name]
    random = np.random.default_rng(1)
    second = with_voxels(first, random.integers(-1000, 3000, first.voxels.shape).astype(np.int16))
    result = difference(first, second)
    assert np.array_equal(result.voxels, second.voxels.astype(float) - first.voxels)
    assert result.grid == first.grid
    assert (result.modality, result.voxels.dtype) == ("", np.float32)
    assert not any("interpolated" in note for note in result.notes)


@every_volume
def test_even_ramp_interpolated_onto_any_geometry_differs_by_nothing(name: str) -> None:
    first = with_voxels(VOLUMES[name], ramp(voxel_centres(VOLUMES[name])))
    second = with_voxels(LARGE, ramp(voxel_centres(LARGE)))
    result = difference(first, second)
    assert np.abs(result.voxels).max() < 1e-3
    assert "interpolated" in result.notes[-1]
    assert "does not cover" not in result.notes[-1]


@every_volume
def test_even_ramp_interpolated_from_any_geometry_differs_by_nothing(name: str) -> None:
    second = with_voxels(VOLUMES[name], ramp(voxel_centres(VOLUMES[name])))
    first = with_voxels(LARGE, ramp(voxel_centres(LARGE)))
    result = difference(first, second)
    ijk = second.grid.ijk_from_lps(voxel_centres(LARGE))
    within = np.all((ijk >= 0) & (ijk <= np.array(second.grid.size) - 1), axis=-1)
    beyond = np.any((ijk < -0.5) | (ijk > np.array(second.grid.size) - 0.5), axis=-1)
    assert within.any() or name == "one slice"
    assert np.all(np.abs(result.voxels[within]) < 1e-3)
    assert np.all(np.isnan(result.voxels[beyond]))
    assert np.all(np.isfinite(result.voxels[~beyond]))
    assert "does not cover" in result.notes[-1]


def test_interpolation_equals_simpleitk_s() -> None:
    random = np.random.default_rng(2)
    first, second = VOLUMES["oblique"], with_voxels(LARGE, random.normal(size=LARGE.voxels.shape).astype(np.float32))
    result = difference(with_voxels(first, np.zeros(first.voxels.shape, np.int16)), second)
    resampled = sitk.Resample(_image(second), _image(first), sitk.Transform(), sitk.sitkLinear, np.nan)
    assert np.abs(result.voxels - sitk.GetArrayFromImage(resampled)).max() < 1e-4


def _image(volume: Volume) -> sitk.Image:
    image = sitk.GetImageFromArray(volume.voxels.astype(np.float32))
    volume.grid.geometry.set_on_sitk(image)
    return image


def test_difference_is_second_minus_first() -> None:
    first = VOLUMES["upright"]
    grown = with_voxels(first, first.voxels + 5)
    assert np.all(difference(first, grown).voxels == 5)


def test_difference_of_pet_is_that_of_its_suv() -> None:
    first = with_voxels(VOLUMES["oblique"], np.full(VOLUMES["oblique"].voxels.shape, 4000, np.int16))
    second = with_voxels(LARGE, np.full(LARGE.voxels.shape, 6000, np.float32))
    units = ValueUnit("g/ml", "SUVbw", 0.0005), ValueUnit("g/ml", "SUVbw", 0.0004, "assumed")
    result = difference(first, second, *units)
    assert result.voxels == pytest.approx(0.4)
    assert "assumed" in result.notes


def test_difference_of_pet_without_suv_says_so() -> None:
    pet = replace(VOLUMES["upright"], modality="PT")
    assert any("not as SUV" in note for note in difference(pet, pet).notes)


def test_values_in_different_units_are_refused() -> None:
    with pytest.raises(ComparisonError, match="in HU and in SUVbw g/ml"):
        difference(VOLUMES["upright"], VOLUMES["upright"], HOUNSFIELD, ValueUnit("g/ml", "SUVbw"))


def test_difference_is_nan_where_a_volume_has_no_value() -> None:
    first = VOLUMES["upright"]
    voxels = first.voxels.astype(np.float32)
    voxels[3, 4, 5] = np.nan
    result = difference(first, with_voxels(first, voxels))
    assert np.argwhere(np.isnan(result.voxels)).tolist() == [[3, 4, 5]]


def test_volumes_in_different_places_are_refused() -> None:
    first = VOLUMES["upright"]
    moved = tuple((x + 500, y, z) for x, y, z in first.grid.positions)
    with pytest.raises(ComparisonError, match="no place in common"):
        difference(first, replace(first, grid=replace(first.grid, positions=moved)))


def test_sources_are_not_written() -> None:
    first = with_voxels(VOLUMES["upright"], VOLUMES["upright"].voxels.astype(np.float32))
    second = with_voxels(first, first.voxels + 1)
    before = first.voxels.copy(), second.voxels.copy()
    difference(first, second)
    assert np.array_equal(first.voxels, before[0])
    assert np.array_equal(second.voxels, before[1])
