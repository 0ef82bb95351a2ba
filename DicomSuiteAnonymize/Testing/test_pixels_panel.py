"""Text in pictures, as the user deals with it: series at risk, boxes on the picture, findings, rules."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from application import enter, exit_, moduleWidget, processEvents, qt, slicer, waitUntil
from DicomSuiteAnonymizeGui.frame_view import FrameView
from DicomSuiteAnonymizeGui.picture_view import PictureView
from DicomSuiteAnonymizeGui.risk_table import OUTCOME
from DicomSuiteAnonymizeGui.selection import SourceKind
from DicomSuiteAnonymizeLib.pixels.box_markups import box_of, place_box
from DicomSuiteAnonymizeLib.pixels.frame_picture import FramePicture, frame_picture
from DicomSuiteAnonymizeLib.pixels.pixel_rules import RuleAction
from DicomSuiteAnonymizeLib.pixels.user_rules import UserRules
from DicomSuiteAnonymizeLib.profiles.profile import BUILT_IN
from DicomSuiteAnonymizeLib.ps315 import Option
from DicomSuiteGui.stored_settings import storedSettings
from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.synthetic_study import SyntheticStudy, write_synthetic_study
from panel_places import database_of, private_places
from scene_panels import slice_composite, slice_nodes

TIMEOUT_S = 60
ROI = "vtkMRMLMarkupsROINode"
TOP_LINES = (4, 4, 300, 40)
"""Where the synthetic ultrasound picture shows who the patient is."""


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> SyntheticStudy:
    return write_synthetic_study(tmp_path_factory.mktemp("pixels") / "study")


@pytest.fixture
def widget(tmp_path: Path, study: SyntheticStudy) -> Iterator[object]:
    """The module on the study's folder, with pixels to be cleaned."""
    with private_places(tmp_path), database_of(tmp_path / "database"):
        slicer.mrmlScene.Clear(0)
        widget = moduleWidget("DicomSuiteAnonymize")
        enter(widget)
        widget.logic.editor.open(BUILT_IN["basic"])
        widget.ui.sourceKindBox.currentIndex = list(SourceKind).index(SourceKind.FOLDER)
        widget.panel.source.folderEdit.currentPath = str(study.folder)
        widget.panel.options.optionBoxes[Option.CLEAN_PIXEL_DATA].checked = True
        yield widget
        widget.panel.pixels.clear()
        widget.panel.source.folderEdit.currentPath = ""  # nothing more is asked, with the key of another home
        exit_(widget)
        slicer.mrmlScene.Clear(0)


def reported(study: SyntheticStudy, **changes: object) -> dict:
    """What the command reports of the study's ultrasound picture."""
    return {
        "label": "US  3",
        "targets": {"patient": "1", "study": "2", "series": "3"},
        "file": str(study.ultrasound_file),
        "sop_class": "1.2.840.10008.5.1.4.1.1.6.1",
        "modality": "US",
        "manufacturer": "Maker",
        "model": "Model 1",
        "rows": 240,
        "columns": 320,
        "image_type": "ORIGINAL\\PRIMARY",
        "frames": 1,
        "risk": "ultrasound image",
        "reason": "pixel risk: ultrasound image; no rule",
        "rule": "",
        "boxes": [],
        "from": "none",
        "findings": [],
    } | changes


def finding(box: tuple[int, int, int, int], text: str, verdict: str) -> dict:
    return {"box": list(box), "frame": 0, "text": text, "verdict": verdict, "confidence": 0.9}


def show(widget, *series: dict):
    """Give the panel answers, as the commands would, and select the first series; its editor."""
    panel = widget.panel.pixels
    panel._onFound({"series": list(series)})
    panel.table.widget.setCurrentCell(0, 0)
    panel.editor._query.drop()
    panel.editor._onPicture(frame_picture(Path(series[0]["file"]), 0).as_json())
    return panel.editor


def rules() -> tuple:
    return UserRules(storedSettings().store_folder()).read()


def rois() -> list:
    return slicer.util.getNodesByClass(ROI)


def a_view():
    """The slice view of the application, or one of the scene's own, with all that belongs to it."""
    found = [node for node in slicer.util.getNodesByClass("vtkMRMLSliceNode") if node.GetLayoutName() == "Red"]
    if found:
        return found[0]
    view, composite = slice_nodes()[0], slice_composite()
    composite.SetLayoutName(view.GetLayoutName())
    return view


def test_button_says_why_nothing_can_be_searched(widget) -> None:
    button = widget.panel.pixels.search.button
    assert button.enabled
    widget.panel.source.folderEdit.currentPath = ""
    assert not button.enabled and "Choose a folder" in button.toolTip


def test_box_in_the_tab_and_option_of_the_profile_are_one_choice(widget) -> None:
    twin, option = widget.panel.pixels.cleanTwin.widget, widget.panel.options.optionBoxes[Option.CLEAN_PIXEL_DATA]
    twin.click()
    assert not option.checked and Option.CLEAN_PIXEL_DATA not in widget.logic.editor.profile.options
    assert not widget.panel.pixels.readBox.enabled
    option.checked = True
    assert twin.checked and Option.CLEAN_PIXEL_DATA in widget.logic.editor.profile.options
    widget.panel.options.followBox.checked = False
    assert not twin.enabled and "PS3.15" in twin.toolTip


def test_series_without_a_rule_is_shown_as_set_aside_with_the_reason(widget, study) -> None:
    show(widget, reported(study), reported(study, risk="", reason=""))
    table = widget.panel.pixels.table.widget
    assert table.rowCount == 1  # nothing speaks against the other one
    assert table.item(0, OUTCOME).text() == "set aside"
    assert "ultrasound image" in table.item(0, OUTCOME).toolTip()


def test_series_at_risk_are_found_by_the_command_and_a_saved_rule_lets_them_pass(widget, study) -> None:
    panel = widget.panel.pixels
    panel.search.button.click()
    assert panel.search.isBusy and not panel.search.button.enabled
    waitUntil(lambda: not panel.search.isBusy, TIMEOUT_S)
    assert panel.table.widget.rowCount == 1 and panel.table.widget.item(0, OUTCOME).text() == "set aside"
    panel.table.widget.setCurrentCell(0, 0)
    editor = panel.editor
    waitUntil(lambda: not editor.frameView._pixmap.isNull(), TIMEOUT_S)
    editor.boxList.setBoxes([TOP_LINES])
    editor._onBoxes()
    editor.saveButton.click()
    panel.search.button.click()
    waitUntil(lambda: not panel.search.isBusy, TIMEOUT_S)
    assert panel.table.widget.item(0, OUTCOME).text() == f"rule {rules()[0].name}"
    panel.search.button.click()
    panel.search.progress.cancelButton.click()
    assert not panel.search.isBusy and panel.search.statusLabel.text == "Stopped."


def test_box_is_added_dragged_snapped_and_saved_as_a_rule_of_the_device(widget, study) -> None:
    editor = show(widget, reported(study))
    assert not editor.saveButton.enabled and "Draw boxes" in editor.saveButton.toolTip
    editor.boxList.addButton.click()
    editor.boxList.drawButton.checked = True
    (roi,) = rois()
    place_box(roi, TOP_LINES, ImageGeometry((320, 240, 1), (1.0, 1.0, 1.0), (0.3, 0.3, 0.0), np.eye(3)))
    roi.InvokeEvent(slicer.vtkMRMLMarkupsNode.PointEndInteractionEvent)
    assert editor.boxList.boxes == (TOP_LINES,)  # and not a third of a pixel beside it
    (roi,) = rois()
    assert box_of(roi, editor.boxList._picture.geometry) == TOP_LINES
    assert roi.GetSize()[:2] == pytest.approx(TOP_LINES[2:])
    editor.nameEdit.text = "our scanner"
    editor.saveButton.click()
    (rule,) = rules()
    assert (rule.name, rule.boxes, rule.manufacturer, rule.rows) == ("our scanner", (TOP_LINES,), "Maker", 240)
    assert widget.panel.pixels.table.widget.item(0, OUTCOME).text() == "rule our scanner"
    assert widget.panel.pixels.rules.tree.topLevelItem(0).text(0) == "our scanner"


def test_rule_for_the_same_pictures_takes_the_place_of_the_former(widget, study) -> None:
    editor = show(widget, reported(study))
    for name, box in (("first", (0, 0, 10, 10)), ("second", (0, 0, 20, 20))):
        editor.boxList.setBoxes([box])
        editor._onBoxes()
        editor.nameEdit.text = name
        editor.saveButton.click()
    assert [rule.name for rule in rules()] == ["second"]


def test_pictures_without_text_can_be_let_pass(widget, study) -> None:
    editor = show(widget, reported(study))
    editor.cleanButton.click()
    (rule,) = rules()
    assert rule.action is RuleAction.CLEAN and rule.boxes == ()
    assert "as it is" in widget.panel.pixels.table.widget.item(0, OUTCOME).text()
    editor.boxList.addButton.click()
    assert not editor.cleanButton.enabled and "boxes" in editor.cleanButton.toolTip


def test_findings_are_confirmed_and_refused(widget, study) -> None:
    name, scale = finding((4, 4, 100, 14), "NUNEZ", "identifying"), finding((250, 200, 40, 12), "5 CM", "harmless")
    editor = show(widget, reported(study, findings=[name, scale], **{"from": "ocr"}, boxes=[name["box"]]))
    items = [editor.findings.widget.topLevelItem(number) for number in range(2)]
    assert [item.checkState(0) == qt.Qt.Checked for item in items] == [True, False]
    assert not items[0].icon(0).isNull()
    assert editor.boxList.boxes == ((4, 4, 100, 14),)
    items[1].setCheckState(0, qt.Qt.Checked)
    assert editor.boxList.boxes == ((4, 4, 100, 14), (250, 200, 40, 12))
    items[0].setCheckState(0, qt.Qt.Unchecked)
    assert editor.boxList.boxes == ((250, 200, 40, 12),)


def test_finding_in_a_larger_box_stays_blanked_and_the_panel_says_why(widget, study) -> None:
    inside = finding((4, 4, 100, 14), "NUNEZ", "identifying")
    editor = show(widget, reported(study, findings=[inside], **{"from": "rule"}, rule="top", boxes=[[0, 0, 320, 60]]))
    item = editor.findings.widget.topLevelItem(0)
    item.setCheckState(0, qt.Qt.Unchecked)
    assert item.checkState(0) == qt.Qt.Checked and "larger box" in editor.statusLabel.text


def test_boxes_are_removed_from_list_and_scene(widget, study) -> None:
    editor = show(widget, reported(study, boxes=[[0, 0, 9, 9], [20, 20, 5, 5]], rule="top", **{"from": "rule"}))
    editor.boxList.drawButton.checked = True
    assert len(rois()) == 2
    assert not editor.boxList.removeButton.enabled
    editor.boxList.list.item(0).setSelected(True)
    editor.boxList.removeButton.click()
    assert editor.boxList.boxes == ((20, 20, 5, 5),) and len(rois()) == 1


def test_nothing_stays_in_the_scene_when_drawing_ends_or_something_else_is_chosen(widget, study, tmp_path) -> None:
    a_view()
    before = slicer.mrmlScene.GetNumberOfNodes()
    editor = show(widget, reported(study, boxes=[[0, 0, 9, 9]], rule="top", **{"from": "rule"}))
    for end in (
        lambda: setattr(editor.boxList.drawButton, "checked", False),
        lambda: exit_(widget),
        lambda: setattr(widget.panel.source.folderEdit, "currentPath", str(tmp_path)),
    ):
        enter(widget)
        editor.boxList.drawButton.checked = True
        if not rois():
            continue
        end()
        processEvents()
        assert not rois() and not slicer.util.getNodesByClass("vtkMRMLVectorVolumeNode")
    assert slicer.mrmlScene.GetNumberOfNodes() <= before + 1  # the module's own parameter node


def test_picture_and_boxes_are_in_no_saved_scene(widget, study, tmp_path) -> None:
    editor = show(widget, reported(study, boxes=[[0, 0, 9, 9]], rule="top", **{"from": "rule"}))
    editor.boxList.drawButton.checked = True
    scene = tmp_path / "scene.mrml"
    slicer.mrmlScene.SetURL(str(scene))
    slicer.mrmlScene.Commit()
    text = scene.read_text(encoding="utf-8")
    assert "<MarkupsROI" not in text and "<VectorVolume" not in text and str(study.folder) not in text


def test_scene_that_is_closed_while_boxes_are_drawn_does_no_harm(widget, study) -> None:
    editor = show(widget, reported(study, boxes=[[0, 0, 9, 9]], rule="top", **{"from": "rule"}))
    editor.boxList.drawButton.checked = True
    slicer.mrmlScene.Clear(0)
    processEvents()
    assert not rois() and not editor.boxList.drawButton.checked  # the new scene begins with another source
    widget.ui.sourceKindBox.currentIndex = list(SourceKind).index(SourceKind.FOLDER)
    show(widget, reported(study, boxes=[[0, 0, 9, 9]], rule="top", **{"from": "rule"}))
    editor.boxList.drawButton.checked = True
    assert len(rois()) == 1


def test_picture_that_cannot_be_decoded_is_told(widget, study) -> None:
    panel = widget.panel.pixels
    panel._onFound({"series": [reported(study, file=str(study.structure_set_file))]})
    panel.table.widget.setCurrentCell(0, 0)
    waitUntil(lambda: "cannot be decoded" in panel.editor.statusLabel.text, TIMEOUT_S)
    assert not panel.editor.boxList.addButton.enabled


def test_slice_view_shows_the_picture_as_its_file_holds_it_and_then_what_was_before() -> None:
    slicer.mrmlScene.Clear(0)
    view = a_view()
    former = [view.GetSliceToRAS().GetElement(row, column) for row in range(4) for column in range(4)]
    turn = np.array([[0.0, 0.6, 0.8], [1.0, 0.0, 0.0], [0.0, 0.8, -0.6]])
    geometry = ImageGeometry((64, 48, 1), (1.0, 1.0, 2.0), (5.0, 6.0, 7.0), turn)
    shown = PictureView()
    shown.show(FramePicture(np.zeros((48, 64), np.uint8), 1, geometry))
    right, up = [
        np.array([view.GetSliceToRAS().GetElement(row, column) for row in range(3)]) * (-1, -1, 1) for column in (0, 1)
    ]
    assert right == pytest.approx(turn[:, 0]) and up == pytest.approx(-turn[:, 1])
    assert slicer.vtkMRMLSliceLogic.GetSliceCompositeNode(view).GetBackgroundVolumeID() == shown.node.GetID()
    shown.end()
    now = [view.GetSliceToRAS().GetElement(row, column) for row in range(4) for column in range(4)]
    assert now == former and slicer.vtkMRMLSliceLogic.GetSliceCompositeNode(view).GetBackgroundVolumeID() is None
    assert not slicer.util.getNodesByClass("vtkMRMLVectorVolumeNode")


def test_volume_in_the_scene_has_the_picture_s_pixels(study) -> None:
    view = PictureView()
    picture = frame_picture(study.ultrasound_file, 0)
    view.show(picture)
    voxels = slicer.util.arrayFromVolume(view.node)
    assert voxels.shape == (1, 240, 320, 3)
    assert all(np.array_equal(voxels[0, ..., channel], picture.pixels) for channel in range(3))
    view.end()


def test_preview_blanks_exactly_the_boxes(study) -> None:
    view = FrameView()
    picture = FramePicture(np.full((48, 64, 3), 200, np.uint8), 1, frame_picture(study.ultrasound_file, 0).geometry)
    view.show(picture, [(10, 20, 5, 4)])
    view.afterBox.checked = True
    blanked = view.painted().toImage()
    dark = [
        (x, y) for y in range(48) for x in range(64) if qt.QColor(blanked.pixel(x, y)).lightness() == 0
    ]
    assert dark == [(x, y) for y in range(20, 24) for x in range(10, 15)]
