"""The display window: presets, those of the images and of the user, exact numbers, and the scene that is followed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset

from application import assertNoLeakedObservers, expectedDisplay, processEvents, qt, screenshot, slicer, vtk, waitUntil
from ct_volumes import write_ct_series
from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteLib.volume_nodes import node_of_volume
from DicomSuiteLib.volumes import Volume
from DicomSuiteRenderGui.window_choices import AUTOMATIC, CT_BUTTONS, OF_IMAGES
from DicomSuiteRenderGui.window_panel import WindowPanel
from DicomSuiteRenderLib.automatic_window import automatic_window
from DicomSuiteRenderLib.display_lut import DisplayLut
from DicomSuiteRenderLib.lut_nodes import show_lut, shown_lut
from DicomSuiteRenderLib.window_presets import window_presets
from offscreen_slices import SliceView2D
from panel_places import database_of, private_places
from pointer_events import key

SIZE = (40, 32, 12)
GRID = SliceGrid.from_geometry(ImageGeometry(SIZE, (1, 1, 2), (0, 0, 0), ((1, 0, 0), (0, 1, 0), (0, 0, 1))))
STORED = ((-500, 1200), (45, 350))
NAME_IN_WINDOW = "Lung of Zoë Müller"


def ramp(kind: type = np.int16, low: float = -1024, high: float = 1500) -> np.ndarray:
    """Every value from one end to the other."""
    return np.linspace(low, high, int(np.prod(SIZE))).reshape(SIZE[::-1]).astype(kind)


def add_ct(voxels: np.ndarray | None = None) -> Any:
    return node_of_volume(Volume(ramp() if voxels is None else voxels, GRID, "CT"), "ct")


@pytest.fixture
def panel(tmp_path: Path) -> Iterator[WindowPanel]:
    """The panel, entered, in an empty scene."""
    slicer.mrmlScene.Clear(0)
    with private_places(tmp_path):
        panel = WindowPanel()
        panel.enter()
        yield panel
        panel.cleanup()
        slicer.mrmlScene.Clear(0)


def show(panel: WindowPanel, node: Any) -> None:
    panel.setVolume(node)
    waitUntil(lambda: panel.choices.buttons[AUTOMATIC].enabled)


@pytest.fixture
def ct(panel: WindowPanel) -> Any:
    node = add_ct()
    show(panel, node)
    return node


@pytest.fixture
def dicom_ct(panel: WindowPanel, tmp_path: Path) -> Iterator[Any]:
    """A CT from the database whose images bring two windows and a look-up table along."""
    from DICOMLib import DICOMUtils

    table = Dataset()
    table.LUTDescriptor = [4, -100, 8]
    table.LUTExplanation = "Steps"
    table.LUTData = np.array([0, 255, 0, 255], "<u2").tobytes()
    write_ct_series(
        tmp_path / "ct",
        (5, 16, 16),
        WindowCenter=[level for level, _ in STORED],
        WindowWidth=[width for _, width in STORED],
        WindowCenterWidthExplanation=[NAME_IN_WINDOW, "Soft"],
        VOILUTSequence=[table],
    )
    with database_of(tmp_path / "database", tmp_path / "ct"):
        DICOMUtils.loadSeriesByUID(DICOMUtils.allSeriesUIDsInDatabase(slicer.dicomDatabase))
        (node,) = slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")
        show(panel, node)
        yield node


def window_of(node: Any) -> tuple[float, float]:
    display = node.GetDisplayNode()
    return display.GetLevel(), display.GetWindow()


def choose(box: Any, text: str) -> None:
    """Choose an entry of a box with the keyboard, past all before it, as a user does."""
    box.currentIndex = 0
    while box.currentText != text:
        before = box.currentIndex
        key(box, qt.Qt.Key_Down)
        processEvents()
        assert box.currentIndex == before + 1


def marked(panel: WindowPanel) -> set[str]:
    processEvents()
    return {name for name, button in panel.choices.buttons.items() if button.checked}


@pytest.mark.parametrize("name", CT_BUTTONS)
def test_one_click_sets_level_and_width_and_marks_the_button(panel, ct, name) -> None:
    preset = next(preset for preset in window_presets() if preset.key == name)
    panel.choices.buttons[name].click()
    assert window_of(ct) == (preset.window.level, preset.window.width)
    assert not ct.GetDisplayNode().GetAutoWindowLevel()
    assert name in marked(panel)
    panel.choices.buttons[name].click()
    assert name in marked(panel)
    assert (panel.levelSlider.value, panel.widthSlider.value) == window_of(ct)
    assert panel.levelSlider.suffix == " HU"


def test_slice_view_shows_the_window(panel, ct) -> None:
    panel.choices.buttons["soft-tissue"].click()
    ct.GetDisplayNode().SetInterpolate(False)
    with SliceView2D((160, 128)) as view:
        view.show(ct, "Axial")
        middle = ramp()[slice_index(view, ct)]
        shown = np.unique(view.picture()) / 255
    expected = np.clip((middle.astype(float) + 160) / 400, 0, 1)
    assert shown.min() == pytest.approx(expected.min(), abs=1 / 255)
    assert shown.max() == pytest.approx(expected.max(), abs=1 / 255)


def slice_index(view: SliceView2D, node: Any) -> int:
    """Index of the axial slice that a view shows."""
    matrix = vtk.vtkMatrix4x4()
    node.GetRASToIJKMatrix(matrix)
    return round(matrix.MultiplyPoint((0, 0, view.node.GetSliceOffset(), 1))[2])


def test_exact_numbers_are_taken_and_told(panel, ct) -> None:
    panel.choices.buttons["bone"].click()
    panel.levelSlider.value = 123
    panel.widthSlider.value = 456
    assert window_of(ct) == (123, 456)
    assert marked(panel) == set()
    assert "-105 HU" in panel.endsLabel.text and "351 HU" in panel.endsLabel.text


def test_fractions_survive_a_change_of_the_other_number(panel, ct) -> None:
    ct.GetDisplayNode().SetWindowLevel(400.5, 40.25)
    processEvents()
    panel.widthSlider.value = 300
    assert window_of(ct) == (40.25, 300)
    panel.levelSlider.value = 50
    assert window_of(ct) == (50, 300)


def test_window_changed_elsewhere_is_followed_and_not_written_back(panel, ct) -> None:
    ct.GetDisplayNode().SetWindowLevel(5000.25, -1800.75)
    processEvents()
    assert window_of(ct) == (-1800.75, 5000.25)
    assert (round(panel.levelSlider.value), round(panel.widthSlider.value)) in ((-1801, 5000), (-1800, 5000))
    ct.GetDisplayNode().SetWindowLevel(1500, -600)
    assert marked(panel) == {"lung"}


def test_each_volume_keeps_its_own_window(panel, ct) -> None:
    panel.choices.buttons["lung"].click()
    other = add_ct(ramp() + np.int16(10))
    show(panel, other)
    panel.choices.buttons["brain"].click()
    assert window_of(ct) == (-600, 1500)
    panel.setVolume(ct)
    assert marked(panel) == {"lung"} and panel.widthSlider.value == 1500


def test_rarer_windows_are_in_the_list(panel, ct) -> None:
    choose(panel.choices.moreBox, "Temporal bone")
    assert window_of(ct) == (600, 2800)
    panel.choices.buttons["lung"].click()
    assert panel.choices.moreBox.currentIndex == 0


def test_windows_of_the_images_are_offered_by_their_numbers(panel, dicom_ct) -> None:
    entries = [panel.choices.moreBox.itemText(index) for index in range(panel.choices.moreBox.count)]
    stored = [entry for entry in entries if entry.startswith("Stored")]
    numbers = [entry.replace(" HU", "") for entry in stored[1:]]
    assert numbers == [f"Stored: Level {level}, width {width}" for level, width in STORED]
    assert not [entry for entry in entries if "Zoë" in entry]
    choose(panel.choices.moreBox, stored[2])
    assert window_of(dicom_ct) == STORED[1]


def test_look_up_table_of_the_images_is_shown_until_a_window_is_chosen(panel, dicom_ct) -> None:
    panel.choices.buttons[OF_IMAGES].click()
    lut = shown_lut(dicom_ct)
    assert [lut.shades(value) for value in (-100, -99, -98, -97)] == [0, 1, 0, 1]
    assert "look-up table" in panel.endsLabel.text
    assert marked(panel) == {OF_IMAGES} and panel.choices.moreBox.currentIndex == 1
    panel.choices.buttons["lung"].click()
    assert shown_lut(dicom_ct) is None and window_of(dicom_ct) == (-600, 1500)


def test_sigmoid_of_the_images_is_shown_as_a_curve(panel, tmp_path) -> None:
    from DICOMLib import DICOMUtils

    write_ct_series(tmp_path / "ct", (5, 16, 16), WindowCenter=40, WindowWidth=400, VOILUTFunction="SIGMOID")
    with database_of(tmp_path / "database", tmp_path / "ct"):
        DICOMUtils.loadSeriesByUID(DICOMUtils.allSeriesUIDsInDatabase(slicer.dicomDatabase))
        (node,) = slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")
        show(panel, node)
        panel.choices.buttons[OF_IMAGES].click()
        values = np.array([-300, -60, 40, 140, 380])
        expected = 1 / (1 + np.exp(-4 * (values - 40) / 400))  # PS3.3 C.11.2.1.3.1
        assert np.allclose(shown_lut(node).shades(values), expected, atol=1 / 255)


def test_volume_without_files_says_that_it_brings_no_window(panel, ct) -> None:
    button = panel.choices.buttons[OF_IMAGES]
    assert not button.enabled and "no window" in button.toolTip


def test_mr_has_no_windows_of_ct_but_an_automatic_one(panel) -> None:
    voxels = ramp(np.float32, 0, 900)
    node = node_of_volume(Volume(voxels, GRID, "MR"), "mr")
    node.GetDisplayNode().SetWindowLevel(3, 2)
    show(panel, node)
    assert [name for name, button in panel.choices.buttons.items() if not button.isHidden()] == [AUTOMATIC, OF_IMAGES]
    assert panel.choices.moreBox.count == 1 and not panel.choices.moreBox.enabled
    panel.choices.buttons[AUTOMATIC].click()
    expected = automatic_window(Volume(voxels, GRID, "MR"))
    assert window_of(node) == pytest.approx((expected.level, expected.width))
    assert marked(panel) == {AUTOMATIC}
    assert panel.levelSlider.suffix == ""


def test_small_values_are_set_in_small_steps(panel) -> None:
    node = node_of_volume(Volume(ramp(np.float32, 0, 0.02), GRID, "MR"), "map")
    show(panel, node)
    panel.widthSlider.value = 0.0123
    assert window_of(node)[1] == pytest.approx(0.0123)


def test_own_windows_are_kept_renamed_and_deleted(panel, ct, monkeypatch) -> None:
    answers = SimpleNamespace(name="liver late")
    monkeypatch.setattr(qt.QInputDialog, "getText", lambda *arguments: answers.name)
    panel.levelSlider.value, panel.widthSlider.value = 90, 180
    processEvents()
    panel.own.saveAction.trigger()
    panel.choices.buttons["bone"].click()
    choose(panel.own.box, "liver late")
    assert window_of(ct) == (90, 180)
    answers.name = "venous"
    panel.own.renameAction.trigger()
    assert panel.own.box.currentText == "venous"
    with expectedDisplay("confirmYesNoDisplay", answer=False):
        panel.own.deleteAction.trigger()
    assert len(panel.own.presets) == 1
    with expectedDisplay("confirmYesNoDisplay", answer=True):
        panel.own.deleteAction.trigger()
    assert panel.own.presets == () and not panel.own.deleteAction.enabled


def test_own_window_with_a_taken_name_is_refused_or_asked_for(panel, ct, monkeypatch) -> None:
    answers = SimpleNamespace(name="Lung")
    monkeypatch.setattr(qt.QInputDialog, "getText", lambda *arguments: answers.name)
    panel.own.saveAction.trigger()
    assert "built-in" in panel.own.messageLabel.text and panel.own.presets == ()
    answers.name = "mine"
    panel.own.saveAction.trigger()
    panel.levelSlider.value = 77
    with expectedDisplay("confirmYesNoDisplay", answer=False):
        panel.own.saveAction.trigger()
    assert panel.own.presets[0].window.level != 77
    with expectedDisplay("confirmYesNoDisplay", answer=True):
        panel.own.saveAction.trigger()
    assert panel.own.presets[0].window.level == 77
    answers.name = ""
    panel.own.saveAction.trigger()
    assert len(panel.own.presets) == 1


def test_table_that_is_shown_is_taken_away_by_a_window(panel, ct) -> None:
    colours = ct.GetDisplayNode().GetColorNodeID()
    show_lut(DisplayLut.from_pairs(((0, 1), (100, 0))), ct)
    processEvents()
    assert "look-up table" in panel.endsLabel.text
    panel.choices.buttons["brain"].click()
    assert shown_lut(ct) is None and window_of(ct) == (40, 80)
    assert ct.GetDisplayNode().GetColorNodeID() == colours


def test_everything_is_off_without_a_volume_and_says_why(panel, ct) -> None:
    panel.setVolume(None)
    for control in (*panel.choices.buttons.values(), panel.choices.moreBox, panel.levelSlider, panel.own.saveAction):
        assert not control.enabled and "volume" in control.toolTip
    empty = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode")
    panel.setVolume(empty)
    assert "no voxels" in panel.levelSlider.toolTip


def test_nothing_is_followed_once_the_module_is_left(panel) -> None:
    node = add_ct()
    with assertNoLeakedObservers():
        show(panel, node)
        panel.exit()
    node.GetDisplayNode().SetWindowLevel(77, 33)
    processEvents()
    panel.enter()
    assert (panel.levelSlider.value, panel.widthSlider.value) == (33, 77)


def test_panel_fits_350_pixels(panel, ct, tmp_path) -> None:
    assert panel.widget.minimumSizeHint.width() <= 320  # the section around it takes the rest
    picture = qt.QImage(str(screenshot(panel.widget, tmp_path / "panel.png", 320, "dark")))
    assert picture.width() == round(320 * panel.widget.devicePixelRatioF())
