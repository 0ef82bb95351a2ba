"""The module's panel, clicked as a user does: modes, surfaces, table and crop box, reset, exports, bad input."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from application import EventLoopGap, enter, exit_, moduleWidget, processEvents, slicer, vtk, waitUntil
from copied_study import copied_study
from DicomSuiteGui.stored_settings import storedSettings
from DicomSuiteRenderGui.crop_roi import existingRoi
from DicomSuiteRenderGui.export_choices import SliceFormat, SlicePlanes, SurfaceFormat, TurntableFormat
from DicomSuiteRenderGui.mode_words import modeLabel, modeToolTip
from DicomSuiteRenderGui.modes_panel import FOLDER
from DicomSuiteRenderGui.view_targets import shownViews
from DicomSuiteRenderLib.built_in_modes import built_in_modes
from DicomSuiteRenderLib.mode_dump import mode_dump
from DicomSuiteRenderLib.mode_files import MODE_FORMAT, own_mode
from DicomSuiteRenderLib.mode_surfaces import visible_surfaces
from DicomSuiteRenderLib.own_nodes import is_own
from DicomSuiteRenderLib.preset_folder import PresetFolder
from DicomSuiteRenderLib.render_mode import Technique
from panel_places import database_of, private_places
from saved_scenes import saved_and_loaded
from scene_panels import slice_composite
from view_phantoms import ball_node

TIMEOUT_S = 60
LONGEST_GAP_S = 0.3
"""With what drawing the view takes where software does it."""
ATTEMPTS = 3
"""The machine may be busy with something else."""
SIZE = (200, 160)


@pytest.fixture
def widget(tmp_path: Path) -> Iterator[object]:
    """The module, entered, with an empty scene and an empty database."""
    slicer.mrmlScene.Clear(0)
    with private_places(tmp_path), database_of(tmp_path / "database"):
        widget = moduleWidget("DicomSuiteRender")
        enter(widget)
        yield widget
        exit_(widget)
        slicer.mrmlScene.Clear(0)


@pytest.fixture
def ball(widget):
    """A CT in the scene, chosen."""
    node = ball_node()
    widget._parameterNode.volume = node
    waitUntil(lambda: widget.panel.modes.buttons["mip"].enabled)
    return node


def view_of(widget):
    return widget.panel._target.current(widget.ui.viewBox.currentNode())


def dump(widget) -> dict:
    return mode_dump(widget._parameterNode.volume, view_of(widget))


def settle(widget) -> None:
    processEvents()
    waitUntil(lambda: not widget.panel.display.isBusy, TIMEOUT_S)


def click(widget, key: str) -> None:
    button = widget.panel.modes.buttons[key]
    assert button.enabled, button.toolTip
    button.click()
    settle(widget)
    assert button.checked, widget.panel.display.messageLabel.text


def message(widget) -> str:
    return widget.panel.display.messageLabel.text


def export(widget, folder: Path, **choices: object) -> str:
    """Tick nothing but these, press "Export" and wait; what the panel says then."""
    parameters, panel = widget._parameterNode, widget.panel.export
    ticked = dict.fromkeys(("exportView", "exportTurntable", "exportSlices", "exportSurfaces"), False)
    size = dict(zip(("pictureWidth", "pictureHeight"), SIZE, strict=True))
    for name, value in (ticked | size | choices).items():
        parameters.setValue(name, value)
    panel.frame.folderEdit.currentPath = str(folder)
    assert panel.frame.exportButton.enabled, panel.frame.exportButton.toolTip
    panel.frame.exportButton.click()
    waitUntil(lambda: not panel.run.isBusy, TIMEOUT_S)
    return panel.frame.statusLabel.text


def written(folder: Path) -> dict[str, Path]:
    """Files of the one export in a folder, by their names in it."""
    (result,) = folder.iterdir()
    return {path.relative_to(result).as_posix(): path for path in sorted(result.rglob("*")) if path.is_file()}


def boundary_edges(path: Path) -> int:
    """Edges of a mesh file that belong to one triangle only."""
    reader, merged, edges = vtk.vtkSTLReader(), vtk.vtkCleanPolyData(), vtk.vtkFeatureEdges()
    reader.SetFileName(str(path))
    merged.SetInputConnection(reader.GetOutputPort())
    edges.SetInputConnection(merged.GetOutputPort())
    edges.FeatureEdgesOff()
    edges.ManifoldEdgesOff()
    edges.Update()
    assert merged.GetOutput().GetNumberOfCells() > 0
    return edges.GetOutput().GetNumberOfCells()


def test_every_built_in_mode_has_a_short_label_and_a_sentence_of_its_own() -> None:
    labels = [modeLabel(mode) for mode in built_in_modes()]
    assert len(set(labels)) == len(labels) and all(len(label) <= 12 for label in labels)
    assert all(modeToolTip(mode) != mode.name for mode in built_in_modes())


def test_one_click_sets_what_each_mode_specifies_technique_included(widget, ball) -> None:
    modes = {mode.key: mode for mode in built_in_modes()}
    assert set(widget.panel.modes.buttons) == {key for key in modes if not key.startswith(("pet-", "mr"))}
    for key in widget.panel.modes.buttons:
        click(widget, key)
        shown, mode = dump(widget), modes[key]
        assert (shown["volume"] is None) == (mode.look is None), key
        if mode.look is not None:
            assert shown["volume"]["look"]["technique"] == mode.look.technique, key
        assert [surface["name"] for surface in shown["surfaces"]] == [level.name for level in mode.levels], key
        assert shown["view"]["background"] == mode.background and shown["others"] == 0, key
        assert widget._parameterNode.mode == key and widget._parameterNode.removeTable == mode.removes_table
        checked = [name for name, button in widget.panel.modes.buttons.items() if button.checked]
        assert checked == [key]


def test_a_second_click_changes_nothing_and_reset_brings_back_what_was_there(widget, ball) -> None:
    processEvents()
    click(widget, "mip")
    first = dump(widget)
    click(widget, "skin-and-bone")
    click(widget, "mip")
    assert dump(widget) == first
    own = [node for node in slicer.util.getNodesByClass("vtkMRMLNode") if is_own(node)]
    assert own and widget.panel.modes.resetButton.enabled
    widget.panel.modes.resetButton.click()
    processEvents()
    assert dump(widget)["volume"] is None and dump(widget)["surfaces"] == []
    assert dump(widget)["view"]["technique"] == "Composite" and widget._parameterNode.mode == ""
    assert not any(button.checked for button in widget.panel.modes.buttons.values())
    assert not widget.panel.modes.resetButton.enabled and widget.panel.modes.resetButton.toolTip


def test_surfaces_follow_the_list_and_the_camera_stays(widget, ball) -> None:
    click(widget, "bone-surface")
    levels = widget.panel.levels
    assert [level.value for level in levels.levels] == [175] and levels.valueSlider.value == 175
    camera = dump(widget)["camera"]
    assert camera is None or camera["position"]
    levels.valueSlider.value = 400
    levels.addButton.click()
    levels.nameEdit.text = "Water"
    levels.nameEdit.textEdited.emit("Water")
    levels.valueSlider.value = -500
    levels.opacitySlider.value = 30
    waitUntil(lambda: len(dump(widget)["surfaces"]) == 2, TIMEOUT_S)
    settle(widget)
    shown = {surface["name"]: surface["opacity"] for surface in dump(widget)["surfaces"]}
    assert shown == {"Bone": 1, "Water": pytest.approx(0.3)} and dump(widget)["camera"] == camera
    bounds = {node.GetName(): np.ptp(np.reshape(node.GetPolyData().GetBounds(), (3, 2)), axis=1)
              for node in visible_surfaces(ball, view_of(widget))}  # fmt: skip
    assert bounds["Water"].max() == pytest.approx(50, abs=1) and bounds["Bone"].max() < 15
    levels.list.currentRow = 0
    levels.removeButton.click()
    waitUntil(lambda: [one["name"] for one in dump(widget)["surfaces"]] == ["Water"], TIMEOUT_S)


def test_ticks_for_table_and_crop_box_show_the_same_mode_again(widget, ball) -> None:
    click(widget, "mip")
    assert dump(widget)["volume"]["cropped by"] is None and not widget.ui.removeTableBox.checked
    widget.ui.cropBox.click()
    settle(widget)
    box = existingRoi(ball)
    assert dump(widget)["volume"]["cropped by"] == box.GetID() and box.GetDisplayVisibility()
    widget.ui.removeTableBox.click()
    settle(widget)
    assert widget.panel.display.shown(ball, view_of(widget)).mode.removes_table
    widget.ui.cropBox.click()
    settle(widget)
    assert dump(widget)["volume"]["cropped by"] is None and not box.GetDisplayVisibility()
    click(widget, "minip")
    assert not widget.ui.removeTableBox.checked


def test_only_the_volume_that_the_view_shows_has_a_marked_mode(widget, ball) -> None:
    click(widget, "mip")
    other = ball_node()
    widget._parameterNode.volume = other
    click(widget, "minip")
    widget._parameterNode.volume = ball
    settle(widget)
    assert not any(button.checked for button in widget.panel.modes.buttons.values())
    assert widget._parameterNode.mode == ""
    click(widget, "mip")
    assert dump(widget)["volume"]["look"]["technique"] is Technique.MAXIMUM


def test_volume_that_the_user_picks_is_shown_in_the_slices_and_has_no_message_of_another(widget, ball) -> None:
    composite = slice_composite()
    other = ball_node()
    widget.panel.display.say("The table was not removed.")
    widget.ui.volumeBox.setCurrentNode(other)
    widget.ui.volumeBox.nodeActivated.emit(other)
    assert widget._parameterNode.volume is other and not message(widget)
    assert composite.GetBackgroundVolumeID() == other.GetID()


def test_modes_relative_to_the_window_follow_it(widget, ball) -> None:
    click(widget, "mip")
    display = ball.GetScalarVolumeDisplayNode()
    display.SetAutoWindowLevel(False)
    display.SetWindowLevelMinMax(-200, 600)
    processEvents()
    points = dump(widget)["volume"]["look"]["opacity"]
    assert [value for value, _opacity in points] == [-200, 600]


def test_own_modes_are_offered_and_what_is_shown_can_be_saved(widget, ball) -> None:
    click(widget, "bone-surface")
    widget.panel.levels.valueSlider.value = 300
    waitUntil(lambda: widget.panel.modes.own is not None and not widget.panel.levels._settling.active)
    settle(widget)
    current = widget.panel.display.current(ball, view_of(widget))
    assert [level.value for level in current.levels] == [300]
    PresetFolder(storedSettings().store_folder() / FOLDER, MODE_FORMAT).save(own_mode("Cortex", current))
    exit_(widget)
    enter(widget)
    own = widget.panel.modes.own
    assert [mode.name for mode in own.presets] == ["Cortex"]
    click(widget, "mip")
    own.chosen.emit(own.presets[0])
    settle(widget)
    assert widget._parameterNode.mode == "own-cortex"
    assert [surface["name"] for surface in dump(widget)["surfaces"]] == ["Bone"]


def test_buttons_get_pictures_of_the_volume(widget, ball) -> None:
    modes = widget.panel.modes
    waitUntil(lambda: not modes.isPainting, TIMEOUT_S)
    pictures = {key: button.icon.pixmap(64, 64).toImage() for key, button in modes.buttons.items()}
    assert all(picture.width() > 0 for picture in pictures.values())
    assert pictures["bone-surface"] != pictures["mip"] != pictures["ct-mip"]


def test_nothing_freezes_while_a_surface_is_computed(widget, ball) -> None:
    for _attempt in range(ATTEMPTS):
        with EventLoopGap() as gap:
            click(widget, "skin-and-bone")
        if gap.seconds < LONGEST_GAP_S:
            return
        widget.panel.modes.resetButton.click()
    raise AssertionError(f"no event was handled for {gap.seconds} s")


def test_volume_that_goes_while_its_surface_is_computed_leaves_nothing(widget, ball) -> None:
    widget.panel.modes.buttons["bone-surface"].click()
    assert widget.panel.display.isBusy
    slicer.mrmlScene.RemoveNode(ball)
    settle(widget)
    assert "removed" in message(widget)
    processEvents()
    assert not [node for node in slicer.util.getNodesByClass("vtkMRMLModelNode") if is_own(node)]
    assert not widget.panel.modes.buttons["mip"].enabled
    assert not widget.panel.export.frame.exportButton.enabled


def test_cancel_leaves_the_view_as_it_was(widget, ball) -> None:
    click(widget, "mip")
    before = dump(widget)
    widget.panel.modes.buttons["skin-and-bone"].click()
    widget.panel.display.progress.cancelButton.click()
    assert dump(widget) == before and "Cancelled" in message(widget)
    processEvents(0.1)
    assert dump(widget) == before and widget.panel.modes.buttons["mip"].checked


@pytest.mark.parametrize(
    ("name", "shape", "reason"),
    [
        ("vtkMRMLScalarVolumeNode", (1, 20, 20), "single image"),
        ("vtkMRMLVectorVolumeNode", (8, 8, 8, 3), "3 values a voxel"),
    ],
)
def test_single_images_and_colours_are_refused_with_the_reason(
    widget, name: str, shape: tuple[int, ...], reason: str
) -> None:
    node = slicer.mrmlScene.AddNewNodeByClass(name, "bad")
    slicer.util.updateVolumeFromArray(node, np.zeros(shape, np.uint8))
    widget._parameterNode.volume = node
    waitUntil(lambda: reason in widget.ui.noticeLabel.text)
    button = widget.panel.modes.buttons["mip"]
    assert not button.enabled and reason in button.toolTip
    assert not widget.ui.cropBox.enabled and reason in widget.ui.cropBox.toolTip
    assert not widget.panel.export.frame.exportButton.enabled


def test_export_writes_complete_files_without_a_name_of_the_patient(widget, ball, tmp_path: Path) -> None:
    ball.SetName("Doe^Jane")
    click(widget, "bone-surface")
    assert widget._parameterNode.removeTable
    folder = tmp_path / "out"
    said = export(
        widget,
        folder,
        exportView=True,
        transparent=True,
        exportTurntable=True,
        turntableFrames=4,
        turntableFormat=TurntableFormat.PNG,
        exportSlices=True,
        slicePlane=SlicePlanes.SAGITTAL,
        sliceFormat=SliceFormat.PNG,
        exportSurfaces=True,
        surfaceFormat=SurfaceFormat.STL,
        exportReport=True,
    )
    files = written(folder)
    slices = [name for name in files if name.startswith("slices/sagittal_")]
    turns = [name for name in files if name.startswith("turntable-")]
    assert len(slices) == 64 and len(turns) == 4 and {"view.png", "report.html"} <= set(files), said
    with Image.open(files["view.png"]) as picture:
        assert picture.size == SIZE and picture.mode == "RGBA" and picture.getpixel((0, 0))[3] == 0
        assert np.asarray(picture)[..., 3].max() == 255
    with Image.open(files[slices[0]]) as picture:
        assert picture.size == (64, 64)
    assert boundary_edges(files["surface-1-Bone.stl"]) == 0
    assert not [path for path in files.values() if "Doe" in path.name or b"Doe" in path.read_bytes()]
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]


def test_slices_of_every_plane_become_one_animation_each(widget, ball, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    look = {"slicePlane": SlicePlanes.ALL, "sliceFormat": SliceFormat.WEBP}
    said = export(widget, folder, exportSlices=True, exportReport=True, **look)
    files = written(folder)
    assert set(files) == {"axial-sweep.webp", "coronal-sweep.webp", "sagittal-sweep.webp", "report.html"}, said
    with Image.open(files["coronal-sweep.webp"]) as film:
        assert film.n_frames == 64


def test_cancelled_export_leaves_nothing_and_an_unwritable_folder_says_so(widget, ball, tmp_path: Path) -> None:
    click(widget, "mip")
    parameters, panel = widget._parameterNode, widget.panel.export
    parameters.exportView, parameters.exportTurntable, parameters.turntableFrames = False, True, 500
    folder = tmp_path / "out"
    panel.frame.folderEdit.currentPath = str(folder)
    panel.frame.exportButton.click()
    waitUntil(lambda: panel.frame.progressBar.value > 0, TIMEOUT_S)
    panel.frame.cancelButton.click()
    assert not panel.run.isBusy and "Cancelled" in panel.frame.statusLabel.text
    assert list(folder.iterdir()) == []
    (tmp_path / "file").write_text("in the way")
    assert "file" in export(widget, tmp_path / "file", exportView=True)
    assert panel.frame.exportButton.enabled


def test_what_cannot_be_exported_says_why(widget, ball) -> None:
    parameters, button = widget._parameterNode, widget.panel.export.frame.exportButton
    parameters.exportView = False
    assert not button.enabled and "Tick" in button.toolTip
    parameters.exportSurfaces = True
    assert not button.enabled and "surface" in button.toolTip
    click(widget, "bone-surface")
    assert button.enabled


def test_home_hands_over_a_series_and_its_volume_is_chosen(widget, tmp_path: Path) -> None:
    from DICOMLib import DICOMUtils

    study = copied_study(tmp_path / "study")
    database = slicer.dicomDatabase
    DICOMUtils.importDicom(str(study.folder), database, False)
    series = DICOMUtils.allSeriesUIDsInDatabase(database)
    ball_node()
    DICOMUtils.loadSeriesByUID([uid for uid in series if database.fieldForSeries("Modality", uid) == "CT"])
    widget.useSeries(series)
    assert widget._parameterNode.volume.GetAttribute("DICOM.instanceUIDs")


def test_first_volume_that_users_see_is_chosen_where_none_is(widget) -> None:
    exit_(widget)
    hidden, shown = ball_node(), ball_node()
    hidden.SetHideFromEditors(True)
    enter(widget)
    assert widget._parameterNode.volume is shown


def test_mode_brings_up_a_3d_view_and_goes_to_the_chosen_one_of_several(widget, ball) -> None:
    layout = slicer.app.layoutManager()
    if layout is None:
        pytest.skip("there is no layout")
    before = layout.layout
    try:
        layout.setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutOneUpRedSliceView)
        processEvents()
        assert "no 3D view" in widget.ui.noticeLabel.text
        click(widget, "mip")
        assert shownViews() and not widget.ui.noticeLabel.text
        layout.setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutDual3DView)
        processEvents()
        first, second = shownViews()
        widget.ui.viewBox.setCurrentNode(second)
        assert not widget.panel.modes.buttons["mip"].checked
        click(widget, "minip")
        assert widget.panel.display.shown(ball, first).mode.key == "mip"
        assert widget.panel.display.shown(ball, second).mode.key == "minip"
    finally:
        layout.setLayout(before)


def test_mode_and_crop_box_are_known_again_when_the_scene_was_loaded(widget, ball, tmp_path: Path) -> None:
    if not shownViews():
        pytest.skip("a view in memory is not saved with the scene")
    click(widget, "skin-and-bone")
    saved_and_loaded(tmp_path / "scene")
    processEvents()
    assert widget.panel.modes.buttons["skin-and-bone"].checked
