"""Shapes between and beyond contour planes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from DicomSuiteRTOverlayLib.even_odd_fill import fill_polygons
from DicomSuiteRTOverlayLib.shape_interpolation import PlaneShape, interpolate_shapes, planes_around

SIZE = (60, 80)
SPACING = (0.8, 1.3)
CENTRE = (32.2, 38.7)


def disc(radius: float, centre: tuple[float, float] = CENTRE) -> np.ndarray:
    """A circle as a polygon, in voxels; radius and centre in mm."""
    angles = np.linspace(0, 2 * np.pi, 400, endpoint=False)
    points = np.column_stack([centre[0] + radius * np.cos(angles), centre[1] + radius * np.sin(angles)])
    return points / SPACING


def shape(*polygons: np.ndarray) -> PlaneShape:
    inside = fill_polygons(polygons, [0] * len(polygons), (1, *SIZE))[0]
    return PlaneShape.from_polygons(inside, polygons, SPACING)


def radius_of(inside: np.ndarray) -> float:
    """Radius (mm) of the disc of that area."""
    return float(np.sqrt(inside.sum() * SPACING[0] * SPACING[1] / np.pi))


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
def test_discs_shrink_evenly_in_mm_whatever_the_pixels(share: float) -> None:
    between = interpolate_shapes([shape(disc(24)), shape(disc(12))], [0, 5], 5 * share)
    assert radius_of(between) == pytest.approx(24 - 12 * share, abs=0.1)


def test_planes_beyond_the_neighbours_round_the_shape_off() -> None:
    def radius(z: float) -> float:
        return float(np.sqrt(25**2 - z**2))

    heights = [0.0, 8.0, 16.0, 24.0]
    shapes = [shape(disc(radius(z))) for z in heights]
    rounded = interpolate_shapes(shapes, heights, 12.0)
    straight = interpolate_shapes(shapes[1:3], heights[1:3], 12.0)
    assert abs(radius_of(rounded) - radius(12.0)) < 0.25 * abs(radius_of(straight) - radius(12.0))


@settings(max_examples=30)
@given(
    st.lists(st.tuples(st.floats(3, 20), st.floats(20, 40), st.floats(20, 50)), min_size=4, max_size=4),
    st.floats(0.01, 0.99),
)
def test_what_both_neighbours_hold_is_inside_and_what_neither_holds_is_outside(discs, share: float) -> None:
    shapes = [shape(disc(radius, (x, y))) for radius, x, y in discs]
    below, above = shapes[1].inside, shapes[2].inside
    between = interpolate_shapes(shapes, [0, 3, 6, 9], 3 + 3 * share)
    assert not (below & above & ~between).any()
    assert not (between & ~below & ~above).any()


def test_island_without_counterpart_reaches_half_way() -> None:
    island = disc(6, (52, 60))
    both, one = shape(disc(12, (20, 20)), island), shape(disc(12, (20, 20)))
    for share, has_island in ((0.45, True), (0.55, False)):
        between = interpolate_shapes([both, one], [0, 1], share)
        np.testing.assert_array_equal(between, both.inside if has_island else one.inside)


def test_hole_without_counterpart_reaches_half_way() -> None:
    ring, full = shape(disc(20), disc(5)), shape(disc(20))
    for share, has_hole in ((0.45, True), (0.55, False)):
        between = interpolate_shapes([ring, full], [0, 1], share)
        np.testing.assert_array_equal(between, ring.inside if has_hole else full.inside)


def test_hole_that_goes_on_is_no_closed_one() -> None:
    between = interpolate_shapes([shape(disc(24), disc(8)), shape(disc(24), disc(12))], [0, 1], 0.5)
    hole = ~between & shape(disc(20)).inside
    assert radius_of(hole) == pytest.approx(10, abs=0.15)


def test_shape_tapers_off_beyond_its_end_as_it_did_before() -> None:
    shapes = [shape(disc(20)), shape(disc(17)), shape(disc(14))]
    assert radius_of(interpolate_shapes(shapes, [0, 3, 6], 7.5)) == pytest.approx(12.5, abs=0.15)
    downwards = shapes[::-1]
    assert radius_of(interpolate_shapes(downwards, [0, 3, 6], -1.5)) == pytest.approx(12.5, abs=0.15)


def test_shape_is_never_widened_beyond_its_end() -> None:
    shapes = [shape(disc(14)), shape(disc(17)), shape(disc(20))]
    np.testing.assert_array_equal(interpolate_shapes(shapes, [0, 3, 6], 7.5), shapes[2].inside)


@pytest.mark.parametrize(
    ("height", "planes"),
    [(3.0, [1]), (4.0, [0, 1, 2, 3]), (1.0, [0, 1, 2]), (-1.0, [0, 1, 2]), (14.0, [2, 3, 4])],
)
def test_two_planes_on_either_side_shape_one_between_them(height: float, planes: list[int]) -> None:
    assert list(planes_around([0.0, 3.0, 6.0, 9.0, 12.0], height)) == planes
