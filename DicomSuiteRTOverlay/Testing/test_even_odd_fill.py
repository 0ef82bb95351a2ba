"""Filling polygons by the even-odd rule on voxel centres."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from DicomSuiteRTOverlayLib.even_odd_fill import fill_polygons

QUARTERS = st.integers(-8, 48).map(lambda number: number / 4)
POLYGONS = st.lists(st.lists(st.tuples(QUARTERS, QUARTERS), min_size=2, max_size=7), max_size=4)
SHAPE = (2, 9, 8)


def exactly_inside(polygons: list[np.ndarray], x: int, y: int) -> bool:
    """The rule written down voxel by voxel in fractions: crossings of the row at or left of the centre, counted."""
    crossings = 0
    for polygon in polygons:
        vertices = [(Fraction(a), Fraction(b)) for a, b in polygon.tolist()]
        for (x0, y0), (x1, y1) in zip(vertices, vertices[1:] + vertices[:1], strict=True):
            if min(y0, y1) <= y < max(y0, y1):
                crossings += x0 + (y - y0) * (x1 - x0) / (y1 - y0) <= x
    return crossings % 2 == 1


def rectangle(x0: float, y0: float, x1: float, y1: float) -> np.ndarray:
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], float)


def filled(*polygons: np.ndarray, size: tuple[int, int] = (12, 12)) -> np.ndarray:
    return fill_polygons(polygons, [0] * len(polygons), (1, *size))[0]


@settings(max_examples=40)
@given(POLYGONS, POLYGONS)
def test_any_polygons_are_filled_as_the_rule_says_voxel_by_voxel(first, second) -> None:
    groups = [[np.array(points, float) for points in group] for group in (first, second)]
    planes = [number for number, group in enumerate(groups) for _ in group]
    result = fill_polygons([*groups[0], *groups[1]], planes, SHAPE)
    expected = [[[exactly_inside(group, x, y) for x in range(8)] for y in range(9)] for group in groups]
    np.testing.assert_array_equal(result, expected)


def test_centre_on_an_edge_is_inside_on_the_lower_side_only() -> None:
    rows, columns = np.nonzero(filled(rectangle(2, 3, 5, 7)))
    assert (columns.min(), columns.max(), rows.min(), rows.max()) == (2, 4, 3, 6)


def test_noise_of_the_last_digits_does_not_decide() -> None:
    noise = np.random.default_rng(0).uniform(-1e-9, 1e-9, (4, 2))
    np.testing.assert_array_equal(filled(rectangle(2, 3, 5, 7) + noise), filled(rectangle(2, 3, 5, 7)))


@given(st.lists(st.tuples(QUARTERS, QUARTERS), min_size=3, max_size=3), st.floats(0.05, 0.95))
def test_polygons_that_share_an_edge_neither_overlap_nor_leave_a_gap(corners, share) -> None:
    a, b, c = np.array(corners, float)
    cut = a + share * (b - a)
    cut = np.rint(cut * 4) / 4
    whole = filled(np.array([a, cut, b, c]))
    np.testing.assert_array_equal(filled(np.array([a, cut, c])) ^ filled(np.array([cut, b, c])), whole)


def test_keyhole_equals_outline_with_hole() -> None:
    outer, hole = rectangle(1, 1, 10, 10), rectangle(3.5, 4, 6, 7)
    keyhole = np.concatenate([outer, outer[:1], hole, hole[:1]])
    np.testing.assert_array_equal(filled(keyhole), filled(outer, hole))
    assert filled(outer, hole).sum() == 9 * 9 - 2 * 3


def test_island_in_a_hole_is_inside() -> None:
    result = filled(rectangle(0, 0, 11, 11), rectangle(2, 2, 9, 9), rectangle(4, 4, 7, 7))
    assert (result[1, 5], result[3, 5], result[5, 5]) == (True, False, True)


def test_polygon_that_leaves_the_plane_on_every_side_is_cut_off() -> None:
    diamond = np.array([[5, -4], [16, 6], [6, 17], [-5, 5]], float)
    large = filled(diamond + 10, size=(32, 32))
    np.testing.assert_array_equal(filled(diamond), large[10:22, 10:22])


def test_polygon_around_the_plane_fills_it_and_one_beside_it_does_nothing() -> None:
    assert filled(rectangle(-5, -5, 40, 40)).all()
    for dx, dy in ((20, 0), (-20, 0), (0, 20), (0, -20)):
        assert not filled(rectangle(1 + dx, 1 + dy, 9 + dx, 9 + dy)).any()


def test_large_stacks_equal_their_planes_one_by_one() -> None:
    angles = np.linspace(0, 2 * np.pi, 2000, endpoint=False)
    polygons = [np.column_stack([150 + (40 + plane) * np.cos(angles), 90 + 70 * np.sin(angles)]) for plane in range(60)]
    stack = fill_polygons(polygons, range(60), (60, 173, 301))
    for plane in (0, 31, 59):
        np.testing.assert_array_equal(stack[plane], filled(polygons[plane], size=(173, 301)))


def test_no_polygons_fill_nothing() -> None:
    assert not fill_polygons([], [], (2, 3, 4)).any()
