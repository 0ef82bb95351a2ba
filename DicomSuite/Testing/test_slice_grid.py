"""Slices with positions of their own: indices and points agree with DICOM's equation, slice by slice."""

import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicom_slices import write_stack
from DicomSuiteLib.geometry import GeometryError, ImageGeometry
from DicomSuiteLib.series import find_series
from DicomSuiteLib.slice_grid import SliceGrid

TILTED = ImageGeometry.from_axes((4, 3, 5), [[0.5, 0, 0], [0, 0.7, 0.6], [0, 0, 2]], (10, -20, 30))
LEFT_HANDED = ImageGeometry.from_axes((4, 3, 5), [[0.5, 0, 0], [0, -0.7, 0], [0, 0, 2]], (10, -20, 30))


@st.composite
def grids(draw):
    """Slices at rising heights along an oblique normal, each shifted a little within its plane."""
    count = draw(st.integers(1, 6))
    heights = np.cumsum(draw(st.lists(st.floats(0.5, 9), min_size=count, max_size=count)))
    shifts = draw(st.lists(st.tuples(st.floats(-3, 3), st.floats(-3, 3)), min_size=count, max_size=count))
    row, column = np.array([0.8, 0.6, 0]), np.array([0, 0, -1.0])
    normal = np.cross(row, column)
    positions = [height * normal + a * row + b * column for height, (a, b) in zip(heights, shifts, strict=True)]
    return SliceGrid(7, 5, tuple(row * 0.5), tuple(column * 2), tuple(map(tuple, positions)), tuple(normal * 3))


indices = st.lists(st.tuples(*[st.floats(-4, 12)] * 3), min_size=1, max_size=8).map(np.array)


@given(grids(), indices)
def test_points_and_indices_turn_into_each_other_also_between_and_beyond_the_slices(grid, ijk):
    assert np.allclose(grid.ijk_from_lps(grid.lps_from_ijk(ijk)), ijk, atol=1e-6)


@given(grids())
def test_every_slice_lies_at_its_own_position(grid):
    corners = np.array([[0, 0, k] for k in range(len(grid.positions))])
    assert np.allclose(grid.lps_from_ijk(corners), grid.positions)
    assert np.allclose(
        grid.lps_from_ijk(corners + [2, 3, 0]),
        np.array(grid.positions) + 2 * np.array(grid.row_step) + 3 * np.array(grid.column_step),
    )


@pytest.mark.parametrize("geometry", [TILTED, LEFT_HANDED], ids=["tilted", "left-handed"])
def test_even_grid_is_the_geometry_it_came_from(geometry):
    grid = SliceGrid.from_geometry(geometry)
    assert grid.geometry.is_close(geometry, 1e-9)
    ijk = np.random.default_rng(1).uniform(-3, 8, (20, 3))
    assert np.allclose(grid.lps_from_ijk(ijk), geometry.lps_from_ijk(ijk))
    assert np.allclose(grid.voxel_volumes, abs(np.linalg.det(geometry.axes)))


def test_one_left_handed_slice_stays_left_handed():
    lone = ImageGeometry.from_axes((4, 3, 1), [[0.5, 0, 0], [0, 0.7, 0], [0, 0, -2]], (0, 0, 0))
    grid = SliceGrid.from_geometry(lone)
    assert grid.geometry.is_close(lone, 1e-9)
    assert np.allclose(grid.lps_from_ijk([0, 0, 1]), (0, 0, -2))


def test_missing_slice_leaves_its_gap_and_its_neighbours_stand_for_it(tmp_path):
    write_stack(tmp_path, [0, 2, 4, 8, 10])
    (series,) = find_series([tmp_path]).series
    grid = SliceGrid.from_stack(series.stacks[0])
    assert grid.geometry is None
    assert grid.slice_distances.tolist() == [2, 2, 4, 2]
    assert grid.slice_thicknesses.tolist() == [2, 2, 3, 3, 2]
    assert np.allclose(grid.voxel_volumes, np.array([2, 2, 3, 3, 2]) * 0.75 * 0.5)
    assert grid.nominal_geometry.spacing == (0.5, 0.75, 2.5)
    assert np.allclose(grid.ijk_from_lps([0, 0, 6.0]), (0, 0, 2.5))


def test_grid_travels_between_processes():
    grid = SliceGrid.from_geometry(TILTED)
    assert grid.geometry is not None  # fills a cache
    assert pickle.loads(pickle.dumps(grid)) == grid


def test_slices_at_one_position_and_a_slice_without_thickness_are_refused(tmp_path: Path):
    with pytest.raises(GeometryError, match="two share a position"):
        SliceGrid(4, 3, (1, 0, 0), (0, 1, 0), ((0, 0, 0), (1, 0, 0)))
    with pytest.raises(GeometryError, match="thickness"):
        SliceGrid(4, 3, (1, 0, 0), (0, 1, 0), ((0, 0, 0),))
    write_stack(tmp_path, [0], SliceThickness=None)
    (series,) = find_series([tmp_path]).series
    with pytest.raises(GeometryError, match="thickness"):
        SliceGrid.from_stack(series.stacks[0])


@given(grids(), st.integers(0, 5), st.floats(0.05, 5))
def test_grids_are_close_unless_a_slice_or_the_lattice_differs(grid, number, shift):
    near = replace(grid, positions=tuple((x, y + 0.005, z) for x, y, z in grid.positions))
    assert grid.is_close(near)
    moved = np.array(grid.positions)
    moved[number % len(moved)] += shift * np.array(grid.row_step)  # in its plane, so the slices' order stays
    assert not grid.is_close(replace(grid, positions=tuple(map(tuple, moved))))
    assert not grid.is_close(replace(grid, columns=grid.columns + 1))
    assert not grid.is_close(replace(grid, row_step=tuple(np.array(grid.row_step) * 1.01)))
