"""Distances, angles, areas, boxes and thresholds: exact in the patient, and with exactly the voxels inside."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from DicomSuiteLib.value_unit import HOUNSFIELD, ValueUnit
from DicomSuiteLib.volumes import Volume
from DicomSuiteRenderLib.errors import RenderError
from DicomSuiteRenderLib.measured_box import MeasuredBox
from DicomSuiteRenderLib.measurements import (
    Measurement,
    measure_angle,
    measure_area,
    measure_box,
    measure_distance,
    measure_threshold,
)
from DicomSuiteRenderLib.outlined_voxels import outlined_voxels
from DicomSuiteRenderLib.outlines import Outline
from placed_volumes import SIZE, SPACING, TURN, placed_volume, placed_volumes, voxel_centres

VOLUMES = placed_volumes()
EXACT = 1e-6
"""mm, degrees, mm², mm³."""

every_volume = pytest.mark.parametrize("name", VOLUMES)
TRIANGLE = np.array([(1.3, 1.2), (8.6, 2.4), (3.1, 7.3)])
"""Indices i, j of a triangle's corners; no voxel centre on its edges."""
IN_TRIANGLE = 20
"""Voxel centres inside it."""

indices = st.tuples(*[st.floats(-20, 40)] * 3)


def placed(ijk: object) -> NDArray:
    """LPS mm of indices on the oblique volume with unequal spacing, by its own numbers."""
    return np.array(VOLUMES["oblique"].grid.positions[0]) + (np.asarray(ijk) * SPACING) @ TURN.T


def inside_triangle(i: NDArray, j: NDArray) -> NDArray:
    """By the sides on which points lie of the three edges."""
    edges = zip(TRIANGLE, np.roll(TRIANGLE, -1, axis=0), strict=True)
    sides = [(x2 - x1) * (j - y1) - (y2 - y1) * (i - x1) for (x1, y1), (x2, y2) in edges]
    return np.all([side > 0 for side in sides], axis=0)


@given(indices, indices)
def test_distance_is_that_of_the_spacings_on_an_oblique_volume(first: tuple, second: tuple) -> None:
    truth = math.dist(np.multiply(first, SPACING), np.multiply(second, SPACING))
    assert measure_distance("d", [placed(first), placed(second)]).size == pytest.approx(truth, abs=EXACT)


@given(st.floats(0, 180), st.floats(1, 300), st.floats(1, 300))
def test_angle_is_exact_on_an_oblique_volume_even_where_it_is_flat(angle: float, one: float, other: float) -> None:
    radians = math.radians(angle)
    ends = np.array([(one, 0, 0), (0, 0, 0), (other * math.cos(radians), other * math.sin(radians), 0)])
    assert measure_angle("a", ends @ TURN.T + 100).size == pytest.approx(angle, abs=EXACT)


@every_volume
def test_triangle_drawn_on_a_slice_has_the_area_and_the_voxels_of_that_slice(name: str) -> None:
    volume = VOLUMES[name]
    grid = volume.grid
    for k in range(grid.size[2]):
        corners = np.array(grid.positions[k]) + TRIANGLE @ np.array((grid.row_step, grid.column_step))
        measured = measure_area("t", Outline(corners), volume, HOUNSFIELD)
        (ux, uy), (vx, vy) = (TRIANGLE[1:] - TRIANGLE[0]) * SPACING[:2]
        assert measured.size == pytest.approx(abs(ux * vy - uy * vx) / 2, abs=EXACT)
        j, i = np.indices((SIZE[1], SIZE[0]))
        expected = volume.voxels[k][inside_triangle(i, j)]
        assert measured.voxel_count == len(expected) == IN_TRIANGLE
        assert measured.values.mean == pytest.approx(expected.mean(), abs=EXACT)
        assert measured.values.standard_deviation == pytest.approx(expected.std(ddof=1), abs=EXACT)


@pytest.mark.parametrize("offset", [-0.49, -0.2, 0.2, 0.49])
@every_volume
def test_triangle_between_slices_takes_the_voxels_of_the_nearest(name: str, offset: float) -> None:
    """Drawn parallel to the slices; where they are tilted, each line of voxel centres decides where it is crossed."""
    volume = VOLUMES[name]
    grid = volume.grid
    k = grid.size[2] // 2
    corners = grid.lps_from_ijk([(i, j, k + offset) for i, j in TRIANGLE])
    assert {found[2] for found in outlined_voxels(Outline(corners), grid).tolist()} == {k}
    assert len(outlined_voxels(Outline(corners), grid)) == IN_TRIANGLE


def test_plane_half_way_between_two_slices_takes_the_voxels_of_one() -> None:
    random = np.random.default_rng(6)
    for _ in range(20):
        turned = np.linalg.qr(random.normal(size=(3, 3)))[0]
        grid = placed_volume(turned, [SPACING[2] * k for k in range(SIZE[2])]).grid
        corners = grid.lps_from_ijk([(i, j, 2.5) for i, j in TRIANGLE])
        assert len({found[2] for found in outlined_voxels(Outline(corners), grid).tolist()}) == 1


@pytest.mark.parametrize(("axes", "constant"), [((0, 2), 1), ((1, 2), 0)])
@pytest.mark.parametrize("name", ["upright", "oblique", "left-handed", "uneven"])
def test_square_across_the_slices_takes_rows_and_columns_of_voxels(
    name: str, axes: tuple[int, int], constant: int
) -> None:
    grid = VOLUMES[name].grid
    corners = []
    for a, b in ((0.6, 1.6), (5.4, 1.6), (5.4, 4.4), (0.6, 4.4)):
        ijk = [3.2] * 3
        ijk[axes[0]], ijk[axes[1]] = a, b
        corners.append(ijk)
    found = outlined_voxels(Outline(grid.lps_from_ijk(corners)), grid)
    assert set(found[:, constant].tolist()) == {3}
    assert {(voxel[axes[0]], voxel[axes[1]]) for voxel in found.tolist()} == {
        (a, b) for a in range(1, 6) for b in range(2, 5)
    }


@pytest.mark.parametrize("name", [name for name in VOLUMES if name != "out of line"])
def test_every_voxel_of_an_outline_on_any_plane_is_the_one_that_it_passes_through(name: str) -> None:
    """A large outline at random: against a search along every line of voxel centres."""
    volume = VOLUMES[name]
    centres = voxel_centres(volume)
    random = np.random.default_rng(7)
    for _ in range(20):
        normal = random.normal(size=3)
        normal /= np.linalg.norm(normal)
        outline = Outline(_square(centres.reshape(-1, 3).mean(axis=0), normal, 200.0))
        found = {tuple(voxel) for voxel in outlined_voxels(outline, volume.grid).tolist()}
        assert found == _crossed(volume, outline)


def _square(centre: NDArray, normal: NDArray, length: float) -> NDArray:
    one = np.cross(normal, (0.3, 0.5, 0.8))
    one /= np.linalg.norm(one)
    other = np.cross(normal, one)
    return centre + length / 2 * np.array([one + other, one - other, -one - other, other - one])


def _crossed(volume: Volume, outline: Outline) -> set[tuple[int, int, int]]:
    """Voxels whose ends along the axis with the longest steps across the plane lie on either side of it."""
    grid = volume.grid
    places = np.array(grid.positions)
    slice_step = grid.lone_step if len(places) == 1 else (places[-1] - places[0]) / (len(places) - 1)
    steps = [grid.row_step, grid.column_step, slice_step]
    axis = int(np.argmax([abs(np.dot(step, outline.normal)) for step in steps]))
    half = np.eye(3)[axis] / 2
    k, j, i = np.indices(volume.voxels.shape)
    ijk = np.stack([i, j, k], axis=-1).reshape(-1, 3)
    below, above = ((grid.lps_from_ijk(ijk + sign * half) - outline.centre) @ outline.normal for sign in (-1, 1))
    return {tuple(voxel) for voxel in ijk[below * above < 0].tolist()}


def test_plane_that_crosses_slices_out_of_line_twice_is_refused() -> None:
    grid = VOLUMES["out of line"].grid
    steep = TURN @ (4.0, 0.0, 1.0)
    with pytest.raises(RenderError, match="draw along the slices"):
        outlined_voxels(Outline(_square(grid.lps_from_ijk((5, 4, 3)), steep / np.linalg.norm(steep), 20.0)), grid)


@pytest.mark.parametrize("corners", [3, 7, 64])
def test_area_of_a_regular_polygon_is_exact_far_from_the_origin(corners: int) -> None:
    turns = np.arange(corners) * 2 * np.pi / corners
    flat = 25 * np.stack([np.cos(turns), np.sin(turns), 0 * turns], axis=1)
    outline = Outline(flat @ TURN.T + (400, -700, 1300))
    assert outline.area == pytest.approx(corners / 2 * 25**2 * math.sin(2 * math.pi / corners), abs=EXACT)
    assert outline.unevenness < EXACT


def test_area_inside_a_hollow_outline_is_not_counted() -> None:
    hollow = np.array([(0, 0), (9, 0), (9, 9), (6, 9), (6, 3), (3, 3), (3, 9), (0, 9)], float)
    outline = Outline(np.column_stack([hollow, np.zeros(8)]))
    assert outline.area == pytest.approx(81 - 18)
    points = [(1.5, 6, 0), (4.5, 6, 0), (7.5, 6, 0), (4.5, 1.5, 0)]
    assert outline.contains(points).tolist() == [True, False, True, True]


def test_points_off_the_plane_are_told() -> None:
    corners = [(-30, 14, 110), (-26, 14, 112), (-26, 20, 110), (-30, 20, 112)]
    assert "1.0 mm off its plane" in measure_area("a", Outline(corners), VOLUMES["upright"]).notes[0]


@pytest.mark.parametrize(
    ("points", "why"),
    [
        ([(0, 0, 0), (1, 0, 0)], "at least three"),
        ([(0, 0, 0), (1, 0, 0), (1, 0, 0), (0, 0, 0)], "at least three"),
        ([(0, 0, 0), (1, 0, 0), (2, 0, 0)], "on a line"),
        ([(0, 0, 0), (4, 4, 0), (4, 0, 0), (0, 5, 0)], "crosses itself"),
    ],
)
def test_outline_without_an_inside_is_refused(points: list, why: str) -> None:
    with pytest.raises(RenderError, match=why):
        Outline(points)


def test_closed_curve_may_repeat_its_first_point() -> None:
    corners = [(0, 0, 0), (4, 0, 0), (4, 3, 0), (0, 3, 0)]
    assert Outline([*corners, corners[0]]).area == Outline(corners).area == 12


@every_volume
def test_box_turned_in_the_patient_has_exactly_the_voxels_whose_centres_are_inside(name: str) -> None:
    volume = VOLUMES[name]
    centres = voxel_centres(volume)
    axes = np.linalg.qr(np.random.default_rng(8).normal(size=(3, 3)))[0]
    box = MeasuredBox(tuple(centres.reshape(-1, 3).mean(axis=0)), axes, (4.1, 9.3, 13.7))
    inside = np.all(np.abs((centres - box.centre) @ axes) <= np.array(box.size) / 2, axis=-1)
    measured = measure_box("b", box, volume)
    assert measured.size == pytest.approx(4.1 * 9.3 * 13.7, abs=EXACT)
    assert measured.voxel_count == np.count_nonzero(inside) > 0
    assert measured.values.mean == pytest.approx(volume.voxels[inside].mean(), abs=EXACT)
    assert measured.values.standard_deviation == pytest.approx(volume.voxels[inside].std(ddof=1), abs=EXACT)


@every_volume
def test_threshold_has_the_volume_of_its_voxels(name: str) -> None:
    volume = VOLUMES[name]
    inside = (volume.voxels >= 10203) & (volume.voxels <= 50405)
    measured = measure_threshold("t", volume, 10203, 50405)
    thicknesses = _thicknesses(volume)
    areas = [np.count_nonzero(plane) * SPACING[0] * SPACING[1] for plane in inside]
    truth = float(np.dot(areas, thicknesses))
    assert measured.voxel_count == np.count_nonzero(inside)
    assert measured.size == pytest.approx(truth, abs=EXACT)


def _thicknesses(volume: Volume) -> list[float]:
    """mm along the normal that each slice stands for: half the way to its neighbours, at the ends as if it went on."""
    if len(volume.voxels) == 1:
        return [SPACING[2]]
    normal = np.cross(volume.grid.row_step, volume.grid.column_step) / (SPACING[0] * SPACING[1])
    gaps = np.abs(np.diff(np.array(volume.grid.positions) @ normal)).tolist()
    return [(before + after) / 2 for before, after in zip([gaps[0], *gaps], [*gaps, gaps[-1]], strict=True)]


def test_threshold_in_a_box_counts_only_what_is_in_both() -> None:
    volume = VOLUMES["oblique and tilted"]
    centres = voxel_centres(volume)
    box = MeasuredBox(tuple(centres[3, 4, 5]), np.eye(3), (6.0, 6.0, 6.0))
    inside = np.all(np.abs(centres - box.centre) <= 3, axis=-1) & (volume.voxels >= 30000)
    assert measure_threshold("t", volume, low=30000, box=box).voxel_count == np.count_nonzero(inside) > 0


def test_threshold_and_statistics_are_in_the_unit_of_the_values() -> None:
    volume, suv = VOLUMES["upright"], ValueUnit("g/ml", "SUVbw", 0.5, "assumed")
    measured = measure_threshold("t", volume, 5101.5, 15101.5, suv)
    inside = volume.voxels[(volume.voxels >= 10203) & (volume.voxels <= 30203)]
    assert measured.voxel_count == len(inside)
    assert measured.values.mean == pytest.approx(inside.mean() / 2)
    assert "assumed" in measured.notes


def _with(volume: Volume, value: float) -> Volume:
    return Volume(np.full(volume.voxels.shape, value, np.float32), volume.grid)


@pytest.mark.parametrize(
    "measure",
    [
        lambda volume: measure_box("b", MeasuredBox((-30.0, 14.0, 106.0), np.eye(3), (9, 9, 9)), volume),
        lambda volume: measure_area("a", Outline([(-31, 14, 105), (-26, 14, 105), (-26, 20, 105)]), volume),
    ],
)
def test_voxels_without_a_value_are_left_out_with_a_note(measure: Callable[[Volume], Measurement]) -> None:
    nothing = measure(_with(VOLUMES["upright"], np.nan))
    assert nothing.values is None
    assert "without a value" in nothing.notes[0]
    constant = measure(_with(VOLUMES["upright"], 7))
    assert (constant.values.mean, constant.values.standard_deviation) == (7, 0)


def test_nothing_inside_is_said() -> None:
    box = MeasuredBox((500.0, 0.0, 0.0), np.eye(3), (9, 9, 9))
    assert "no voxel of the volume is inside" in measure_box("b", box, VOLUMES["upright"]).notes
    outline = Outline([(500, 0, 105), (510, 0, 105), (510, 9, 105)])
    assert "no voxel of the volume is inside" in measure_area("a", outline, VOLUMES["upright"]).notes
    assert measure_threshold("t", VOLUMES["upright"], low=1e9).voxel_count == 0


@pytest.mark.parametrize(
    "measure",
    [
        lambda: measure_distance("d", [(0, 0, 0)]),
        lambda: measure_angle("a", [(0, 0, 0), (1, 0, 0)]),
        lambda: measure_angle("a", [(0, 0, 0), (0, 0, 0), (1, 0, 0)]),
        lambda: MeasuredBox((0, 0, 0), np.eye(3), (1, 0, 1)),
        lambda: measure_threshold("t", VOLUMES["upright"], 5, 1),
    ],
)
def test_what_cannot_be_measured_is_refused(measure: Callable[[], object]) -> None:
    with pytest.raises(RenderError):
        measure()
