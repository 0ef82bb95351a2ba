"""The stand-ins for ctk's and MRML's widgets behave as the modules rely on."""

import pytest

from application import ctk, processEvents, qt, slicer, standInOnly

pytestmark = standInOnly()

from stand_in import classes, dialogs, failures  # noqa: E402
from stand_in.failures import Kind  # noqa: E402

_FLOATS = ["ctkSliderWidget", "ctkDoubleSlider", "ctkDoubleSpinBox"]


@pytest.fixture
def scene():
    scene = slicer.vtkMRMLScene()
    yield scene
    scene.Clear(1)


def received(widget, signal):
    got = []
    assert widget.connect(signal, lambda *arguments: got.append(arguments))
    return got


@pytest.mark.parametrize(
    "name", sorted(name for name in classes.STAND_INS if issubclass(classes.STAND_INS[name], qt.QWidget))
)
def test_every_widget_can_be_made_with_a_parent_and_read(name):
    parent = qt.QWidget()
    widget = classes.STAND_INS[name](parent)
    assert widget.parent() is parent
    assert widget.className() == name
    assert widget.enabled


@pytest.mark.parametrize("collapsible", [ctk.ctkCollapsibleButton, ctk.ctkCollapsibleGroupBox])
def test_a_collapsible_folds_its_contents_away(collapsible):
    box = collapsible()
    layout = qt.QVBoxLayout(box)
    label, hidden = qt.QLabel("x"), qt.QLabel("y")
    layout.addWidget(label)
    layout.addWidget(hidden)
    hidden.visible = False
    box.show()
    processEvents()
    tall = box.sizeHint.height()
    box.collapsed = True
    assert not label.visible
    assert box.sizeHint.height() < tall
    box.collapsed = False
    assert label.visible
    assert not hidden.visible
    box.hide()


def test_a_collapsible_button_announces_and_can_be_clicked():
    button = ctk.ctkCollapsibleButton()
    button.text = "Advanced"
    collapsed, toggled = received(button, "contentsCollapsed(bool)"), received(button, "toggled(bool)")
    button.click()
    assert (button.text, button.collapsed, button.checked) == ("Advanced", True, False)
    assert (collapsed, toggled) == ([(True,)], [(False,)])


@pytest.mark.parametrize("name", _FLOATS)
def test_a_number_is_clamped_and_announced_once(name):
    widget = getattr(ctk, name)()
    widget.minimum, widget.maximum = -5, 5
    got = received(widget, "valueChanged(double)")
    widget.value = 3
    widget.value = 3
    widget.value = 50
    assert got == [(3.0,), (5.0,)]
    assert widget.value == 5


def test_a_slider_widget_rounds_to_its_decimals():
    slider = ctk.ctkSliderWidget()
    slider.decimals = 1
    slider.value = 1.26
    assert slider.value == pytest.approx(1.3)


@pytest.mark.parametrize("cls", [ctk.ctkRangeWidget, ctk.ctkDoubleRangeSlider, slicer.qMRMLRangeWidget])
def test_a_range_stays_ordered_and_inside(cls):
    widget = cls()
    widget.setRange(-100, 100)
    got = received(widget, "valuesChanged(double,double)")
    widget.setValues(-20, 30)
    widget.minimumValue = 60
    widget.maximumValue = 1000
    assert (widget.minimumValue, widget.maximumValue) == (60, 100)
    assert got == [(-20, 30), (60, 60), (60, 100)]


def test_a_path_line_edit_asks_for_what_its_filters_say(tmp_path):
    widget = ctk.ctkPathLineEdit()
    got = received(widget, "currentPathChanged(QString)")
    valid = received(widget, "validInputChanged(bool)")
    widget.filters = ctk.ctkPathLineEdit.Dirs
    with dialogs.answering(getExistingDirectory=str(tmp_path)):
        widget.browse()
    widget.filters = ctk.ctkPathLineEdit.Files
    with dialogs.answering(getOpenFileName="/no/such/file"):
        widget.browse()
    assert got == [(str(tmp_path),), ("/no/such/file",)]
    assert valid == [(True,)]
    assert widget.currentPath == "/no/such/file"


def test_a_path_that_the_name_filters_leave_out_is_not_announced():
    widget = ctk.ctkPathLineEdit()
    widget.nameFilters = ["Profiles (*.json *.yaml)"]
    got, valid = received(widget, "currentPathChanged(QString)"), received(widget, "validInputChanged(bool)")
    for text in ("a.txt", "a.json", ""):
        widget.currentPath = text
    assert got == [("a.json",)]
    assert valid == [(True,), (False,)]


def test_several_patterns_without_parentheses_fit_no_path():
    widget = ctk.ctkPathLineEdit()
    widget.nameFilters = ["*.json *.yaml"]
    got = received(widget, "currentPathChanged(QString)")
    widget.currentPath = "a.json"
    widget.nameFilters = ["*.json", "*.yaml"]
    widget.currentPath = "b.json"
    assert got == [("b.json",)]


def test_a_path_to_write_is_asked_for_by_a_save_dialog():
    widget = ctk.ctkPathLineEdit()
    widget.filters = ctk.ctkPathLineEdit.Files | ctk.ctkPathLineEdit.Writable
    with dialogs.answering(getSaveFileName="/tmp/new.json"):
        widget.browse()
    assert widget.currentPath == "/tmp/new.json"


def test_a_directory_button_has_an_absolute_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    button = ctk.ctkDirectoryButton()
    got, selected = received(button, "directoryChanged(QString)"), received(button, "directorySelected(QString)")
    button.directory = "out"
    button.directory = str(tmp_path / "out")
    assert button.directory == str(tmp_path / "out")
    assert got == [(str(tmp_path / "out"),)]
    assert selected == got * 2


def test_a_checkable_push_button_is_made_checkable_by_its_box():
    button = ctk.ctkCheckablePushButton()
    got = received(button, "checkBoxToggled(bool)")
    button.checkState = qt.Qt.Checked
    assert (button.checkable, button.checked, got) == (True, True, [(True,)])


def test_a_color_button_announces_its_color():
    button = ctk.ctkColorPickerButton()
    got = received(button, "colorChanged(QColor)")
    button.color = qt.QColor(1, 2, 3)
    assert got == [(qt.QColor(1, 2, 3),)]


def test_a_search_box_is_a_line_edit():
    box = ctk.ctkSearchBox()
    got = received(box, "textChanged(QString)")
    box.text = "date"
    assert got == [("date",)]


def test_a_node_selector_follows_the_scene(scene):
    selector = slicer.qMRMLNodeComboBox()
    selector.nodeTypes = ["vtkMRMLScalarVolumeNode"]
    selector.noneEnabled = True
    selector.setMRMLScene(scene)
    first = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "CT")
    scene.AddNewNodeByClass("vtkMRMLTextNode")
    labels = scene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode")
    assert selector.currentNode() is None
    assert selector.nodeCount() == 2
    selector.showChildNodeTypes = False
    assert selector.nodeCount() == 1
    selector.setCurrentNode(labels)
    assert selector.currentNode() is None
    got = received(selector, "currentNodeChanged(vtkMRMLNode*)")
    selector.currentNodeID = first.GetID()
    scene.RemoveNode(first)
    assert got == [(first,), (None,)]


def test_a_node_selector_without_none_chooses_the_first_node(scene):
    selector = slicer.qMRMLNodeComboBox()
    selector.nodeTypes = ["vtkMRMLTextNode"]
    selector.setMRMLScene(scene)
    assert selector.currentNode() is None
    node = selector.addNode()
    assert selector.currentNode() is node
    assert selector.currentNodeID == node.GetID()


def test_a_node_selector_can_ask_for_an_attribute(scene):
    selector = slicer.qMRMLNodeComboBox()
    selector.nodeTypes = ["vtkMRMLTextNode"]
    selector.addAttribute("vtkMRMLTextNode", "Kind", "report")
    selector.setMRMLScene(scene)
    node = scene.AddNewNodeByClass("vtkMRMLTextNode")
    assert selector.nodeCount() == 0
    node.SetAttribute("Kind", "report")
    assert selector.nodeCount() == 1


def test_a_node_selector_lets_go_of_the_scene(scene):
    before = str(scene).count("Event: ")
    selector = slicer.qMRMLNodeComboBox()
    selector.setMRMLScene(scene)
    assert str(scene).count("Event: ") > before
    selector.setMRMLScene(None)
    assert str(scene).count("Event: ") == before


def test_an_mrml_widget_announces_its_scene(scene):
    widget = slicer.qMRMLWidget()
    got = received(widget, "mrmlSceneChanged(vtkMRMLScene*)")
    widget.setMRMLScene(scene)
    widget.setMRMLScene(scene)
    assert got == [(scene,)]
    assert widget.mrmlScene() is scene


def test_a_dialog_that_is_expected_runs_for_real():
    dialog = qt.QDialog()
    with dialogs.acting(lambda opened: opened.accept()):
        assert dialog.exec_() == qt.QDialog.Accepted


def test_a_dialog_that_the_action_leaves_open_is_closed_and_recorded():
    with failures.expected(Kind.DIALOG) as caught, dialogs.acting(lambda opened: None):
        assert qt.QDialog().exec_() == qt.QDialog.Rejected
    assert "left open" in caught[0].text


def test_a_menu_that_is_expected_returns_the_action_chosen():
    menu = qt.QMenu()
    menu.addAction("Cut")
    copy = menu.addAction("Copy")

    def choose(opened):
        copy.trigger()
        opened.close()

    with dialogs.acting(choose):
        assert menu.exec_(qt.QPoint(0, 0)) is copy


def test_an_expected_dialog_that_does_not_come_fails():
    with pytest.raises(AssertionError, match="did not open"), dialogs.answering(getOpenFileName="x"):
        pass
