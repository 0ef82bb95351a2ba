"""The comparison: which volumes, side by side, in turn, and their difference in colours."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from application import assertNoLeakedObservers, processEvents, qt, slicer, vtk, waitUntil
from ct_volumes import write_ct_series
from DicomSuiteGui.compare_layout import LAYOUT, ComparedPlanes, layoutText
from DicomSuiteGui.difference_map import differenceNode
from DicomSuiteLib.volume_nodes import node_of_volume, volume_of_node
from DicomSuiteRenderGui.compare_panel import ComparePanel
from panel_places import database_of
from placed_volumes import placed_volumes
from scene_panels import OBLIQUE, STRAIGHT, PanelParameters, add_volume, slice_composite, value_at

needs_views = pytest.mark.skipif(slicer.app.layoutManager() is None, reason="needs the application's views")


@pytest.fixture
def parameters() -> PanelParameters:
    return PanelParameters()


@pytest.fixture
def panel(parameters) -> Iterator[ComparePanel]:
    slicer.mrmlScene.Clear(0)
    panel = ComparePanel()
    panel.setParameters(parameters)
    panel.enter()
    yield panel
    panel.cleanup()
    slicer.mrmlScene.Clear(0)


def tick(panel: ComparePanel, *names: str, isTicked: bool = True) -> None:
    """Tick volumes of the list, in this order."""
    processEvents(0.02)
    box = panel.choice.list
    for name in names:
        rows = [row for row in range(box.count) if box.item(row).toolTip() == name]
        box.item(rows[0]).setCheckState(qt.Qt.Checked if isTicked else qt.Qt.Unchecked)


def shown(composite) -> tuple[str | None, str | None, float]:
    return composite.GetBackgroundVolumeID(), composite.GetForegroundVolumeID(), composite.GetForegroundOpacity()


def subtract(panel: ComparePanel):
    panel.pair.differenceButton.click()
    waitUntil(lambda: not panel.pair.isBusy)
    return differenceNode()


def test_volumes_are_compared_in_the_order_in_which_they_are_ticked(panel, parameters) -> None:
    nodes = {name: add_volume(name) for name in ("one", "two", "three")}
    tick(panel, "three", "one")
    assert parameters.compared == [nodes["three"], nodes["one"]]
    assert [panel.choice.list.item(row).text() for row in range(3)] == ["2   one", "two", "1   three"]
    assert (panel.firstBox.currentText, panel.secondBox.currentText) == ("three", "one")
    tick(panel, "three", isTicked=False)
    assert parameters.compared == [nodes["one"]]
    assert not panel.sideBySide.showButton.enabled and "two to six" in panel.sideBySide.showButton.toolTip


def test_no_more_than_six_volumes_are_taken(panel, parameters) -> None:
    names = [f"volume {number}" for number in range(7)]
    for name in names:
        add_volume(name)
    tick(panel, *names)
    assert len(parameters.compared) == 6
    assert "At most 6" in panel.choice.noteLabel.text
    assert panel.choice.list.item(6).checkState() == qt.Qt.Unchecked


def test_volume_that_is_removed_or_renamed_is_not_listed_as_before(panel, parameters) -> None:
    node = add_volume("one")
    add_volume("two")
    tick(panel, "one", "two")
    slicer.mrmlScene.RemoveNode(node)
    parameters.compared = [other for other in parameters.compared if other is not node]  # as the parameter node does
    waitUntil(lambda: panel.choice.list.count == 1)
    assert panel.choice.nodes == parameters.compared and not panel.pair.differenceButton.enabled


def test_different_frame_of_reference_and_patient_are_warned_of(panel, tmp_path: Path) -> None:
    from DICOMLib import DICOMUtils

    folders = [tmp_path / name for name in ("first", "second")]
    for folder in folders:
        write_ct_series(folder, (5, 12, 12), PatientID=folder.name)
    with database_of(tmp_path / "database", *folders):
        DICOMUtils.loadSeriesByUID(DICOMUtils.allSeriesUIDsInDatabase(slicer.dicomDatabase))
        nodes = slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")
        assert len(nodes) == 2
        tick(panel, *(node.GetName() for node in nodes))
        waitUntil(lambda: "different frames of reference" in panel.choice.noteLabel.text)
        assert "different patients" in panel.choice.noteLabel.text
        assert not panel.choice.signLabel.isHidden()
        assert "first" not in panel.choice.noteLabel.text.split("\n")[0]  # no PatientID is told


def test_difference_is_second_minus_first_and_lies_over_the_first(panel) -> None:
    first, _second = add_volume("one"), add_volume("two", offset=40)
    composite = slice_composite()
    composite.SetBackgroundVolumeID(first.GetID())
    tick(panel, "one", "two")
    node = subtract(panel)
    assert np.all(slicer.util.arrayFromVolume(node) == 40)
    assert shown(composite) == (first.GetID(), node.GetID(), 0.7)
    display = node.GetDisplayNode()
    assert display.GetWindowLevelMin() == -display.GetWindowLevelMax() == -40
    panel.pair.fadeSlider.value = 30
    assert composite.GetForegroundOpacity() == pytest.approx(0.3)
    panel.pair.endButton.click()
    assert differenceNode() is None and shown(composite)[:2] == (first.GetID(), None)
    assert not panel.pair.endButton.enabled


def test_difference_across_geometries_has_gaps_that_are_transparent_and_no_value(panel) -> None:
    add_volume("one")
    add_volume("two", OBLIQUE)
    slice_composite()
    tick(panel, "one", "two")
    node = subtract(panel)
    voxels = slicer.util.arrayFromVolume(node)
    assert voxels.shape == STRAIGHT.size[::-1]
    assert np.isnan(voxels).any() and np.isfinite(voxels).any()
    assert "does not cover" in panel.pair.statusLabel.text and "interpolated" in panel.pair.statusLabel.text
    k, j, i = np.argwhere(np.isfinite(voxels))[100]
    ijk = OBLIQUE.ijk_from_lps(STRAIGHT.lps_from_ijk((i, j, k)))
    columns, rows, _slices = OBLIQUE.size
    expected = ijk @ (1, columns, columns * rows) - value_at(STRAIGHT, (i, j, k))  # the values grow linearly
    assert voxels[k, j, i] == pytest.approx(expected, abs=0.5)
    display = node.GetDisplayNode()
    display.GetImageDataConnection().GetProducer().Update()
    rgba = display.GetImageDataConnection().GetProducer().GetOutput().GetPointData().GetScalars()
    alpha = np.array([rgba.GetComponent(number, 3) for number in np.flatnonzero(np.isnan(voxels))[:50]])
    assert not alpha.any()


def test_a_second_difference_takes_the_place_of_the_first(panel) -> None:
    add_volume("one")
    add_volume("two", offset=40)
    slice_composite()
    tick(panel, "one", "two")
    subtract(panel)
    count = slicer.mrmlScene.GetNumberOfNodes()
    panel.firstBox.currentIndex, panel.secondBox.currentIndex = 1, 0
    node = subtract(panel)
    assert np.all(slicer.util.arrayFromVolume(node) == -40)
    assert slicer.mrmlScene.GetNumberOfNodes() == count


def test_difference_of_uneven_slices_lies_where_they_are_and_leaves_nothing(panel) -> None:
    volume = placed_volumes()["uneven"]
    nodes = [node_of_volume(volume, name) for name in ("one", "two")]
    slice_composite()
    tick(panel, "one", "two")
    count = slicer.mrmlScene.GetNumberOfNodes()
    node = subtract(panel)
    assert not slicer.util.arrayFromVolume(node).any()
    places = [np.array(volume_of_node(each).grid.positions) for each in (node, nodes[0])]
    assert places[0] == pytest.approx(places[1], abs=1e-3)
    panel.pair.endButton.click()
    assert slicer.mrmlScene.GetNumberOfNodes() == count


def test_volumes_without_a_place_in_common_are_refused(panel) -> None:
    from dataclasses import replace

    add_volume("one")
    add_volume("far", replace(STRAIGHT, origin=(900.0, 0.0, 0.0)))
    slice_composite()
    tick(panel, "one", "far")
    waitUntil(lambda: "no place in common" in panel.choice.noteLabel.text)
    assert subtract(panel) is None
    assert "no place in common" in panel.pair.statusLabel.text


def test_blinking_shows_both_in_turn_and_then_what_was_there_before(panel) -> None:
    first, second, other = add_volume("one"), add_volume("two"), add_volume("other")
    composite = slice_composite()
    composite.SetBackgroundVolumeID(other.GetID())
    composite.SetForegroundOpacity(0.25)
    before = shown(composite)
    tick(panel, "one", "two")
    panel.pair.periodBox.value = 0.1
    panel.pair.blinkButton.click()
    assert shown(composite) == (first.GetID(), second.GetID(), 0.0)
    waitUntil(lambda: composite.GetForegroundOpacity() == 1.0)
    waitUntil(lambda: composite.GetForegroundOpacity() == 0.0)
    panel.pair.blinkButton.click()
    assert shown(composite) == before
    panel.pair.blinkButton.click()
    panel.exit()
    assert shown(composite) == before and not panel.pair.blinkButton.checked
    processEvents(0.2)
    assert shown(composite) == before


def test_second_is_blended_over_the_first_by_hand(panel) -> None:
    first, second = add_volume("one"), add_volume("two")
    composite = slice_composite()
    tick(panel, "one", "two")
    panel.pair.fadeSlider.value = 40
    assert shown(composite) == (first.GetID(), second.GetID(), 0.4)
    panel.firstBox.currentIndex = 1  # B itself: nothing to blend
    assert composite.GetForegroundVolumeID() is None and not panel.pair.fadeSlider.enabled


@pytest.mark.parametrize("isBlinking", [False, True], ids=["difference", "blink"])
def test_volume_removed_while_it_is_compared_leaves_the_views_as_before(panel, parameters, isBlinking: bool) -> None:
    first, second = add_volume("one"), add_volume("two")
    composite = slice_composite()
    composite.SetBackgroundVolumeID(first.GetID())
    tick(panel, "one", "two")
    panel.pair.blinkButton.click() if isBlinking else panel.pair.differenceButton.click()
    slicer.mrmlScene.RemoveNode(second)
    parameters.compared = [first]
    button = panel.pair.blinkButton
    waitUntil(lambda: not button.checked and not panel.pair.isBusy and not button.enabled)
    assert shown(composite)[0] == first.GetID()


def test_all_get_the_window_of_the_first(panel) -> None:
    nodes = [add_volume(name) for name in ("one", "two", "three")]
    nodes[0].GetDisplayNode().SetWindowLevel(480, 2500)
    tick(panel, "one", "two", "three")
    panel.windowButton.click()
    for node in nodes:
        assert (node.GetDisplayNode().GetWindow(), node.GetDisplayNode().GetLevel()) == (480, 2500)


@pytest.mark.parametrize("planes", ComparedPlanes)
@pytest.mark.parametrize("count", range(2, 7))
def test_layout_has_a_view_of_each_plane_for_every_volume(count: int, planes: ComparedPlanes) -> None:
    root = slicer.vtkMRMLLayoutNode.ParseLayout(layoutText(count, planes))
    rows = [root.GetNestedElement(row).GetNestedElement(0) for row in range(root.GetNumberOfNestedElements())]
    views = [row.GetNestedElement(item).GetNestedElement(0) for row in rows for item in range(_items(row))]
    assert len({view.GetAttribute("singletontag") for view in views}) == count * len(planes.value)
    assert max(map(_items, rows)) <= (max(count, 3) if len(planes.value) > 1 else 3)


def _items(row: vtk.vtkXMLDataElement) -> int:
    return row.GetNumberOfNestedElements()


@pytest.mark.skipif(slicer.app.layoutManager() is not None, reason="there are views")
def test_side_by_side_needs_views_and_says_so(panel) -> None:
    add_volume("one")
    add_volume("two")
    tick(panel, "one", "two")
    assert not panel.sideBySide.showButton.enabled and "without its window" in panel.sideBySide.showButton.toolTip
    assert panel.pair.differenceButton.enabled


@needs_views
@pytest.mark.parametrize("planes", [ComparedPlanes.AXIAL, ComparedPlanes.ALL])
@pytest.mark.parametrize("count", [2, 4])
def test_side_by_side_every_view_shows_its_volume_at_the_same_place_and_scale(
    panel, count: int, planes: ComparedPlanes
) -> None:
    manager = slicer.app.layoutManager()
    manager.setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView)
    nodes = [add_volume(f"volume {number}", (STRAIGHT, OBLIQUE)[number % 2]) for number in range(count)]
    tick(panel, *(node.GetName() for node in nodes))
    panel.sideBySide.planesBox.currentIndex = list(ComparedPlanes).index(planes)
    panel.sideBySide.showButton.click()
    processEvents(0.2)
    assert manager.layout == LAYOUT
    views = [node for node in slicer.util.getNodesByClass("vtkMRMLSliceNode") if node.IsMappedInLayout()]
    assert len(views) == count * len(planes.value)
    composites = [slicer.app.applicationLogic().GetSliceLogic(view).GetSliceCompositeNode() for view in views]
    assert {node.GetBackgroundVolumeID() for node in composites} == {node.GetID() for node in nodes}
    assert all(node.GetLinkedControl() for node in composites)
    scales = [view.GetFieldOfView()[axis] / view.GetDimensions()[axis] for view in views for axis in (0, 1)]
    assert max(scales) / min(scales) == pytest.approx(1, abs=0.02)
    ras = (5.125, -3.5, 2.75)
    slicer.vtkMRMLSliceNode.JumpAllSlices(slicer.mrmlScene, *ras)
    for view in views:
        matrix = slicer.util.arrayFromVTKMatrix(view.GetSliceToRAS())
        assert abs((np.array(ras) - matrix[:3, 3]) @ matrix[:3, 2]) < 1e-3
    panel.pair.endButton.click()
    assert manager.layout == slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView


def test_nothing_is_left_behind_by_the_compare_panel() -> None:
    slicer.mrmlScene.Clear(0)
    nodes = [add_volume("one"), add_volume("two")]
    slice_composite()
    parameters = PanelParameters()
    parameters.compared = nodes
    with assertNoLeakedObservers():
        panel = ComparePanel()
        panel.setParameters(parameters)
        panel.enter()
        subtract(panel)
        panel.pair.endButton.click()
        panel.pair.blinkButton.click()
        panel.exit()
        panel.cleanup()
    slicer.mrmlScene.Clear(0)
