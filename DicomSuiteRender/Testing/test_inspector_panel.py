"""The inspector: values at the mouse and the crosshair, markers that stay, views that move together."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from application import assertNoLeakedObservers, processEvents, qt, slicer, waitUntil
from DicomSuiteGui.crosshair import crosshairNode, jumpTo
from DicomSuiteLib.geometry import RAS_SIGNS
from DicomSuiteRenderGui.inspector_panel import InspectorPanel
from DicomSuiteRenderGui.marker_table import INDEX, LABEL, PLACE, VALUE
from DicomSuiteRenderGui.markers import markersNode
from DicomSuiteRenderGui.readout import INDEX as READ_INDEX
from DicomSuiteRenderGui.readout import VALUE as READ_VALUE
from DicomSuiteRenderGui.readout import VOLUME as READ_VOLUME
from scene_panels import OBLIQUE, STRAIGHT, PanelParameters, add_volume, drag, slice_composite, slice_nodes, value_at

needs_views = pytest.mark.skipif(slicer.app.layoutManager() is None, reason="needs the application's views")
FAR = (900.0, 900.0, 900.0)


@pytest.fixture
def panel() -> Iterator[InspectorPanel]:
    """The panel, entered, in an empty scene."""
    slicer.mrmlScene.Clear(0)
    panel = InspectorPanel()
    panel.enter()
    yield panel
    panel.cleanup()
    slicer.mrmlScene.Clear(0)


def ras_of(geometry, ijk) -> tuple[float, float, float]:
    return tuple((geometry.lps_from_ijk(ijk) * RAS_SIGNS).tolist())


def point_at(ras) -> None:
    """Move the mouse there, in a view."""
    crosshairNode().SetCursorPositionRAS(list(ras))
    processEvents(0.05)


def leave_the_views() -> None:
    crosshairNode().SetCursorPositionInvalid()
    processEvents(0.05)


def cells(table, column: int) -> list[str]:
    return [table.item(row, column).text() for row in range(table.rowCount)]


def numbers(text: str) -> list[float]:
    return [float(part) for part in text.removesuffix(" mm").split(",")]


def test_readout_tells_voxel_value_and_coordinates_at_the_mouse(panel) -> None:
    panel.setVolume(add_volume("head"))
    point_at(ras_of(STRAIGHT, (3, 5, 7)))
    readout = panel.readout
    assert cells(readout.table, READ_VOLUME) == ["head"]
    assert cells(readout.table, READ_INDEX) == ["3, 5, 7"]
    assert cells(readout.table, READ_VALUE) == [f"{value_at(STRAIGHT, (3, 5, 7))} HU"]
    lps = STRAIGHT.lps_from_ijk((3, 5, 7))
    assert numbers(readout.lpsLabel.text) == pytest.approx(lps, abs=0.005)
    assert numbers(readout.rasLabel.text) == pytest.approx(lps * RAS_SIGNS, abs=0.005)
    assert readout.whereLabel.text == "at the mouse"


def test_readout_goes_back_to_the_crosshair_when_the_mouse_leaves_the_views(panel) -> None:
    panel.setVolume(add_volume("head"))
    crosshairNode().SetCrosshairRAS(*ras_of(STRAIGHT, (1, 2, 3)))
    point_at(ras_of(STRAIGHT, (3, 5, 7)))
    leave_the_views()
    assert panel.readout.whereLabel.text == "at the crosshair"
    assert cells(panel.readout.table, READ_INDEX) == ["1, 2, 3"]


def test_outside_says_outside(panel) -> None:
    panel.setVolume(add_volume("head"))
    point_at(FAR)
    assert cells(panel.readout.table, READ_VALUE) == ["outside"]
    assert cells(panel.readout.table, READ_INDEX) == [""]


def test_values_without_a_known_unit_are_not_called_hu(panel) -> None:
    panel.setVolume(add_volume("head", modality="MR"))
    point_at(ras_of(STRAIGHT, (3, 5, 7)))
    assert cells(panel.readout.table, READ_VALUE) == [str(value_at(STRAIGHT, (3, 5, 7)))]


def test_one_point_is_read_in_volumes_of_different_geometry(panel) -> None:
    """The place of the voxel that is read in each, with the rest to the next, is the crosshair within 1e-3 mm."""
    straight, oblique, shown = add_volume("one"), add_volume("two", OBLIQUE, offset=7), add_volume("three", OBLIQUE)
    parameters = PanelParameters()
    parameters.compared = [straight, oblique]
    panel.setVolume(straight)
    panel.setParameters(parameters)
    slice_composite().SetBackgroundVolumeID(shown.GetID())
    generator = np.random.default_rng(5)
    for lps in generator.uniform((-8, -8, -15), (8, 8, 15), (20, 3)):
        ras = tuple((lps * RAS_SIGNS).tolist())
        point_at(ras)
        table = panel.readout.table
        assert cells(table, READ_VOLUME) == ["one", "two", "three"]
        for row, (geometry, offset) in enumerate(((STRAIGHT, 0), (OBLIQUE, 7), (OBLIQUE, 0))):
            ijk = tuple(np.floor(geometry.ijk_from_lps(lps) + 0.5).astype(int).tolist())
            assert table.item(row, READ_INDEX).text() == ", ".join(map(str, ijk))
            assert table.item(row, READ_VALUE).text() == f"{value_at(geometry, ijk, offset)} HU"
        for node in (straight, oblique):
            pick = panel._read(node, ras).pick
            assert np.linalg.norm(panel._volumes.volume(node).grid.lps_from_ijk(pick.ijk) - lps) < 1e-3


def test_crosshair_moves_every_slice_view(panel) -> None:
    views = slice_nodes()
    assert len(views) >= 3
    ras = (12.345, -6.789, 3.21)
    jumpTo(ras)
    assert tuple(crosshairNode().GetCrosshairRAS()) == ras
    for view in views:
        matrix = slicer.util.arrayFromVTKMatrix(view.GetSliceToRAS())
        assert abs((np.array(ras) - matrix[:3, 3]) @ matrix[:3, 2]) < 1e-3


def test_changed_voxels_and_moved_volumes_are_read_anew(panel) -> None:
    node = add_volume("head")
    panel.setVolume(node)
    point_at(ras_of(STRAIGHT, (3, 5, 7)))
    slicer.util.arrayFromVolume(node)[7, 5, 3] = -77
    slicer.util.arrayFromVolumeModified(node)
    point_at(ras_of(STRAIGHT, (3, 5, 7)))
    assert cells(panel.readout.table, READ_VALUE) == ["-77 HU"]
    shift = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    node.SetAndObserveTransformNodeID(shift.GetID())
    matrix = np.eye(4)
    matrix[2, 3] = 2.5  # mm to superior: one slice
    shift.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(matrix))
    point_at(ras_of(STRAIGHT, (3, 5, 7)))
    assert cells(panel.readout.table, READ_INDEX) == ["3, 5, 6"]


def test_volume_without_voxels_says_so(panel) -> None:
    panel.setVolume(slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "empty"))
    point_at((0.0, 0.0, 0.0))
    assert cells(panel.readout.table, READ_VALUE) == ["not readable"]
    assert "no voxels" in panel.readout.table.item(0, READ_VALUE).toolTip()


def test_marker_stays_with_a_row_and_follows_the_chosen_volume(panel) -> None:
    panel.setVolume(add_volume("head"))
    for ijk in ((3, 5, 7), (8, 2, 4)):
        crosshairNode().SetCrosshairRAS(*ras_of(STRAIGHT, ijk))
        panel.dropButton.click()
    table = panel.markers.table
    assert cells(table, LABEL) == ["1", "2"]
    assert cells(table, INDEX) == ["3, 5, 7", "8, 2, 4"]
    values = [value_at(STRAIGHT, ijk) for ijk in ((3, 5, 7), (8, 2, 4))]
    assert cells(table, VALUE) == [f"{value} HU" for value in values]
    assert numbers(cells(table, PLACE)[1]) == pytest.approx(ras_of(STRAIGHT, (8, 2, 4)), abs=0.05)
    panel.setVolume(add_volume("later", offset=1000))
    assert cells(table, VALUE) == [f"{value + 1000} HU" for value in values]
    markersNode().SetNthControlPointPositionWorld(0, *ras_of(STRAIGHT, (9, 9, 9)))  # dragged in a view
    waitUntil(lambda: cells(table, INDEX)[0] == "9, 9, 9")
    markersNode().SetNthControlPointPositionWorld(0, *FAR)
    waitUntil(lambda: cells(table, VALUE)[0] == "outside")


def test_markers_are_jumped_to_copied_and_removed(panel) -> None:
    panel.setVolume(add_volume("head"))
    for ijk in ((3, 5, 7), (8, 2, 4), (1, 1, 1)):
        crosshairNode().SetCrosshairRAS(*ras_of(STRAIGHT, ijk))
        panel.dropButton.click()
    table = panel.markers.table
    table.setCurrentCell(1, LABEL)
    assert tuple(crosshairNode().GetCrosshairRAS()) == pytest.approx(ras_of(STRAIGHT, (8, 2, 4)))
    panel.markers.copyButton.click()
    assert qt.QApplication.clipboard().text().splitlines()[1].split("\t")[INDEX] == "8, 2, 4"
    table.selectRow(1)
    panel.markers.removeButton.click()
    assert cells(table, LABEL) == ["1", "3"]
    panel.markers.removeAllButton.click()
    assert table.rowCount == 0 and markersNode() is None
    assert not panel.markers.removeAllButton.enabled and panel.markers.removeAllButton.toolTip


def test_markers_of_a_loaded_scene_are_listed(panel) -> None:
    panel.setVolume(add_volume("head"))
    panel.dropButton.click()
    panel.exit()
    panel.enter()
    assert panel.markers.table.rowCount == 1
    slicer.mrmlScene.Clear(0)
    waitUntil(lambda: panel.markers.table.rowCount == 0)
    panel.dropButton.click()  # a node of the new scene
    assert panel.markers.table.rowCount == 1


def test_slices_are_linked_and_let_go(panel) -> None:
    composite = slice_composite()
    panel.linkButton.click()
    assert composite.GetLinkedControl() and composite.GetHotLinkedControl()
    panel.linkButton.click()
    assert not composite.GetLinkedControl()


def test_crosshair_is_shown_while_clicks_move_it_and_then_as_before() -> None:
    slicer.mrmlScene.Clear(0)
    crosshair = crosshairNode()
    crosshair.SetCrosshairMode(crosshair.NoCrosshair)
    panel = InspectorPanel()
    panel.enter()
    assert crosshair.GetCrosshairMode() == crosshair.ShowBasic
    panel.followBox.checked = False
    assert crosshair.GetCrosshairMode() == crosshair.NoCrosshair
    panel.followBox.checked = True
    panel.exit()
    assert crosshair.GetCrosshairMode() == crosshair.NoCrosshair
    crosshair.SetCrosshairMode(crosshair.ShowSmallBasic)  # the user's own choice is left alone
    panel.enter()
    panel.exit()
    assert crosshair.GetCrosshairMode() == crosshair.ShowSmallBasic
    crosshair.SetCrosshairMode(crosshair.NoCrosshair)


def test_nothing_is_left_behind() -> None:
    slicer.mrmlScene.Clear(0)
    node = add_volume("head")
    with assertNoLeakedObservers():
        panel = InspectorPanel()
        panel.setVolume(node)
        for _ in range(2):
            panel.enter()
            panel.exit()
        panel.cleanup()
    slicer.mrmlScene.Clear(0)


@pytest.mark.skipif(slicer.app.layoutManager() is not None, reason="there are views")
def test_what_needs_views_says_why_it_cannot(panel) -> None:
    for button in (panel.fitButton, panel.centreButton, panel.placeButton):
        assert not button.enabled and "without its window" in button.toolTip


def offsets() -> list[float]:
    """mm of the axial, sagittal and coronal slice."""
    manager = slicer.app.layoutManager()
    return [manager.sliceWidget(view).sliceLogic().GetSliceOffset() for view in ("Red", "Yellow", "Green")]


@pytest.fixture
def views(panel) -> None:
    """A volume in the standard slice views."""
    slicer.app.layoutManager().setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView)
    node = add_volume("head")
    panel.setVolume(node)
    slicer.util.setSliceViewerLayers(background=node, fit=True)
    processEvents(0.1)


@needs_views
def test_drag_in_a_slice_view_moves_the_others_while_it_is_wanted(panel, views) -> None:
    before = offsets()
    drag("Red", (80, 90), (100, 95), (120, 130))
    right, anterior, superior = crosshairNode().GetCrosshairRAS()
    assert offsets() == pytest.approx([superior, -right, anterior], abs=1e-3)  # sagittal offsets count to the left
    assert offsets()[0] == before[0] and offsets() != before
    drag("Yellow", (90, 70))
    assert offsets()[0] == pytest.approx(crosshairNode().GetCrosshairRAS()[2], abs=1e-3)
    panel.followBox.checked = False
    before = offsets()
    drag("Red", (60, 60), (90, 70))
    assert offsets() == before


@needs_views
def test_markers_are_placed_by_clicks_and_the_crosshair_stays(panel, views) -> None:
    before = tuple(crosshairNode().GetCrosshairRAS())
    panel.placeButton.click()
    drag("Red", (80, 90))
    drag("Red", (100, 120))
    panel.placeButton.click()
    waitUntil(lambda: panel.markers.table.rowCount == 2)
    assert tuple(crosshairNode().GetCrosshairRAS()) == before
    assert not panel.placeButton.checked
