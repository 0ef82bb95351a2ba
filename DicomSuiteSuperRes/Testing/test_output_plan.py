"""What a super-resolution will give: axis, counts, place, and what is refused before anything is computed."""

import itertools
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.read_volume import read_volume
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteSuperResLib.errors import SuperResError
from DicomSuiteSuperResLib.models import Upsampling
from DicomSuiteSuperResLib.output_plan import OutputPlan, plan
from DicomSuiteSuperResLib.super_resolution import SuperResRequest
from placed_volumes import placed_volumes
from real_data import real_data

SAME_CORNER_MM = 1e-6
UPRIGHT = np.eye(3)


@dataclass(frozen=True)
class Scaling:
    """What a plan needs of a model."""

    upsampling: Upsampling = Upsampling.THROUGH_PLANE
    factors: tuple[int, ...] = (2, 3, 4, 5, 6)
    trained_here: bool = False


THICK = Scaling()
ISOTROPIC = Scaling(Upsampling.ISOTROPIC, (2,))
REFINING = Scaling(Upsampling.REFINING, (1,))


def even_grid(size=(30, 40, 11), spacing=(0.9, 0.9, 4.0), directions=UPRIGHT, origin=(-31.7, 12.9, 104.3)) -> SliceGrid:
    return SliceGrid.from_geometry(ImageGeometry(size, spacing, origin, tuple(map(tuple, directions))))


def orientations() -> list[np.ndarray]:
    """All 48 ways to lay three axes along three directions, either way."""
    turned = [UPRIGHT[:, order] for order in itertools.permutations(range(3))]
    return [axes * signs for axes in turned for signs in itertools.product((1, -1), repeat=3)]


def farthest_corner(planned: OutputPlan, grid: SliceGrid) -> float:
    return float(np.linalg.norm(planned.geometry.corners - grid.geometry.corners, axis=1).max())


@pytest.mark.parametrize("model", [THICK, ISOTROPIC, REFINING], ids=lambda model: model.upsampling.value)
def test_box_keeps_its_corners_in_all_48_orientations_and_along_every_axis(model: Scaling) -> None:
    for directions, axis in zip(orientations(), itertools.cycle((0, 1, 2, 2, 0, 1)), strict=False):
        grid = even_grid(directions=directions)
        planned = plan(grid, model, SuperResRequest(axis=axis, factor=2.7))
        assert planned.axis == axis
        assert planned.geometry.is_left_handed == grid.geometry.is_left_handed
        assert farthest_corner(planned, grid) < SAME_CORNER_MM
        assert planned.grid.size == planned.size


@given(st.integers(0, 2**32 - 1), st.floats(1.05, 9))
def test_box_keeps_its_corners_however_oblique_sheared_and_large(seed: int, factor: float) -> None:
    generator = np.random.default_rng(seed)
    axes = np.linalg.qr(generator.standard_normal((3, 3)))[0] + generator.uniform(-0.2, 0.2, (3, 3))
    size = tuple(generator.integers(24, 300, 3).tolist())
    grid = SliceGrid.from_geometry(ImageGeometry.from_axes(size, axes * generator.uniform(0.3, 5, 3), axes[0] * 500))
    planned = plan(grid, THICK, SuperResRequest(factor=factor))
    assert farthest_corner(planned, grid) < SAME_CORNER_MM
    assert planned.size[planned.axis] == round(size[planned.axis] * factor)


def test_sheared_grids_stay_as_sheared() -> None:
    grid = placed_volumes()["oblique and tilted"].grid
    assert grid.geometry.is_sheared
    planned = plan(grid, THICK, SuperResRequest(axis=2, factor=3))
    assert np.allclose(planned.geometry.directions, grid.geometry.directions, atol=1e-12)


def test_slices_become_as_thin_as_the_pixels_are_wide() -> None:
    planned = plan(even_grid(), THICK)
    assert planned.axis == 2
    assert planned.size == (30, 40, round(11 * 4.0 / 0.9))
    assert planned.spacing[2] == pytest.approx(11 * 4.0 / planned.size[2])


def test_thick_axis_is_found_wherever_it_is() -> None:
    assert plan(even_grid((11, 40, 30), (4.0, 0.9, 0.9)), THICK).axis == 0
    assert plan(even_grid((30, 11, 40), (0.9, 4.0, 0.9)), THICK).axis == 1


@pytest.mark.parametrize(
    ("factor", "network_factor", "slices"),
    [(2, 2, 22), (4, 4, 44), (6, 6, 66), (4.44, 5, 49), (1.5, 2, 16), (8, 6, 88)],
)
def test_factors_between_and_beyond_those_of_the_model_are_resampled_from_the_next(
    factor: float, network_factor: int, slices: int
) -> None:
    planned = plan(even_grid(), THICK, SuperResRequest(factor=factor))
    assert planned.network_factor == network_factor
    assert planned.network_size == (30, 40, 11 * network_factor)
    assert planned.size == (30, 40, slices)
    assert planned.is_resampled == bool(planned.notes) == (slices != 11 * network_factor)


def test_isotropic_models_refine_all_axes() -> None:
    planned = plan(even_grid((30, 40, 20), (1.0, 1.0, 1.0)), ISOTROPIC)
    assert planned.size == planned.network_size == (60, 80, 40)
    planned = plan(even_grid((30, 40, 20), (1.0, 1.0, 2.0)), ISOTROPIC, SuperResRequest(spacing=1.0))
    assert planned.size == (30, 40, 40)


def test_refining_models_see_the_output_grid() -> None:
    planned = plan(even_grid(), REFINING, SuperResRequest(factor=3.5))
    assert planned.network_size == planned.size == (30, 40, 38)


def test_larger_outputs_cost_more() -> None:
    small, large = (plan(even_grid(), THICK, SuperResRequest(factor=factor)) for factor in (2, 6))
    assert large.memory_bytes > small.memory_bytes > 0
    assert plan(even_grid((300, 400, 11)), THICK).seconds > small.seconds > 0
    assert plan(even_grid((300, 400, 11)), THICK).steps > small.steps > 0


@pytest.mark.parametrize(
    ("grid", "request_", "words"),
    [
        ({"size": (30, 40, 1)}, {}, "single slice"),
        ({"size": (30, 40, 3)}, {}, "3 slices"),
        ({"size": (30, 7, 11)}, {}, "at least 8 x 8"),
        ({"spacing": (1.0, 1.0, 1.0)}, {}, "as fine as"),
        ({}, {"spacing": 5.0}, "finer"),
        ({}, {"axis": 0}, "as fine as"),
        ({}, {"axis": 3}, "no axis 3"),
        ({}, {"spacing": 1.0, "factor": 4}, "one of them"),
        ({}, {"spacing": 0.0}, "above 0"),
        ({}, {"spacing": float("nan")}, "above 0"),
        ({}, {"factor": 1.0}, "above 1"),
        ({}, {"spacing": 0.01}, "larger spacing"),
    ],
)
def test_what_cannot_be_done_is_refused_in_words(grid: dict, request_: dict, words: str) -> None:
    with pytest.raises(SuperResError, match=words):
        plan(even_grid(**grid), THICK, SuperResRequest(**request_))


def test_one_slice_of_a_series_is_refused() -> None:
    with pytest.raises(SuperResError, match="single slice"):
        plan(placed_volumes()["one slice"].grid, THICK, SuperResRequest(axis=2, factor=3))


def line_of_slices(heights: list[float], tilt: float = 0.3) -> SliceGrid:
    positions = tuple((0.0, tilt * height, height) for height in heights)
    return SliceGrid(12, 12, (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), positions)


def test_slices_at_uneven_distances_are_interpolated_to_even_ones_with_a_warning() -> None:
    heights = [0.0, 4.0, 8.0, 12.0, 15.0, 20.0, 28.0]  # one is missing, one lies off its place
    grid = line_of_slices(heights)
    planned = plan(grid, THICK, SuperResRequest(factor=2))
    assert "3.13 to 8.35 mm apart" in planned.notes[0] and "every 4.176 mm" in planned.notes[0]
    assert planned.size == (12, 12, 16)
    first = planned.even.of(np.broadcast_to(np.array(heights)[:, None, None], (7, 12, 12)))
    assert np.allclose(first[:, 0, 0], np.arange(8) * 4.0, atol=1e-4)
    ends = planned.even.geometry.lps_from_ijk([[0, 0, 0], [0, 0, 7]])
    assert np.allclose(ends, [grid.positions[0], grid.positions[-1]], atol=1e-9)


def test_slices_of_a_tilted_head_ct_whose_distance_changes_are_made_even() -> None:
    volume = read_volume(real_data("ge_tilt"))
    assert volume.grid.geometry is None
    planned = plan(volume.grid, THICK)
    assert planned.even.geometry.spacing[2] == pytest.approx(4.2, abs=0.1)  # 4 mm upright, along the tilted line
    assert planned.even.geometry.is_sheared
    assert planned.even.of(volume.voxels).shape[0] == planned.even.geometry.size[2]


def test_several_missing_slices_are_not_bridged() -> None:
    with pytest.raises(SuperResError, match="several slices are missing"):
        plan(line_of_slices([0.0, 4.0, 8.0, 20.0, 24.0, 28.0]), THICK)


def test_slices_shifted_against_each_other_are_refused() -> None:
    positions = [(0.0, 0.0, 4.0 * k) for k in range(8)]
    positions[3] = (0.0, 2.5, 12.0)
    grid = SliceGrid(12, 12, (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), tuple(positions))
    with pytest.raises(SuperResError, match="shifted against each other"):
        plan(grid, THICK)
