"""The histogram: its counts, points that are dragged and typed, what the slice views show then, and what is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from application import assertNoLeakedObservers, expectedDisplay, processEvents, qt, screenshot, slicer, waitUntil
from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteLib.volume_nodes import node_of_volume
from DicomSuiteLib.volumes import Volume
from DicomSuiteRenderGui.histogram_axes import HistogramAxes, columnHeights, mainRange
from DicomSuiteRenderGui.histogram_panel import HistogramPanel
from DicomSuiteRenderGui.volume_watch import SETTLE_MS
from DicomSuiteRenderLib.display_lut import DisplayLut
from DicomSuiteRenderLib.histogram import Histogram
from DicomSuiteRenderLib.lut_files import LUT_FORMAT, LutPreset
from DicomSuiteRenderLib.lut_nodes import show_lut, shown_lut
from DicomSuiteRenderLib.render_mode import Technique
from offscreen_slices import SliceView2D
from panel_places import private_places
from pointer_events import double_click, drag, key, move, press, release

SIZE = (24, 20, 16)
GRID = SliceGrid.from_geometry(ImageGeometry(SIZE, (1, 1, 2), (0, 0, 0), ((1, 0, 0), (0, 1, 0), (0, 0, 1))))
WINDOW = (-160.0, 240.0)


def head(kind: type = np.int16) -> np.ndarray:
    """Air, soft tissue and a little bone."""
    voxels = np.full(SIZE[::-1], -1000, kind)
    voxels[4:12, 5:15, 6:18] = 40
    voxels[7:9, 8:10, 9:12] = 700
    return voxels


def add_head(voxels: np.ndarray | None = None, modality: str = "CT") -> Any:
    return node_of_volume(Volume(head() if voxels is None else voxels, GRID, modality), "head")


@pytest.fixture
def panel(tmp_path: Path) -> Iterator[HistogramPanel]:
    """The panel, entered and 330 pixels wide, in an empty scene."""
    slicer.mrmlScene.Clear(0)
    with private_places(tmp_path):
        panel = HistogramPanel()
        panel.enter()
        panel.widget.resize(330, 420)
        panel.widget.show()
        processEvents()
        yield panel
        panel.cleanup()
        panel.widget.close()
        slicer.mrmlScene.Clear(0)


@pytest.fixture
def volume(panel: HistogramPanel) -> Any:
    """A CT volume, counted."""
    node = add_head()
    show(panel, node)
    return node


def show(panel: HistogramPanel, node: Any) -> None:
    panel.setVolume(node)
    waitUntil(lambda: panel.histogram is not None)


def points(panel: HistogramPanel) -> list[tuple[float, float]]:
    return [(point.value, point.shade) for point in panel.lut.points]


def place_of(panel: HistogramPanel, value: float, shade: float) -> tuple[float, float]:
    """Where a point of the table lies in the picture."""
    axes = panel.view.axes
    return axes.xOf(value), axes.yOf(shade)


def drawn_at(panel: HistogramPanel, place: tuple[float, float]) -> qt.QColor:
    processEvents()
    image = panel.view.widget.grab().toImage()
    ratio = image.devicePixelRatio()
    return image.pixelColor(int(place[0] * ratio), int(place[1] * ratio))


@pytest.fixture
def shades(volume: Any) -> Iterator[Callable[[], list[int]]]:
    """Which shades (0 to 255) a slice view shows now, through the middle of the volume."""
    with SliceView2D((96, 96)) as view:
        volume.GetDisplayNode().SetInterpolate(False)
        view.show(volume, "Axial")
        view.node.SetFieldOfView(SIZE[0] - 2, SIZE[1] - 2, 1)  # inside, where nothing is black for want of voxels
        yield lambda: np.unique(view.picture()).tolist()


def mapped(panel: HistogramPanel) -> list[int]:
    """The shades that the table has for the values of the volume."""
    return sorted({round(float(255 * shade)) for shade in panel.lut.shades(np.unique(head()))})


def test_counts_are_those_of_the_whole_volume(panel, volume) -> None:
    voxels = head()
    assert panel.histogram.total == voxels.size
    found = {
        float(edge): int(count)
        for edge, count in zip(panel.histogram.edges, panel.histogram.counts, strict=False)
        if count
    }
    assert found == {float(value): int((voxels == value).sum()) for value in np.unique(voxels)}
    assert f"{voxels.size:,}" in panel.readoutLabel.text


def test_mouse_over_a_bar_tells_its_value_and_count(panel, volume) -> None:
    move(panel.view.widget, place_of(panel, 40.5, 0.5), held=False)
    count = int((head() == 40).sum())
    assert "40 HU" in panel.readoutLabel.text and f"{count:,}" in panel.readoutLabel.text


def test_voxels_without_a_value_are_counted_apart(panel) -> None:
    voxels = head(np.float32)
    voxels[0, 0, :5] = np.nan
    node = add_head(head(np.float32), "MR")
    slicer.util.updateVolumeFromArray(node, voxels)
    show(panel, node)
    assert "5 without a value" in panel.readoutLabel.text


def test_line_of_the_window_is_there_before_any_point_is_moved(panel, volume) -> None:
    assert points(panel) == [(WINDOW[0], 0.0), (WINDOW[1], 1.0)]
    assert shown_lut(volume) is None
    volume.GetDisplayNode().SetWindowLevelMinMax(-50, 150)
    processEvents()
    assert points(panel) == [(-50, 0.0), (150, 1.0)]


def test_dragged_point_changes_the_slices_at_once_and_is_one_step_back(panel, volume, shades) -> None:
    label = panel.view.widget
    before = shades()
    start, end = place_of(panel, WINDOW[1], 1.0), place_of(panel, 400, 0.5)
    press(label, start)
    move(label, tuple(np.add(start, end) / 2))
    half_way = shown_lut(volume)
    move(label, end)
    release(label, end)
    shown = shown_lut(volume)
    value, shade = points(panel)[1]
    assert half_way != shown == panel.lut
    assert abs(value - 400) <= panel.view.axes.step and abs(shade - 0.5) <= 0.02
    assert shades() == mapped(panel) != before
    panel.undoButton.click()
    assert points(panel) == [(WINDOW[0], 0.0), (WINDOW[1], 1.0)]
    assert shown_lut(volume) is None
    assert shades() == before
    panel.redoButton.click()
    assert shown_lut(volume) == shown


def test_point_is_taken_where_it_was_pressed_and_does_not_jump(panel, volume) -> None:
    x, y = place_of(panel, WINDOW[0], 0.0)
    press(panel.view.widget, (x + 4, y - 3))
    move(panel.view.widget, (x + 4, y - 3))
    release(panel.view.widget, (x + 4, y - 3))
    assert abs(points(panel)[0][0] - WINDOW[0]) < 1 and points(panel)[0][1] == 0
    drag(panel.view.widget, (x + 60, y - 60), (x, y - 100))  # there is no point
    assert len(points(panel)) == 2 and panel.boxes.numberLabel.text == "1/2"


def test_dragged_point_stops_at_its_neighbours(panel, volume) -> None:
    drag(panel.view.widget, place_of(panel, WINDOW[0], 0.0), place_of(panel, 600, 0.2))
    values = [value for value, _ in points(panel)]
    assert values[0] < values[1] and values[1] == WINDOW[1]


def test_escape_puts_a_dragged_point_back(panel, volume) -> None:
    label = panel.view.widget
    press(label, place_of(panel, WINDOW[1], 1.0))
    move(label, place_of(panel, 500, 0.4))
    assert shown_lut(volume) is not None
    key(label, qt.Qt.Key_Escape)
    release(label, place_of(panel, 500, 0.4))
    assert points(panel)[1] == (WINDOW[1], 1.0)
    assert shown_lut(volume) is None and not panel.undoButton.enabled


def test_double_click_adds_a_point_that_delete_removes(panel, volume) -> None:
    label = panel.view.widget
    double_click(label, place_of(panel, 600, 0.3))
    value, shade = points(panel)[2]
    assert abs(value - 600) <= panel.view.axes.step and abs(shade - 0.3) <= 0.02
    assert panel.boxes.numberLabel.text == "3/3"
    key(label, qt.Qt.Key_Delete)
    assert len(points(panel)) == 2
    key(label, qt.Qt.Key_Delete)
    assert len(points(panel)) == 2 and not panel.boxes.removeButton.enabled


def test_keyboard_goes_from_point_to_point_and_moves_them(panel, volume) -> None:
    label = panel.view.widget
    key(label, qt.Qt.Key_Home)
    assert key(label, qt.Qt.Key_Tab) and panel.boxes.numberLabel.text == "2/2"
    for _ in range(3):
        key(label, qt.Qt.Key_Left)
    key(label, qt.Qt.Key_Down, qt.Qt.ShiftModifier)
    value, shade = points(panel)[1]
    assert WINDOW[0] < value < WINDOW[1] and shade == pytest.approx(0.9)
    key(label, qt.Qt.Key_Insert)
    assert len(points(panel)) == 3
    assert key(label, qt.Qt.Key_Z, qt.Qt.ControlModifier) and len(points(panel)) == 2
    assert key(label, qt.Qt.Key_Backtab) and panel.boxes.numberLabel.text == "1/2"


def test_tab_behind_the_last_point_leaves_the_histogram(panel, volume) -> None:
    label = panel.view.widget
    label.setFocus()
    key(label, qt.Qt.Key_End)
    selected = panel.boxes.numberLabel.text
    key(label, qt.Qt.Key_Tab)
    assert panel.boxes.numberLabel.text == selected == "2/2"
    assert panel.widget.focusWidget() != label


def test_exact_numbers_are_taken_and_shown(panel, volume, shades) -> None:
    panel.boxes.nextButton.click()
    panel.boxes.valueBox.value = 317
    panel.boxes.shadeBox.value = 85
    assert points(panel)[1] == (317.0, 0.85)
    assert panel.boxes.valueBox.suffix == " HU"
    panel.boxes.addButton.click()
    panel.boxes.shadeBox.value = 10
    assert [shade for _, shade in points(panel)] == [0.0, 0.1, 0.85]
    assert shades() == mapped(panel)


def test_fractions_of_the_window_survive_a_change_of_the_other_number(panel, volume) -> None:
    volume.GetDisplayNode().SetWindowLevelMinMax(-160.25, 240.75)
    processEvents()
    panel.boxes.shadeBox.value = 20
    assert points(panel)[0] == (-160.25, 0.2)


def test_window_that_is_changed_elsewhere_stretches_the_table(panel, volume) -> None:
    double_click(panel.view.widget, place_of(panel, 40, 0.2))
    middle = points(panel)[1]
    for high in (340.0, 440.0, 640.0):
        volume.GetDisplayNode().SetWindowLevelMinMax(WINDOW[0], high)
        processEvents()
    factor = (640 - WINDOW[0]) / (WINDOW[1] - WINDOW[0])
    expected = WINDOW[0] + (middle[0] - WINDOW[0]) * factor
    assert points(panel)[1] == pytest.approx((expected, middle[1]))
    assert shown_lut(volume) == panel.lut
    panel.undoButton.click()
    assert points(panel)[1] == pytest.approx(middle)


def test_reset_brings_the_window_and_its_colours_back(panel, volume, shades) -> None:
    display = volume.GetDisplayNode()
    colours, before = display.GetColorNodeID(), shades()
    nodes = slicer.mrmlScene.GetNumberOfNodes()
    assert not panel.windowButton.enabled
    double_click(panel.view.widget, place_of(panel, 300, 0.2))
    panel.windowButton.click()
    assert display.GetColorNodeID() == colours
    assert (display.GetWindowLevelMin(), display.GetWindowLevelMax()) == WINDOW
    assert shades() == before
    assert slicer.mrmlScene.GetNumberOfNodes() == nodes
    assert not panel.windowButton.enabled


def test_each_volume_has_its_own_table(panel, volume) -> None:
    double_click(panel.view.widget, place_of(panel, 300, 0.2))
    first = panel.lut
    other = add_head(head() + 5)
    show(panel, other)
    assert shown_lut(other) is None and len(points(panel)) == 2
    panel.setVolume(volume)
    assert panel.lut == first and panel.windowButton.enabled


def test_steps_back_survive_leaving_the_module(panel, volume) -> None:
    double_click(panel.view.widget, place_of(panel, 300, 0.2))
    panel.exit()
    panel.enter()
    assert len(points(panel)) == 3 and panel.undoButton.enabled
    panel.exit()
    show_lut(DisplayLut.from_pairs(((0, 1), (100, 0))), volume)
    panel.enter()
    assert points(panel) == [(0, 1), (100, 0)] and not panel.undoButton.enabled


def test_table_as_opacity_and_colour_for_3d(panel, volume) -> None:
    wanted = []
    panel.modeWanted.connect(wanted.append)
    double_click(panel.view.widget, place_of(panel, 300, 0.2))
    panel.opacityBox.value = 50
    panel.useButton.click()
    (mode,) = wanted
    assert mode.look.technique is Technique.COMPOSITE
    assert mode.look.opacity == tuple((value, shade / 2) for value, shade in points(panel))
    assert mode.look.colours == tuple((value, shade, shade, shade) for value, shade in points(panel))


def test_tables_are_kept_renamed_exchanged_and_deleted(panel, volume, tmp_path, monkeypatch) -> None:
    bar = panel.presets
    double_click(panel.view.widget, place_of(panel, 300, 0.2))
    kept = panel.lut
    answers = SimpleNamespace(name=" contrast ")
    monkeypatch.setattr(qt.QInputDialog, "getText", lambda *arguments: answers.name)
    bar.saveAction.trigger()
    assert bar.box.currentText == "contrast"
    exported = tmp_path / "shared.lut.json"
    monkeypatch.setattr(qt.QFileDialog, "getSaveFileName", lambda *arguments: str(exported))
    bar.exportAction.trigger()
    answers.name = "bright"
    bar.renameAction.trigger()
    assert [preset.name for preset in bar.presets] == ["bright"]
    panel.windowButton.click()
    bar.box.currentIndex = 0
    key(bar.box, qt.Qt.Key_Down)
    assert panel.lut == kept == shown_lut(volume)
    with expectedDisplay("confirmYesNoDisplay", answer=True):
        bar.deleteAction.trigger()
    assert bar.presets == () and not bar.box.enabled
    panel.windowButton.click()
    monkeypatch.setattr(qt.QFileDialog, "getOpenFileName", lambda *arguments: str(exported))
    bar.importAction.trigger()
    assert panel.lut == kept and [preset.name for preset in bar.presets] == ["contrast"]


def test_import_that_may_not_replace_a_table_changes_nothing(panel, volume, tmp_path, monkeypatch) -> None:
    bar, path = panel.presets, tmp_path / "same.lut.json"
    LUT_FORMAT.write(LutPreset("same", DisplayLut.from_pairs(((0, 1), (100, 0)))), path)
    monkeypatch.setattr(qt.QFileDialog, "getOpenFileName", lambda *arguments: str(path))
    bar.importAction.trigger()
    panel.windowButton.click()
    before = panel.lut
    with expectedDisplay("confirmYesNoDisplay", answer=False):
        bar.importAction.trigger()
    assert panel.lut == before and shown_lut(volume) is None and len(bar.presets) == 1
    with expectedDisplay("confirmYesNoDisplay", answer=True):
        bar.importAction.trigger()
    assert points(panel) == [(0, 1), (100, 0)]


def test_file_that_is_no_table_is_refused_with_its_reason(panel, volume, tmp_path, monkeypatch) -> None:
    path = tmp_path / "broken.lut.json"
    path.write_text('{"kind": "something else"}')
    monkeypatch.setattr(qt.QFileDialog, "getOpenFileName", lambda *arguments: str(path))
    before = panel.lut
    panel.presets.importAction.trigger()
    assert "broken.lut.json" in panel.presets.messageLabel.text
    assert panel.lut == before and panel.presets.presets == ()


def test_voxels_that_change_are_counted_again(panel, volume) -> None:
    panel_counts = panel.histogram
    slicer.util.updateVolumeFromArray(volume, np.where(head() == 700, np.int16(1200), head()))
    waitUntil(lambda: panel.histogram not in (None, panel_counts), SETTLE_MS / 1000 + 10)
    assert panel.histogram.edges[-1] > 1200


@pytest.mark.parametrize(
    "voxels", [np.full(SIZE[::-1], 7, np.int16), np.full(SIZE[::-1], np.nan, np.float32)], ids=["constant", "NaN"]
)
def test_volume_without_any_spread_is_shown_all_the_same(panel, voxels) -> None:
    node = add_head(np.zeros_like(voxels), "MR")
    slicer.util.updateVolumeFromArray(node, voxels)
    show(panel, node)
    panel.boxes.shadeBox.value = 30
    assert points(panel)[0][1] == 0.3
    assert panel.view.axes.low < panel.view.axes.high


def test_everything_is_off_without_a_volume_and_says_why(panel, volume) -> None:
    panel.setVolume(None)
    assert not panel.view.widget.enabled and not panel.useButton.enabled
    assert panel.readoutLabel.text in panel.useButton.toolTip and "volume" in panel.readoutLabel.text
    drag(panel.view.widget, place_of(panel, 1.0, 1.0), place_of(panel, 0.5, 0.5))
    assert shown_lut(volume) is None


def test_volume_that_is_deleted_is_let_go_of(panel, volume) -> None:
    double_click(panel.view.widget, place_of(panel, 300, 0.2))
    slicer.mrmlScene.RemoveNode(volume)
    processEvents(0.05)
    panel.exit()
    panel.enter()
    assert not panel.useButton.enabled


def test_panel_fits_350_pixels(panel, volume) -> None:
    assert panel.widget.minimumSizeHint.width() <= 320  # the section around it takes the rest


def test_nothing_is_left_on_the_scene(panel) -> None:
    node = add_head()
    with assertNoLeakedObservers():
        show(panel, node)
        panel.exit()


def test_logarithm_cutoff_and_range_change_the_bars_alone(panel, volume) -> None:
    place, bare = place_of(panel, 40.5, 0.3), drawn_at(panel, place_of(panel, 350, 0.5))
    assert drawn_at(panel, place) != bare  # the logarithm shows few voxels beside many
    panel.scale.logBox.checked = False
    assert drawn_at(panel, place) == bare
    panel.scale.cutoffSlider.value = 1
    assert drawn_at(panel, place) != bare
    panel.scale.rangeWidget.setValues(-200, 500)
    assert (panel.view.axes.low, panel.view.axes.high) == (-200, 500)
    assert shown_lut(volume) is None


def test_picture_is_sharp_and_in_the_colours_of_the_desktop(panel, volume, tmp_path) -> None:
    pictures = {}
    for name in ("light", "dark"):
        path = screenshot(panel.widget, tmp_path / f"{name}.png", 330, name)
        pictures[name] = qt.QImage(str(path))
        assert pictures[name].width() == round(330 * panel.widget.devicePixelRatioF())
    place = panel.view.widget.pos
    x, y = (round(a + b) for a, b in zip((place.x(), place.y()), place_of(panel, 350, 0.5), strict=True))
    assert pictures["light"].pixelColor(x, y).lightness() > 200 > 80 > pictures["dark"].pixelColor(x, y).lightness()


def test_columns_show_the_tallest_bin_that_lies_in_them() -> None:
    counts = Histogram(np.array([1, 0, 8, 4]), np.arange(5.0))
    axes = HistogramAxes(18 + 4, 100, 10, 0, 4)  # four columns of one bin
    assert np.allclose(columnHeights(counts, axes, isLog=False, cutoff=1), [1 / 8, 0, 1, 0.5])
    wide = HistogramAxes(18 + 2, 100, 10, 0, 4)
    assert np.allclose(columnHeights(counts, wide, isLog=False, cutoff=1), [1 / 8, 1])
    part = HistogramAxes(18 + 2, 100, 10, 0, 2)
    assert np.allclose(columnHeights(counts, part, isLog=False, cutoff=1), [1, 0])  # what is shown fills the plot
    beyond = HistogramAxes(18 + 4, 100, 10, 4, 8)
    assert not columnHeights(counts, beyond, isLog=True, cutoff=1).any()


def test_ticks_are_round_and_inside() -> None:
    assert HistogramAxes(300, 100, 10, -1046, 984).ticks(5) == [-1000, -500, 0, 500]
    assert np.allclose(HistogramAxes(300, 100, 10, 0.0012, 0.0047).ticks(4), [0.002, 0.003, 0.004])


def test_main_range_leaves_rare_ends_out() -> None:
    counts = Histogram(np.array([1, *[1000] * 20, 0, 0, 1]), np.arange(25.0))
    assert mainRange(counts, 0.001) == (1, 21)
    assert mainRange(Histogram(np.array([5]), np.array([3.0, 4.0])), 0.001) == (3, 4)
    assert mainRange(Histogram(np.zeros(0, np.int64), np.zeros(0)), 0.001) == (0, 1)
