"""What is told of a point of the patient: the voxel that it lies in, its value, or that it lies outside."""

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from hypothesis import given
from hypothesis import strategies as st

from DicomSuiteLib.read_volume import read_volume
from DicomSuiteLib.value_unit import HOUNSFIELD, ValueUnit
from DicomSuiteLib.volumes import Volume
from DicomSuiteRenderLib.errors import RenderError
from DicomSuiteRenderLib.voxel_picker import pick
from placed_volumes import DATA, ORIGIN, SIZE, SPACING, TURN, placed_volumes, voxel_centres

VOLUMES = placed_volumes()
POINTS = 1000
IN_CELL = 0.499
"""Voxels from its centre up to which a point is put into a voxel."""

every_volume = pytest.mark.parametrize("name", VOLUMES)


@every_volume
def test_picked_value_equals_the_array_at_a_thousand_random_points(name: str) -> None:
    volume, random = VOLUMES[name], np.random.default_rng(1)
    centres, steps = voxel_centres(volume), _slice_steps(volume)
    for _ in range(POINTS):
        i, j, k = (int(random.integers(length)) for length in volume.grid.size)
        share = random.uniform(-IN_CELL, IN_CELL, 3)
        across = steps[k + (share[2] > 0)]
        in_plane = share[0] * np.array(volume.grid.row_step) + share[1] * np.array(volume.grid.column_step)
        picked = pick(volume, centres[k, j, i] + in_plane + share[2] * across)
        assert picked.index == (i, j, k)
        assert picked.value == volume.voxels[k, j, i]


def _slice_steps(volume: Volume) -> np.ndarray:
    """LPS mm from slice to slice, (slices + 1, 3), as many before the first slice and behind the last as beside it."""
    if len(volume.grid.positions) == 1:
        return np.array([volume.grid.lone_step] * 2)
    steps = np.diff(volume.grid.positions, axis=0)
    return np.concatenate([steps[:1], steps, steps[-1:]])


def test_pick_agrees_with_simpleitk_on_an_oblique_volume() -> None:
    image = sitk.GetImageFromArray(VOLUMES["oblique"].voxels)
    image.SetSpacing(SPACING)
    image.SetOrigin(ORIGIN)
    image.SetDirection(TURN.ravel())
    corners = voxel_centres(VOLUMES["oblique"]).reshape(-1, 3)
    for point in np.random.default_rng(2).uniform(corners.min(axis=0) - 3, corners.max(axis=0) + 3, (POINTS, 3)):
        index = image.TransformPhysicalPointToIndex(point)
        is_inside = all(0 <= part < length for part, length in zip(index, SIZE, strict=True))
        assert pick(VOLUMES["oblique"], point).index == (index if is_inside else None)


def test_pick_equals_the_files_of_a_tilted_unevenly_spaced_head_ct() -> None:
    folder = DATA / "ge_tilt"
    if not folder.is_dir():
        pytest.skip(f"needs {folder}")
    volume, random = read_volume(folder), np.random.default_rng(3)
    images = [pydicom.dcmread(path) for path in volume.files]
    for image in (images[n] for n in random.integers(len(images), size=POINTS)):
        row, column = np.reshape(image.ImageOrientationPatient, (2, 3)).astype(float)
        i, j = (int(random.integers(length)) for length in (image.Columns, image.Rows))
        shift = random.uniform(-IN_CELL, IN_CELL, 2)
        between_rows, between_columns = map(float, image.PixelSpacing)
        point = (
            np.array(image.ImagePositionPatient, float)
            + (i + shift[0]) * between_columns * row
            + (j + shift[1]) * between_rows * column
        )
        stored = int(image.pixel_array[j, i])
        assert pick(volume, point).value == stored * image.RescaleSlope + image.RescaleIntercept


@every_volume
def test_one_point_is_the_same_place_in_every_volume(name: str) -> None:
    """Crosshair: from the patient into a volume's indices and back."""
    volume = VOLUMES[name]
    for point in np.random.default_rng(5).uniform(-80, 150, (POINTS, 3)):
        picked = pick(volume, point)
        assert np.linalg.norm(volume.grid.lps_from_ijk(picked.ijk) - point) < 1e-3


@every_volume
def test_half_a_voxel_beyond_the_last_centre_is_outside(name: str) -> None:
    volume = VOLUMES[name]
    last = np.array(volume.grid.size) - 1
    for axis in range(3):
        for end, sign in ((0, -1), (last[axis], 1)):
            index = last / 2
            index[axis] = end + sign * 0.49
            assert pick(volume, volume.grid.lps_from_ijk(index)).is_inside
            index[axis] = end + sign * 0.51
            outside = pick(volume, volume.grid.lps_from_ijk(index), HOUNSFIELD)
            assert (outside.index, outside.value, outside.value_text) == (None, None, "outside")


@given(st.tuples(*[st.floats(-1e6, 1e6)] * 3))
def test_any_point_has_a_value_or_is_outside(point: tuple[float, float, float]) -> None:
    picked = pick(VOLUMES["out of line"], point)
    assert (picked.value_text == "outside") == (not picked.is_inside)


@pytest.mark.parametrize("point", [(0, 0, np.nan), (np.inf, 0, 0), (1, 2)])
def test_what_is_no_point_is_refused(point: tuple[float, ...]) -> None:
    with pytest.raises(RenderError, match="three finite numbers"):
        pick(VOLUMES["oblique"], point)


def test_ras_is_lps_with_the_other_signs_of_x_and_y() -> None:
    assert pick(VOLUMES["upright"], (1.5, -2.0, 0.0)).ras == (-1.5, 2.0, 0.0)


@pytest.mark.parametrize(
    ("unit", "voxel", "text"),
    [
        (HOUNSFIELD, 40, "40 HU"),
        (ValueUnit(), -3, "-3"),
        (ValueUnit(), 0.1234567, "0.123457"),
        (ValueUnit("g/ml", "SUVbw", 0.001), 2310.0, "SUVbw 2.31 g/ml"),
        (ValueUnit("Bq/ml"), 123456.7, "123457 Bq/ml"),
        (HOUNSFIELD, float("nan"), "no value"),
        (HOUNSFIELD, float("inf"), "no value"),
    ],
)
def test_value_is_told_with_its_unit(unit: ValueUnit, voxel: float, text: str) -> None:
    assert unit.text(voxel) == text


def test_large_whole_numbers_are_told_exactly() -> None:
    volume = Volume(np.full((7, 9, 11), 16_777_217, np.int32), VOLUMES["upright"].grid)
    assert pick(volume, ORIGIN).value_text == "16777217"
