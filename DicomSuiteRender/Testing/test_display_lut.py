"""A look-up table is linear between its points, is edited point by point, and looks the same wherever it is shown."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from DicomSuiteRenderLib.display_lut import DisplayLut, LutPoint, lut_to_transfer_functions
from DicomSuiteRenderLib.errors import RenderError
from DicomSuiteRenderLib.lut_history import MOST_STEPS, LutHistory
from DicomSuiteRenderLib.window_level import VoiFunction, WindowLevel

TABLE = DisplayLut.from_pairs([(-1000, 0), (0, 0.25), (100, 0.75), (3000, 1)])

tables = st.lists(
    st.tuples(st.integers(-30000, 30000), st.floats(0, 1)), min_size=2, max_size=12, unique_by=lambda point: point[0]
).map(lambda pairs: DisplayLut.from_pairs(sorted(pairs)))


def piecewise_linear(points: Sequence[LutPoint], value: float) -> float:
    """The shade of one value, straight from the definition."""
    if value <= points[0].value:
        return points[0].shade
    for before, after in zip(points, points[1:], strict=False):
        if value <= after.value:
            share = (value - before.value) / (after.value - before.value)
            return before.shade + share * (after.shade - before.shade)
    return points[-1].shade


@given(lut=tables, values=st.lists(st.floats(-40000, 40000), min_size=1))
def test_shades_equal_the_piecewise_linear_definition(lut: DisplayLut, values: list[float]) -> None:
    expected = [piecewise_linear(lut.points, value) for value in values]
    np.testing.assert_allclose(lut.shades(values), expected, rtol=0, atol=1e-6)


def test_missing_values_have_no_shade() -> None:
    shades = TABLE.shades([np.nan, np.inf, -np.inf])
    assert np.isnan(shades[0])
    assert shades[1:].tolist() == [1, 0]


@pytest.mark.parametrize(
    "pairs",
    [
        [],
        [(0, 0)],
        [(1, 0), (0, 1)],
        [(0, 0), (0, 1)],
        [(0, -0.1), (1, 1)],
        [(0, 0), (np.nan, 1)],
        [(0, np.nan), (1, 1)],
    ],
)
def test_points_out_of_order_or_range_are_refused(pairs: list[tuple[float, float]]) -> None:
    with pytest.raises(RenderError, match="look-up table"):
        DisplayLut.from_pairs(pairs)


@given(lut=tables, value=st.floats(-40000, 40000))
def test_a_point_added_on_the_line_changes_nothing(lut: DisplayLut, value: float) -> None:
    if value in lut.values:
        return
    more = lut.with_point(value)
    assert len(more.points) == len(lut.points) + 1
    values = np.linspace(-35000, 35000, 1001)
    np.testing.assert_allclose(more.shades(values), lut.shades(values), rtol=0, atol=1e-6)


def test_a_point_is_added_with_the_shade_asked_for() -> None:
    assert TABLE.with_point(50, 0.9).points[2] == LutPoint(50, 0.9)
    assert TABLE.with_point(-2000, 2).points[0] == LutPoint(-2000, 1)
    with pytest.raises(RenderError, match="already has a point at 100"):
        TABLE.with_point(100)


@given(lut=tables, data=st.data(), value=st.floats(-1e6, 1e6), shade=st.floats(-1, 2))
def test_a_moved_point_stays_between_its_neighbours(
    lut: DisplayLut, data: st.DataObject, value: float, shade: float
) -> None:
    index = data.draw(st.integers(0, len(lut.points) - 1))
    moved = lut.moved(index, value, shade)
    assert len(moved.points) == len(lut.points)
    assert moved.points[:index] + moved.points[index + 1 :] == lut.points[:index] + lut.points[index + 1 :]


def test_a_point_moves_freely_where_nothing_is_in_the_way() -> None:
    assert TABLE.moved(1, 60, 0.4).points[1] == LutPoint(60, 0.4)
    assert TABLE.moved(0, -1024, 0.1).points[0] == LutPoint(-1024, 0.1)
    assert TABLE.moved(1, 500, 0.4).points[1].value == pytest.approx(100, abs=1)


def test_points_are_removed_as_long_as_two_are_left() -> None:
    two = TABLE.without(1).without(2)
    assert two.values == (-1000, 100)
    with pytest.raises(RenderError, match="at least two"):
        two.without(0)


@pytest.mark.parametrize("window", [WindowLevel(40, 400), WindowLevel(0.5, 0.2, VoiFunction.LINEAR_EXACT)])
def test_a_window_becomes_two_points_that_look_the_same(window: WindowLevel) -> None:
    lut = DisplayLut.from_window(window)
    assert len(lut.points) == 2
    values = np.linspace(window.low - 10, window.high + 10, 999)
    np.testing.assert_allclose(lut.shades(values), window.shades(values), rtol=0, atol=1e-6)


def test_a_sigmoid_window_becomes_points_that_look_the_same() -> None:
    window = WindowLevel(40, 400, VoiFunction.SIGMOID)
    lut = DisplayLut.from_window(window)
    assert len(lut.points) < 30
    values = np.linspace(-3000, 3000, 9999)
    assert np.abs(lut.shades(values) - window.shades(values)).max() < 0.6 / 255


def test_a_step_becomes_a_table() -> None:
    assert DisplayLut.from_window(WindowLevel(40, 1)).shades([39, 40]).tolist() == [0, 1]


def test_transfer_functions_are_linear_where_the_table_is() -> None:
    vtk = pytest.importorskip("vtk")
    opacity, colours = lut_to_transfer_functions(TABLE, 0.5)
    function, colour = vtk.vtkPiecewiseFunction(), vtk.vtkColorTransferFunction()
    for point in opacity:
        function.AddPoint(*point)
    for point in colours:
        colour.AddRGBPoint(*point)
    values = np.linspace(-1200, 3200, 1234)
    shades = TABLE.shades(values)
    np.testing.assert_allclose([function.GetValue(value) for value in values], shades * 0.5, rtol=0, atol=1e-6)
    for of_value, shade in zip(map(colour.GetColor, values), shades, strict=True):
        np.testing.assert_allclose(of_value, shade, rtol=0, atol=1e-6)
    with pytest.raises(RenderError, match="opacity"):
        lut_to_transfer_functions(TABLE, 1.5)


def test_changes_are_undone_and_made_again_in_order() -> None:
    history = LutHistory(TABLE)
    assert not history.can_undo
    assert history.undo() == TABLE
    first, second = TABLE.without(1), TABLE.without(2)
    history.change(first)
    history.change(first)
    history.change(second)
    assert history.undo() == first
    assert history.undo() == TABLE
    assert not history.can_undo
    assert history.redo() == first
    history.change(TABLE)
    assert not history.can_redo
    assert history.redo() == history.current == TABLE


def test_only_so_many_changes_are_kept() -> None:
    history = LutHistory(TABLE)
    for number in range(MOST_STEPS + 5):
        history.change(TABLE.moved(1, 0, number / 1000))
    steps = 0
    while history.can_undo:
        history.undo()
        steps += 1
    assert steps == MOST_STEPS
