"""The measurements: drawings and thresholds become rows of a table, which stay right and can be saved."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from application import assertNoLeakedObservers, processEvents, slicer, waitUntil
from DicomSuiteGui.crosshair import crosshairNode
from DicomSuiteLib.geometry import RAS_SIGNS
from DicomSuiteRenderGui.drawn_measures import CURVE, LINE, ROI, newDrawing, tools
from DicomSuiteRenderGui.measure_table import MEAN, NAME, SIZE
from DicomSuiteRenderGui.measurements_panel import MeasurementsPanel
from scene_panels import OBLIQUE, STRAIGHT, add_volume, drag, value_at


@pytest.fixture
def panel() -> Iterator[MeasurementsPanel]:
    slicer.mrmlScene.Clear(0)
    panel = MeasurementsPanel()
    panel.enter()
    yield panel
    panel.cleanup()
    slicer.mrmlScene.Clear(0)


def draw(className: str, lpsPoints) -> object:
    """A drawing whose points have been placed."""
    node = newDrawing(next(tool for tool in tools() if tool.className == className))
    for point in np.array(lpsPoints) * RAS_SIGNS:
        node.AddControlPointWorld(*point.tolist())
    return node


def settled(panel: MeasurementsPanel) -> None:
    processEvents(0.05)
    waitUntil(lambda: not panel.isMeasuring)


def cell(panel: MeasurementsPanel, row: int, column: int) -> str:
    return panel.table.table.item(row, column).text()


def test_distance_is_exact_on_an_oblique_volume_and_follows_the_points(panel) -> None:
    panel.setVolume(add_volume("head", OBLIQUE))
    ends = OBLIQUE.lps_from_ijk([(1, 2, 3), (11, 22, 9)])
    node = draw(LINE, ends)
    settled(panel)
    (measurement,) = panel.measurements
    assert measurement.size == pytest.approx(np.hypot(np.hypot(10 * 2.0, 20 * 1.0), 6 * 3.0), abs=1e-6)
    assert cell(panel, 0, SIZE) == f"{measurement.size:.2f} mm"
    node.SetNthControlPointPositionWorld(1, *(OBLIQUE.lps_from_ijk((1, 2, 13)) * RAS_SIGNS).tolist())
    settled(panel)
    assert panel.measurements[0].size == pytest.approx(30.0, abs=1e-6)
    assert cell(panel, 0, SIZE) == "30.00 mm"


def test_polygon_tells_area_mean_and_spread_of_the_voxels_in_it(panel) -> None:
    panel.setVolume(add_volume("head", OBLIQUE))
    corners = OBLIQUE.lps_from_ijk([(3.5, 4.5, 7), (9.5, 4.5, 7), (9.5, 12.5, 7), (3.5, 12.5, 7)])
    draw(CURVE, corners)
    settled(panel)
    (measurement,) = panel.measurements
    inside = [value_at(OBLIQUE, (i, j, 7)) for j in range(5, 13) for i in range(4, 10)]
    assert measurement.size == pytest.approx(6 * 2.0 * 8 * 1.0, abs=1e-3)
    assert measurement.voxel_count == len(inside)
    assert measurement.values.mean == pytest.approx(np.mean(inside))
    assert measurement.values.standard_deviation == pytest.approx(np.std(inside, ddof=1))
    assert float(cell(panel, 0, MEAN)) == pytest.approx(np.mean(inside), rel=1e-4)


def test_box_follows_its_size_and_the_chosen_volume(panel) -> None:
    panel.setVolume(add_volume("head"))
    node = draw(ROI, [STRAIGHT.lps_from_ijk((10, 10, 10))])
    node.SetSize(3 * 1.5, 3 * 1.5, 2.5)
    settled(panel)
    inside = [value_at(STRAIGHT, (i, j, 10)) for j in (9, 10, 11) for i in (9, 10, 11)]
    assert panel.measurements[0].values.mean == pytest.approx(np.mean(inside))
    assert panel.measurements[0].size == pytest.approx(4.5 * 4.5 * 2.5)
    node.SetSize(1.5, 1.5, 2.5)
    settled(panel)
    assert panel.measurements[0].voxel_count == 1
    panel.setVolume(add_volume("later", offset=500))
    settled(panel)
    assert panel.measurements[0].values.mean == value_at(STRAIGHT, (10, 10, 10)) + 500
    panel.setVolume(None)
    assert panel.measurements[0].values is None


def test_unfinished_and_impossible_drawings_say_what_is_missing(panel) -> None:
    panel.setVolume(add_volume("head"))
    draw(LINE, [(0, 0, 0)])
    draw(CURVE, [(0, 0, 0), (9, 0, 0), (0, 9, 0), (14, 9, 0)])  # crosses itself
    settled(panel)
    assert panel.measurements == []
    assert [cell(panel, row, SIZE) for row in range(2)] == ["…", "…"]
    assert "crosses itself" in panel.table.table.item(1, SIZE).toolTip()


def test_voxels_between_two_values_are_measured_everywhere_and_in_a_box(panel) -> None:
    panel.setVolume(add_volume("head"))
    panel.threshold.rangeWidget.setValues(100, 163)
    panel.threshold.measureButton.click()
    settled(panel)
    (measurement,) = panel.measurements
    assert measurement.voxel_count == 64
    assert measurement.size == pytest.approx(64 * 1.5 * 1.5 * 2.5)
    box = draw(ROI, [STRAIGHT.lps_from_ijk((10, 10, 10))])
    box.SetSize(3 * 1.5, 3 * 1.5, 2.5)
    settled(panel)
    panel.threshold.boxBox.currentIndex = 1
    least = value_at(STRAIGHT, (10, 10, 10))
    panel.threshold.rangeWidget.setValues(least, panel.threshold.rangeWidget.maximum)
    panel.threshold.measureButton.click()
    settled(panel)
    assert panel.measurements[-1].voxel_count == 5  # the middle and what comes after it
    assert box.GetName() in panel.measurements[-1].name


def test_rows_are_renamed_jumped_to_and_removed(panel) -> None:
    panel.setVolume(add_volume("head"))
    line = draw(LINE, [(0, 0, 0), (4, 0, 0)])
    draw(LINE, [(0, 0, 0), (6, 0, 0)])
    foreign = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsLineNode", "by hand")
    for x in (0, 8):
        foreign.AddControlPointWorld(x, 0, 0)
    panel.threshold.measureButton.click()
    settled(panel)
    table = panel.table.table
    assert [cell(panel, row, SIZE) for row in range(3)] == ["4.00 mm", "6.00 mm", "8.00 mm"]
    table.item(0, NAME).setText("aorta")
    assert line.GetName() == "aorta"
    settled(panel)
    assert panel.measurements[0].name == "aorta"
    table.item(3, NAME).setText("bone")
    assert panel.measurements[3].name == "bone"
    table.selectRow(1)
    assert tuple(crosshairNode().GetCrosshairRAS()) == pytest.approx((-3, 0, 0))
    panel.removeButton.click()
    settled(panel)
    assert [one.name for one in panel.measurements] == ["aorta", "by hand", "bone"]
    panel.removeAllButton.click()
    settled(panel)
    assert [one.name for one in panel.measurements] == ["by hand"]  # not made here


def test_table_is_saved_as_csv_in_full_precision(panel, tmp_path: Path) -> None:
    panel.setVolume(add_volume("head", OBLIQUE))
    draw(LINE, OBLIQUE.lps_from_ijk([(1, 2, 3), (2, 4, 6)]))
    panel.threshold.measureButton.click()
    settled(panel)
    panel.saveTo(tmp_path / "table.csv")
    with (tmp_path / "table.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["kind"] for row in rows] == ["distance", "threshold"]
    assert float(rows[0]["size"]) == pytest.approx(np.sqrt(4 + 4 + 81), abs=1e-6)
    assert "2 measurements saved" in panel.statusLabel.text
    panel.saveTo(tmp_path / "no such folder" / "table.csv")
    assert "cannot be written" in panel.statusLabel.text


def test_drawings_of_a_scene_come_back_and_thresholds_go_with_their_volume(panel) -> None:
    node = add_volume("head")
    panel.setVolume(node)
    draw(LINE, [(0, 0, 0), (4, 0, 0)])
    panel.threshold.measureButton.click()
    settled(panel)
    panel.exit()
    panel.enter()
    settled(panel)
    assert len(panel.measurements) == 2
    panel.setVolume(None)
    slicer.mrmlScene.RemoveNode(node)
    settled(panel)
    assert [one.kind.value for one in panel.measurements] == ["distance"]
    slicer.mrmlScene.Clear(0)
    settled(panel)
    assert panel.measurements == [] and not panel.saveButton.enabled


@pytest.mark.skipif(slicer.app.layoutManager() is not None, reason="there are views")
def test_drawing_needs_views_and_says_so(panel) -> None:
    for button in panel.toolButtons.values():
        assert not button.enabled and "without its window" in button.toolTip


@pytest.mark.skipif(slicer.app.layoutManager() is None, reason="needs the application's views")
def test_line_is_drawn_by_two_clicks(panel) -> None:
    slicer.app.layoutManager().setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView)
    node = add_volume("head")
    panel.setVolume(node)
    slicer.util.setSliceViewerLayers(background=node, fit=True)
    processEvents(0.1)
    panel.toolButtons[LINE].click()
    drag("Red", (80, 90))
    drag("Red", (120, 120))
    settled(panel)
    view = slicer.app.layoutManager().sliceWidget("Red").mrmlSliceNode()
    pixel = view.GetFieldOfView()[0] / view.GetDimensions()[0]
    assert panel.measurements[0].size == pytest.approx(50 * pixel, rel=1e-3)
    assert not panel.toolButtons[LINE].checked


@pytest.mark.parametrize("isStopped", [False, True], ids=["other-mode", "pressed-again"])
def test_drawing_that_was_not_finished_is_not_left(panel, isStopped: bool) -> None:
    panel.setVolume(add_volume("head"))
    button = panel.toolButtons[LINE]
    button.enabled = True  # also where there are no views
    button.click()
    (node,) = slicer.util.getNodesByClass(LINE)
    interaction = slicer.app.applicationLogic().GetInteractionNode()
    assert button.checked and interaction.GetCurrentInteractionMode() == interaction.Place
    node.AddControlPointWorld(0, 0, 0)
    if isStopped:
        button.click()
    else:
        interaction.SwitchToViewTransformMode()
    assert not button.checked and interaction.GetCurrentInteractionMode() == interaction.ViewTransform
    assert slicer.util.getNodesByClass(LINE) == []


def test_finished_drawing_stays(panel) -> None:
    panel.setVolume(add_volume("head"))
    button = panel.toolButtons[LINE]
    button.enabled = True
    button.click()
    (node,) = slicer.util.getNodesByClass(LINE)
    for x in (0, 5):
        node.AddControlPointWorld(x, 0, 0)
    slicer.app.applicationLogic().GetInteractionNode().SwitchToViewTransformMode()  # as the view does then
    settled(panel)
    assert not button.checked and cell(panel, 0, SIZE) == "5.00 mm"


def test_nothing_is_left_behind_by_the_measurements_panel() -> None:
    slicer.mrmlScene.Clear(0)
    volume, line = add_volume("head"), draw(LINE, [(0, 0, 0), (4, 0, 0)])
    assert line is not None
    with assertNoLeakedObservers():
        panel = MeasurementsPanel()
        panel.setVolume(volume)
        panel.enter()
        settled(panel)
        panel.exit()
        panel.cleanup()
    slicer.mrmlScene.Clear(0)
