"""Cropping: what is in the box keeps its place and value, and nothing else is kept."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from DicomSuiteRenderLib.crop_box import box_around, cropped, inside_box
from DicomSuiteRenderLib.errors import RenderError
from DicomSuiteRenderLib.measured_box import MeasuredBox
from placed_volumes import TURN, placed_volumes, voxel_centres

VOLUMES = placed_volumes()
every_geometry = pytest.mark.parametrize("name", VOLUMES)


def part_of(box: MeasuredBox, shift: tuple[float, float, float], share: float, turn: np.ndarray) -> MeasuredBox:
    """A smaller box in a larger one, off its middle by parts of its size."""
    centre = np.array(box.centre) + box.axes @ (np.array(shift) * box.size)
    return MeasuredBox(tuple(centre), box.axes @ turn, tuple(np.array(box.size) * share))


@every_geometry
@settings(max_examples=25)
@given(shift=st.tuples(*[st.floats(-0.3, 0.3)] * 3), share=st.floats(0.4, 1.2), turn=st.sampled_from([np.eye(3), TURN]))
def test_voxels_in_the_box_keep_place_and_value(
    name: str, shift: tuple[float, float, float], share: float, turn: np.ndarray
) -> None:
    volume = VOLUMES[name]
    box = part_of(box_around(volume.grid), shift, share, turn)
    inside = inside_box(volume.grid, box)
    if not inside.any():
        return
    result = cropped(volume, box)
    kept = inside_box(result.grid, box)
    assert result.voxels.shape == result.grid.shape
    assert np.array_equal(np.sort(result.voxels[kept]), np.sort(volume.voxels[inside]))
    expected = dict(zip(volume.voxels[inside].tolist(), voxel_centres(volume)[inside].tolist(), strict=True))
    places = voxel_centres(result)[kept]
    assert np.allclose(places, [expected[value] for value in result.voxels[kept].tolist()], atol=1e-9)


@every_geometry
def test_box_around_a_volume_holds_all_of_it(name: str) -> None:
    volume = VOLUMES[name]
    result = cropped(volume, box_around(volume.grid))
    assert np.array_equal(result.voxels, volume.voxels)
    assert np.allclose(result.grid.positions, volume.grid.positions)


@pytest.mark.parametrize("name", ["upright", "oblique", "left-handed"])
def test_box_around_a_straight_grid_is_as_large_as_its_voxels(name: str) -> None:
    grid = VOLUMES[name].grid
    assert box_around(grid).volume == pytest.approx(np.prod(grid.size) * np.prod(grid.nominal_geometry.spacing))


def test_corners_of_a_turned_box_get_the_lowest_value() -> None:
    volume = VOLUMES["upright"]
    box = part_of(box_around(volume.grid), (0, 0, 0), 0.7, TURN)
    result = cropped(volume, box)
    outside = ~inside_box(result.grid, box)
    assert outside.any()
    assert np.unique(result.voxels[outside]).size == 1
    assert result.voxels[outside].max() <= result.voxels[~outside].min()


def test_slices_keep_their_files_and_the_source_its_voxels() -> None:
    volume = VOLUMES["uneven"]
    volume = replace(volume, files=tuple(Path(f"{k}.dcm") for k in range(len(volume.voxels))))
    before = volume.voxels.copy()
    whole = box_around(volume.grid)
    box = MeasuredBox(tuple(volume.grid.lps_from_ijk((5, 4, 3))), whole.axes, (4.0, 4.0, 4.0))
    result = cropped(volume, box)
    k = [int(value // 10000) for value in result.voxels.max(axis=(1, 2))]
    assert [path.name for path in result.files] == [f"{number}.dcm" for number in k]
    assert np.array_equal(volume.voxels, before)


def test_one_slice_that_is_left_keeps_its_thickness() -> None:
    volume = VOLUMES["upright"]
    box = MeasuredBox(tuple(volume.grid.lps_from_ijk((5, 4, 3))), np.eye(3), (3.0, 3.0, 0.5))
    result = cropped(volume, box)
    assert result.voxels.shape[0] == 1
    assert result.grid.slice_thicknesses == pytest.approx(volume.grid.slice_thicknesses[:1])


def test_box_beside_the_volume_is_refused() -> None:
    with pytest.raises(RenderError, match="holds no voxel"):
        cropped(VOLUMES["upright"], MeasuredBox((900.0, 0.0, 0.0), np.eye(3), (10.0, 10.0, 10.0)))
