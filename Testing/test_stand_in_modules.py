"""Scripted modules load, show, reload and translate as in Slicer."""

import pathlib
import sys

import pytest

from application import (
    assertNoLeakedObservers,
    cleanup,
    ctk,
    enter,
    exit_,
    moduleWidget,
    qt,
    reload,
    screenshot,
    slicer,
    standInOnly,
)
from module_example import NAME, write_module

pytestmark = standInOnly()

from stand_in import failures, pseudo_translation  # noqa: E402
from stand_in.failures import Kind  # noqa: E402


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_module(tmp_path_factory.mktemp("modules"))


@pytest.fixture
def widget(folder):
    widget = moduleWidget(NAME, folder)
    yield widget
    exit_(slicer.util.getModuleWidget(NAME))
    slicer.mrmlScene.Clear(0)


def test_a_module_is_found_by_slicers_own_ways(widget):
    module = slicer.modules.moduleexample
    assert module is slicer.util.getModule(NAME)
    assert (module.name, module.title, module.categories) == (NAME, "Example", ("Testing",))
    assert slicer.util.getModuleWidget(NAME) is widget
    assert slicer.util.getModuleLogic(NAME) is widget.logic
    assert NAME in slicer.util.moduleNames()
    assert slicer.moduleNames.ModuleExample == NAME
    assert slicer.util.modulePath(NAME).endswith("ModuleExample.py")
    assert slicer.modules.ModuleExampleWidget is widget
    assert slicer.modules.ModuleExampleInstance.parent is module


def test_the_ui_file_makes_widgets_of_the_exact_classes(widget):
    assert type(widget.ui.thresholdControl) is ctk.ctkSliderWidget
    assert type(widget.ui.titleControl) is qt.QLineEdit
    assert widget.ui.folderControl.filters == ctk.ctkPathLineEdit.Dirs | ctk.ctkPathLineEdit.Writable
    assert widget.ui.inputVolumeControl.nodeTypes == ("vtkMRMLScalarVolumeNode",)
    assert widget.ui.inputVolumeControl.mrmlScene() is slicer.mrmlScene


def test_tab_stops_are_set(widget):
    assert widget.ui.titleControl.nextInFocusChain() is widget.ui.countControl


def test_a_click_reaches_the_module(widget):
    before = widget.applied
    widget.ui.applyButton.click()
    assert widget.applied == before + 1


def test_controls_show_and_change_parameters(widget):
    parameters = widget.logic.getParameterNode()
    assert widget.ui.thresholdControl.value == 10.5
    assert (widget.ui.thresholdControl.minimum, widget.ui.thresholdControl.maximum) == (-100, 500)
    assert widget.ui.modeControl.currentText == "MAXIMUM"
    assert widget.ui.planeControl.currentText == "coronal"
    widget.ui.thresholdControl.value = 5000
    widget.ui.countControl.value = 7
    widget.ui.invertControl.click()
    widget.ui.titleControl.text = "new"
    widget.ui.modeControl.currentIndex = 0
    widget.ui.folderControl.currentPath = "/data"
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode")
    widget.ui.inputVolumeControl.setCurrentNode(node)
    assert (parameters.threshold, parameters.count, parameters.invert) == (500.0, 7, True)
    assert (parameters.title, parameters.mode.value, parameters.folder) == ("new", "mean", pathlib.Path("/data"))
    assert parameters.inputVolume is node
    parameters.title = "by code"
    parameters.inputVolume = None
    assert widget.ui.titleControl.text == "by code"
    assert widget.ui.inputVolumeControl.currentNode() is None


def test_entering_and_leaving_leaves_nothing_behind(widget):
    with assertNoLeakedObservers():
        for _ in range(20):
            exit_(widget)
            enter(widget)


def test_closing_the_scene_is_survived(widget):
    slicer.mrmlScene.Clear(0)
    exit_(widget)
    enter(widget)
    assert widget.ui.titleControl.text == "none"


def test_reload_makes_a_new_widget_and_cleans_the_old_one_up(widget):
    python_module = sys.modules[NAME]
    new = reload(widget)
    assert new is not widget
    assert slicer.util.getModuleWidget(NAME) is new
    assert sys.modules[NAME] is not python_module
    new.ui.applyButton.click()
    assert (new.applied, new.parent.layout().count()) == (1, 1)


def test_the_modules_own_test_runs(widget):
    widget.onTest()
    assert sys.modules[NAME].ModuleExampleTest.ran[-1:] == ["one"]


def test_cleanup_comes_before_unloading(folder, tmp_path):
    widget = moduleWidget(NAME, folder)
    cleaned = []
    original = widget.cleanup
    widget.cleanup = lambda: (cleaned.append(1), original())
    cleanup(widget)
    assert cleaned == [1]
    slicer.app.moduleManager().factoryManager().unloadModules()
    assert not hasattr(slicer.modules, NAME.lower())


def test_texts_are_marked_while_pseudo_translating(widget):
    with pseudo_translation.pseudo_translated():
        new = reload(widget)
    assert new.ui.applyButton.text == "⟦Apply⟧"
    assert pseudo_translation.is_marked(new.ui.applyButton.text)
    assert not pseudo_translation.is_marked(new.ui.parametersButton.text)
    reload(new)


def test_a_missing_connection_in_the_ui_file_is_recorded(tmp_path):
    connection = (
        "<sender>applyButton</sender><signal>clickd()</signal><receiver>titleControl</receiver><slot>clear()</slot>"
    )
    module = write_module(tmp_path, connection)
    with failures.expected(Kind.CONNECT):
        slicer.util.loadUI(str(module / "Resources" / "UI" / "ModuleExample.ui"))


def test_a_slot_in_the_ui_file_that_does_not_exist_is_recorded(tmp_path):
    connection = (
        "<sender>applyButton</sender><signal>clicked()</signal><receiver>titleControl</receiver><slot>wipe()</slot>"
    )
    module = write_module(tmp_path, connection)
    with failures.expected(Kind.CONNECT) as caught:
        slicer.util.loadUI(str(module / "Resources" / "UI" / "ModuleExample.ui"))
    assert "wipe()" in caught[0].text


def test_a_class_in_the_ui_file_that_is_not_stood_in_for_is_refused(tmp_path):
    module = write_module(tmp_path, extra='<item><widget class="ctkNoSuchWidget" name="x"/></item>')
    with pytest.raises(RuntimeError, match="ctkNoSuchWidget"):
        slicer.util.loadUI(str(module / "Resources" / "UI" / "ModuleExample.ui"))


@pytest.mark.parametrize("palette", ["light", "dark"])
def test_a_screenshot_has_the_width_asked_for(widget, tmp_path, palette):
    path = screenshot(widget.parent, tmp_path / "panel.png", 350, palette)
    picture = qt.QImage(str(path))
    brightness = qt.QColor(picture.pixel(2, 2)).lightness()
    assert picture.width() == 350
    assert picture.height() > 200
    assert (brightness > 128) == (palette == "light")
