"""The module's panel, clicked as a user does: choosing masks, placing, turning, comparing, exporting, removing."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from vtk.util.numpy_support import vtk_to_numpy

from application import (
    EventLoopGap,
    enter,
    exit_,
    moduleWidget,
    processEvents,
    qt,
    slicer,
    vtk,
    waitUntil,
)
from copied_study import copied_study
from ct_volumes import UNEVEN_HEIGHTS, write_ct_series
from DicomSuiteLib.closed_surface import Surface, mesh_volume
from DicomSuiteLib.ephemeral_folder import ephemeral_folder
from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.slice_transform import are_slices_in_place, set_slice_transform, slice_grid_of
from DicomSuiteLib.synthetic_study import SyntheticStudy
from DicomSuiteLib.tasks import State
from DicomSuiteRTOverlayGui.masks_panel import KIND
from DicomSuiteRTOverlayGui.own_nodes import PASSING, Role, ownNodes
from DicomSuiteRTOverlayGui.results_panel import VERDICT
from panel_places import database_of, private_places
from saved_scenes import saved_and_loaded

TIMEOUT_S = 90
LONGEST_GAP_S = 0.2
ATTEMPTS = 3
"""The machine may be busy with something else."""
SHAPE = (20, 40, 48)
PLACE = ImageGeometry(SHAPE[::-1], (1.5, 1.5, 2.5), (-30.0, -25.0, 40.0), ((1, 0, 0), (0, 1, 0), (0, 0, 1)))
RAS_FROM_LPS = np.array([-1.0, -1.0, 1.0])


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> SyntheticStudy:
    return copied_study(tmp_path_factory.mktemp("overlay") / "study")


@pytest.fixture
def widget(tmp_path: Path) -> Iterator[object]:
    """The module, entered, with an empty scene and an empty database."""
    slicer.mrmlScene.Clear(0)
    with private_places(tmp_path), database_of(tmp_path / "database"):
        widget = moduleWidget("DicomSuiteRTOverlay")
        enter(widget)
        slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)  # the application always has it
        yield widget
        widget.panel.activity.cleanup()
        exit_(widget)
        slicer.mrmlScene.Clear(0)


def load_series(folder: Path) -> list[str]:
    """Import a folder and load its images; the UIDs of all its series."""
    from DICOMLib import DICOMUtils

    database = slicer.dicomDatabase
    DICOMUtils.importDicom(str(folder), database, False)
    series = DICOMUtils.allSeriesUIDsInDatabase(database)
    DICOMUtils.loadSeriesByUID([uid for uid in series if database.fieldForSeries("Modality", uid) == "CT"])
    return series


def head() -> np.ndarray:
    """A picture without any symmetry: a bright ball in a body that fills one corner more than the others."""
    k, j, i = np.indices(SHAPE)
    body = ((i - 22) / 20) ** 2 + ((j - 19) / 16) ** 2 + ((k - 9) / 12) ** 2 < 1
    wedge = body & (i + 2 * j + 3 * k < 70)
    return np.where(ball() > 0, 300, np.where(wedge, 120, np.where(body, 40, -1000))).astype(np.int16)


def ball() -> np.ndarray:
    """The mask: labels 1 and 2, off centre."""
    k, j, i = np.indices(SHAPE)
    distance = ((i - 33) / 6) ** 2 + ((j - 14) / 5) ** 2 + ((k - 12) / 4) ** 2
    return np.where(distance < 1, np.where(i < 33, 1, 2), 0).astype(np.uint8)


def add_volume(name: str = "head"):
    """A volume that has no files."""
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name)
    slicer.util.updateVolumeFromArray(node, head())
    PLACE.set_on_volume_node(node)
    node.CreateDefaultDisplayNodes()
    return node


def write_mask(path: Path, labels: np.ndarray, *, is_placed: bool = True) -> Path:
    image = sitk.GetImageFromArray(labels)
    if is_placed:
        PLACE.set_on_sitk(image)
    sitk.WriteImage(image, str(path))
    return path


def place(widget, *paths: Path) -> list:
    """Add files, press "Place masks" and wait; the entries of the table."""
    widget.panel.masks.addFiles([str(path) for path in paths])
    return press_place(widget)


def press_place(widget) -> list:
    press(widget, widget.ui.placeButton)
    assert widget.panel.entries, message(widget)
    return list(widget.panel.entries)


def press(widget, button) -> None:
    assert button.enabled, button.toolTip
    button.click()
    waitUntil(lambda: not widget.panel.activity.isBusy, TIMEOUT_S)


def settle_waiting(widget) -> None:
    """Accept the likeliest place of every mask that waits."""
    for row, entry in enumerate(widget.panel.entries):
        if entry.state == "waits":
            widget.panel.results.table.setCurrentCell(row, 0)
            press(widget, widget.panel.choice.acceptButton)


def middle_of(node) -> np.ndarray:
    """LPS mm of the middle of all segments, as the views show them."""
    bounds = [0.0] * 6
    node.GetRASBounds(bounds)
    return np.array([(bounds[axis] + bounds[axis + 1]) / 2 for axis in (0, 2, 4)]) * RAS_FROM_LPS


def node_count() -> int:
    return slicer.mrmlScene.GetNumberOfNodes()


def mask_of(node, number: int, volume) -> np.ndarray:
    """One segment on the voxels of the volume."""
    name = node.GetSegmentation().GetNthSegmentID(number)
    return slicer.util.arrayFromSegmentBinaryLabelmap(node, name, volume) > 0


def verdicts(widget) -> list[str]:
    table = widget.panel.results.table
    return [table.item(row, VERDICT).text() for row in range(table.rowCount)]


def message(widget) -> str:
    return widget.panel.activity.message.text


def left_on_disk() -> list[Path]:
    return [path for path in ephemeral_folder().rglob("*") if path.is_file()]


def test_home_hands_over_series_and_their_masks_are_ticked_and_placed(widget, study: SyntheticStudy) -> None:
    series = load_series(study.folder)
    widget.useSeries(series)
    table = widget.panel.masks.table
    assert [table.item(row, KIND).text() for row in range(table.rowCount)] == ["RTSTRUCT"]
    (entry,) = press_place(widget)
    names = [entry.node.GetSegmentation().GetNthSegment(number).GetName() for number in range(3)]
    assert entry.state == "placed" and len(set(names)) == 3
    volume = widget._parameterNode.volume
    assert entry.node.GetNodeReferenceID(entry.node.GetReferenceImageGeometryReferenceRole()) == volume.GetID()
    assert all(mask_of(entry.node, number, volume).any() for number in range(3))


def test_mask_lands_voxel_for_voxel_on_a_volume_of_the_database(widget, study: SyntheticStudy) -> None:
    load_series(study.folder)
    (entry,) = place(widget, study.mask_file)
    truth = sitk.GetArrayFromImage(sitk.ReadImage(str(study.mask_file))) > 0
    assert verdicts(widget) == ["placed"]
    assert np.array_equal(mask_of(entry.node, 0, widget._parameterNode.volume), truth)
    assert entry.node.GetName() == "lesion"
    assert left_on_disk() == []
    saved = entry.node.GetAttribute("DicomSuiteRTOverlay.Facts")
    assert not [value for value in study.planted if value in saved] and str(study.folder) not in saved


def test_volume_without_files_is_handed_over_and_the_mask_moves_with_it(widget, tmp_path: Path) -> None:
    volume = add_volume()
    registration = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    volume.SetAndObserveTransformNodeID(registration.GetID())
    (entry,) = place(widget, write_mask(tmp_path / "ball.nrrd", ball()))
    for number in range(2):
        assert np.array_equal(mask_of(entry.node, number, volume), ball() == number + 1)
    assert entry.node.GetParentTransformNode() is registration
    assert left_on_disk() == []


def test_nothing_freezes_while_a_mask_is_placed(widget, study: SyntheticStudy) -> None:
    load_series(study.folder)
    widget.panel.masks.addFiles([str(study.mask_file)])
    for _attempt in range(ATTEMPTS):
        with EventLoopGap() as gap:
            press_place(widget)
        if gap.seconds < LONGEST_GAP_S:
            return
    raise AssertionError(f"no event was handled for {gap.seconds} s")


def test_placing_again_takes_the_place_of_the_first_result_until_the_user_deletes_it(widget, tmp_path: Path) -> None:
    add_volume()
    path = write_mask(tmp_path / "ball.nrrd", ball())
    place(widget, path)
    before = node_count()
    (entry,) = place(widget, path)
    assert node_count() == before
    slicer.mrmlScene.RemoveNode(entry.node)
    processEvents()
    assert widget.panel.entries == () and not widget.panel.measures.measureButton.enabled


def test_bad_files_leave_the_scene_as_it_was_and_the_panel_says_why(widget, tmp_path: Path) -> None:
    add_volume()
    contents = {"empty": b"", "text": b"no mask at all", "cut": b"NRRD0004\ntype: uint8\n"}
    paths = [tmp_path / f"{name}.nrrd" for name in contents]
    for path, content in zip(paths, contents.values(), strict=True):
        path.write_bytes(content)
    processEvents()
    before = node_count()
    entries = place(widget, *paths)
    assert node_count() == before and not any(entry.nodeID for entry in entries)
    assert verdicts(widget) == ["refused"] * 3 and "3 refused" in message(widget)
    for row, name in enumerate(contents):
        widget.panel.results.table.setCurrentCell(row, 0)
        assert f"{name}.nrrd" in widget.panel.results.reasonLabel.text
        assert not widget.panel.choice.acceptButton.enabled
    assert left_on_disk() == []


def test_flip_is_shown_at_once_can_be_taken_back_and_is_laid_down_by_accept(widget, tmp_path: Path) -> None:
    volume = add_volume()
    (entry,) = place(widget, write_mask(tmp_path / "ball.nrrd", ball()))
    before, choice = node_count(), widget.panel.choice
    assert not choice.acceptButton.enabled
    for take_back in (choice.resetButton.click, lambda: exit_(widget)):
        choice.turnButtons["turn-k"].click()
        assert node_count() == before + 1 and choice.resetButton.enabled
        take_back()
        assert node_count() == before and entry.node.GetParentTransformNode() is None
    enter(widget)
    choice.resetButton.click()
    choice.turnButtons["flip-i"].click()
    flipped = ball()[:, :, ::-1]
    inside = np.argwhere(flipped > 0)[:, ::-1]
    middle = PLACE.lps_from_ijk((inside.min(axis=0) + inside.max(axis=0)) / 2)
    assert middle_of(entry.node) == pytest.approx(middle, abs=0.01)
    press(widget, choice.acceptButton)
    for number in range(2):
        assert np.array_equal(mask_of(entry.node, number, volume), flipped == number + 1)
    assert verdicts(widget) == ["chosen"]
    assert ownNodes(PASSING) == [] and entry.node.GetParentTransformNode() is None
    choice.turnButtons["flip-k"].click()  # from where the mask lies now
    press(widget, choice.acceptButton)
    assert np.array_equal(mask_of(entry.node, 0, volume), flipped[::-1] == 1)


def test_segmentations_are_compared_measured_and_all_removed(widget, tmp_path: Path) -> None:
    volume = add_volume()
    processEvents()
    before = node_count()
    first, second = (ball() == 1).astype(np.uint8), np.roll(ball() == 1, 1, axis=1).astype(np.uint8)
    entries = place(widget, write_mask(tmp_path / "a.nrrd", first), write_mask(tmp_path / "b.nrrd", second))
    settle_waiting(widget)
    panel = widget.panel.measures
    press(widget, panel.compareButton)
    (differences,) = ownNodes([Role.DIFFERENCES])
    expected = {"both": first & second, "only in A": first & ~second, "only in B": second & ~first}
    for number, (words, mask) in enumerate(expected.items()):
        assert differences.GetSegmentation().GetNthSegment(number).GetName().endswith(words)
        assert np.array_equal(mask_of(differences, number, volume), mask > 0)
    dice = 2 * (first & second).sum() / (first.sum() + second.sum())
    (pairs,) = ownNodes([Role.PAIR_MEASURES])
    assert pairs.GetTable().GetColumnByName("dice").GetValue(0) == pytest.approx(dice)
    assert panel.pairsTable.item(0, 1).text() == f"{dice:.4g}"
    assert not entries[0].node.GetDisplayNode().GetVisibility2DFill()
    panel.endButton.click()
    assert ownNodes([Role.DIFFERENCES, Role.PAIR_MEASURES]) == []
    assert entries[0].node.GetDisplayNode().GetVisibility2DFill()
    press(widget, panel.measureButton)
    (table,) = ownNodes([Role.MEASURES])
    columns = table.GetTable()
    assert [columns.GetColumnByName("voxel_count").GetValue(row) for row in range(2)] == [first.sum(), second.sum()]
    assert [columns.GetColumnByName("mask").GetValue(row) for row in range(2)] == ["a", "b"]
    assert table.GetColumnUnitLabel("voxel_volume_mm3") == "mm³" and table.GetColumnDescription("voxel_volume_mm3")
    assert panel.measuresTable.rowCount == 2
    assert not widget.ui.exportSegBox.enabled and "DICOM" in widget.ui.exportSegBox.toolTip
    widget.panel.choice.turnButtons["flip-j"].click()
    widget.ui.removeButton.click()
    assert node_count() == before and ownNodes() == []
    assert widget.panel.entries == () and not widget.ui.removeButton.enabled


def test_look_follows_the_controls_and_surfaces_hold_the_volume_of_their_voxels(widget, tmp_path: Path) -> None:
    add_volume()
    (entry,) = place(widget, write_mask(tmp_path / "ball.nrrd", ball()))
    widget.ui.fillOpacitySlider.value = 25
    widget.ui.outlineOpacitySlider.value = 75
    display = entry.node.GetDisplayNode()
    assert (display.GetOpacity2DFill(), display.GetOpacity2DOutline()) == pytest.approx((0.25, 0.75))
    press(widget, widget.ui.show3DButton)
    assert display.GetVisibility3D()
    mesh = entry.node.GetSegmentation().GetNthSegment(0).GetRepresentation("Closed surface")
    triangles = vtk_to_numpy(mesh.GetPolys().GetConnectivityArray()).reshape(-1, 3)
    surface = Surface(vtk_to_numpy(mesh.GetPoints().GetData()).astype(float), triangles)
    voxels = (ball() == 1).sum() * np.prod(PLACE.spacing)
    assert mesh_volume(surface) == pytest.approx(voxels, rel=0.02)
    middle = (surface.points.min(axis=0) + surface.points.max(axis=0)) / 2 * RAS_FROM_LPS
    inside = np.argwhere(ball() == 1)[:, ::-1]
    assert middle == pytest.approx(PLACE.lps_from_ijk((inside.min(axis=0) + inside.max(axis=0)) / 2), abs=0.5)
    widget.panel.choice.turnButtons["flip-i"].click()
    assert not display.GetVisibility3D()  # a mirrored surface would show its inside
    press(widget, widget.panel.choice.acceptButton)
    assert display.GetVisibility3D() and entry.node.GetSegmentation().ContainsRepresentation("Closed surface")
    widget.ui.show3DButton.click()
    assert not display.GetVisibility3D()


def test_folder_is_searched_for_masks_and_one_without_says_so(widget, tmp_path: Path) -> None:
    add_volume()
    masks, empty = tmp_path / "masks", tmp_path / "empty"
    (masks / "deep").mkdir(parents=True)
    empty.mkdir()
    write_mask(masks / "deep" / "ball.nrrd", ball())
    panel = widget.panel.masks
    panel.addFolder(str(empty))
    waitUntil(lambda: "no NRRD" in panel.statusLabel.text)
    panel.addFolder(str(masks))
    waitUntil(lambda: panel.chosen)
    assert [source.name for source in panel.chosen] == ["ball.nrrd"]


def test_mask_that_could_lie_in_several_places_waits_for_a_choice(widget, tmp_path: Path) -> None:
    volume = add_volume()
    labels = np.zeros(SHAPE, np.uint8)  # nothing in the picture tells where it belongs
    labels[3:6, 5:8, 4:9] = 1
    (entry,) = place(widget, write_mask(tmp_path / "anywhere.nrrd", labels, is_placed=False))
    assert verdicts(widget) == ["choose"] and entry.state == "waits"
    choice = widget.panel.choice
    assert choice.list.count > 1 and not choice.list.item(0).icon().isNull()
    assert len(ownNodes([Role.PREVIEW])) == 1  # the likeliest place is shown
    (turn,) = ownNodes([Role.TURN])
    first, second = vtk.vtkMatrix4x4(), vtk.vtkMatrix4x4()
    turn.GetMatrixTransformToParent(first)
    choice.list.setCurrentRow(1)
    turn.GetMatrixTransformToParent(second)
    assert slicer.util.arrayFromVTKMatrix(first) != pytest.approx(slicer.util.arrayFromVTKMatrix(second))
    press(widget, choice.acceptButton)
    assert entry.state == "placed" and verdicts(widget) == ["chosen"]
    assert ownNodes(PASSING) == []
    assert mask_of(entry.node, 0, volume).sum() == labels.sum()


def test_masks_of_the_scene_are_offered_and_follow_the_transform_they_have(widget) -> None:
    volume = add_volume()
    labelmap = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", "drawn")
    slicer.util.updateVolumeFromArray(labelmap, np.roll(ball(), 3, axis=2))
    shift = np.eye(4)
    shift[0, 3] = 4.5  # mm to the right, three voxels
    PLACE.set_on_volume_node(labelmap)
    transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    transform.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(shift))
    labelmap.SetAndObserveTransformNodeID(transform.GetID())
    processEvents()
    table = widget.panel.masks.table
    assert table.rowCount == 1
    table.item(0, 0).setCheckState(qt.Qt.Checked)
    (entry,) = press_place(widget)
    assert np.array_equal(mask_of(entry.node, 0, volume), ball() == 1)


@contextlib.contextmanager
def without_acquisition_transform() -> Iterator[None]:
    """Slicer's own reader leaves slices that are not evenly spaced as they are."""
    settings, key = qt.QSettings(), "DICOM/ScalarVolume/AcquisitionGeometryRegularization"
    settings.setValue(key, "none")
    yield
    settings.remove(key)


def slice_positions(volume) -> list[list[float]]:
    """ImagePositionPatient of every slice of a volume that was loaded from the database."""
    instances = volume.GetAttribute("DICOM.instanceUIDs").split()
    texts = [slicer.dicomDatabase.instanceValue(instance, "0020,0032") for instance in instances]
    return [[float(part) for part in text.split("\\")] for text in texts]


@pytest.mark.parametrize("isInPlace", [False, True], ids=["as-loaded", "moved-before"])
@pytest.mark.parametrize("kind", [{"heights": UNEVEN_HEIGHTS}, {"tilt": 0.25}], ids=["uneven", "tilted"])
def test_every_slice_lies_at_its_position_and_its_mask_with_it(
    widget, tmp_path: Path, kind: dict, isInPlace: bool
) -> None:
    shape = (10, 24, 32)
    write_ct_series(tmp_path / "ct", shape, **kind)
    with without_acquisition_transform():
        load_series(tmp_path / "ct")
    volume = widget._parameterNode.volume
    place_, positions = ImageGeometry.from_volume_node(volume), slice_positions(volume)
    if isInPlace:  # as Slicer's reader does where its settings ask for it
        acquisition = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLGridTransformNode")
        set_slice_transform(acquisition, place_, positions)
        volume.SetAndObserveTransformNodeID(acquisition.GetID())
    former = volume.GetParentTransformNode()
    labelmap = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", "drawn")
    labels = np.zeros(shape, np.uint8)
    for k in range(1, 9):
        labels[k, 2 + k : 6 + k, 3:9] = 1
    slicer.util.updateVolumeFromArray(labelmap, labels)
    place_.set_on_volume_node(labelmap)
    labelmap.SetAndObserveTransformNodeID(volume.GetTransformNodeID())
    processEvents()
    widget.panel.masks.table.item(0, 0).setCheckState(qt.Qt.Checked)
    (entry,) = press_place(widget)
    mover = volume.GetParentTransformNode()
    isNeeded = not isInPlace and not are_slices_in_place(place_, positions)  # Slicer's own reader can hold tilted axes
    assert ownNodes([Role.SLICES]) == ([mover] if isNeeded else [])
    assert isNeeded == ("own position" in message(widget))
    assert entry.node.GetParentTransformNode() is mover
    assert np.array_equal(mask_of(entry.node, 0, volume), labels > 0)
    assert np.array(slice_grid_of(volume).positions) == pytest.approx(np.array(positions), abs=0.01)
    press(widget, widget.panel.measures.measureButton)  # what was placed is handed over again
    (table,) = ownNodes([Role.MEASURES])
    assert table.GetTable().GetColumnByName("voxel_count").GetValue(0) == labels.sum()
    widget.ui.removeButton.click()
    assert volume.GetParentTransformNode() is former and ownNodes() == []


def test_volume_that_was_moved_since_it_was_loaded_is_taken_from_the_scene(widget, study: SyntheticStudy) -> None:
    load_series(study.folder)
    volume = widget._parameterNode.volume
    origin = volume.GetOrigin()
    volume.SetOrigin(origin[0] + 5.0, origin[1], origin[2])  # two voxels
    (entry,) = place(widget, study.mask_file)
    truth = sitk.GetArrayFromImage(sitk.ReadImage(str(study.mask_file))) > 0
    assert np.array_equal(mask_of(entry.node, 0, volume), np.roll(truth, 2, axis=2))


def test_loaded_scene_brings_masks_verdicts_and_measures_back(widget, tmp_path: Path) -> None:
    add_volume()
    place(widget, write_mask(tmp_path / "ball.nrrd", ball()))
    press(widget, widget.panel.measures.measureButton)
    widget.panel.choice.turnButtons["flip-j"].click()  # not accepted, so not saved
    reason = widget.panel.entries[0].facts["reason"]
    saved_and_loaded(tmp_path / "scene")
    (entry,) = widget.panel.entries
    volume = widget._parameterNode.volume
    assert volume.GetName() == "head" and entry.volumeNode is volume
    assert verdicts(widget) == ["placed"] and entry.facts["reason"] == reason
    assert np.array_equal(mask_of(entry.node, 0, volume), ball() == 1)
    assert entry.node.GetSegmentation().GetNthSegment(0).GetName()
    assert len(ownNodes([Role.MEASURES])) == 1 and ownNodes(PASSING) == []
    for turn in ("flip-i", "flip-k"):
        widget.panel.choice.turnButtons[turn].click()
        press(widget, widget.panel.choice.acceptButton)
    assert np.array_equal(mask_of(entry.node, 0, volume), ball()[::-1, :, ::-1] == 1)


def test_cancel_stops_at_once_and_changes_nothing(widget, study: SyntheticStudy) -> None:
    load_series(study.folder)
    widget.panel.masks.addFiles([str(study.mask_file)])
    before = node_count()
    widget.ui.placeButton.click()
    activity = widget.panel.activity
    assert activity.isBusy and not activity.widget.isHidden()
    assert not widget.ui.placeButton.enabled and widget.ui.placeButton.toolTip
    processEvents(0.5)
    activity.progress.cancelButton.click()
    assert not activity.isBusy and "Cancelled" in message(widget)
    assert node_count() == before and left_on_disk() == []


def test_volume_that_is_removed_meanwhile_is_no_accident(widget, tmp_path: Path) -> None:
    volume = add_volume()
    widget.panel.masks.addFiles([str(write_mask(tmp_path / "ball.nrrd", ball()))])
    widget.ui.placeButton.click()
    slicer.mrmlScene.RemoveNode(volume)
    waitUntil(lambda: not widget.panel.activity.isBusy, TIMEOUT_S)
    assert "removed" in message(widget) and ownNodes() == []


def test_export_is_a_job_that_writes_the_ticked_formats(widget, study: SyntheticStudy) -> None:
    load_series(study.folder)
    place(widget, study.mask_file)
    for box in (widget.ui.exportNrrdBox, widget.ui.exportRtstructBox, widget.ui.exportPlyBox):
        box.click()
    panel = widget.panel.export
    assert panel.frame.exportButton.enabled, panel.frame.exportButton.toolTip
    panel.frame.exportButton.click()
    job = waitUntil(lambda: panel.job is not None and not panel.isBusy and panel.job, TIMEOUT_S)
    assert job.state is State.SUCCESS, job.reason
    labels, rtstruct, segments, surface = (
        next(Path(job.request.output).glob(f"1-lesion*{end}"), None)
        for end in ("-labels.nrrd", "-rtstruct.dcm", "-segments.seg.nrrd", ".ply")
    )
    assert labels and rtstruct and segments and surface
    exported = sitk.GetArrayFromImage(sitk.ReadImage(str(labels)))
    truth = sitk.GetArrayFromImage(sitk.ReadImage(str(study.mask_file)))
    assert np.array_equal(exported > 0, truth > 0)
    waitUntil(lambda: left_on_disk() == [])
    assert "4 files written" in panel.frame.statusLabel.text


def test_buttons_that_cannot_work_say_why(widget) -> None:
    panel = widget.panel
    buttons = [widget.ui.placeButton, widget.ui.removeButton, panel.choice.acceptButton, panel.choice.resetButton]
    buttons += [panel.measures.measureButton, panel.measures.compareButton, panel.export.frame.exportButton]
    for button in buttons:
        assert not button.enabled and button.toolTip
    assert "Choose a volume first." in widget.ui.placeButton.toolTip
    add_volume()
    processEvents()
    assert "Tick or add a mask first." in widget.ui.placeButton.toolTip
