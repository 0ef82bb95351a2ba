"""PythonQt's rules hold on PySide6: what works in Slicer works, and what fails there fails."""

import pytest

from application import qt, slicer, standInOnly

pytestmark = standInOnly()


def test_properties_are_attributes():
    button = qt.QPushButton("Apply")
    button.enabled = False
    button.text = "Stop"
    assert (button.text, button.enabled, button.checked) == ("Stop", False, False)


@pytest.mark.parametrize("name", ["text", "enabled", "objectName", "toolTip"])
def test_calling_a_property_fails(name):
    with pytest.raises(TypeError):
        getattr(qt.QPushButton("Apply"), name)()


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: qt.QPushButton(), "set_text"),
        (lambda: qt.QPushButton(), "tooltip"),
        (lambda: qt.QTableWidget(), "rowcount"),
        (lambda: qt.QColor(), "from_rgb"),
        (lambda: qt.QLabel(), "mro"),
        (lambda: qt.QComboBox(), "placeHolderText"),
        (lambda: qt.QTreeWidgetItem(), "set_text"),
    ],
)
def test_unknown_attributes_fail(make, name):
    with pytest.raises(AttributeError):
        getattr(make(), name)


def test_names_that_only_qt_6_has_fail():
    with pytest.raises(AttributeError):
        qt.QCheckBox().checkStateChanged  # noqa: B018
    with pytest.raises(AttributeError):
        qt.QSortFilterProxyModel().autoAcceptChildRows  # noqa: B018
    with pytest.raises(AttributeError):
        qt.QColor().isValidColorName("red")
    assert not hasattr(qt, "QPermission")


def test_a_cxx_object_takes_no_new_attributes():
    with pytest.raises(AttributeError):
        qt.QPushButton().note = "x"
    with pytest.raises(AttributeError):
        qt.QTableWidgetItem().note = "x"
    with pytest.raises(AttributeError):
        qt.QPushButton()._note = "x"
    with pytest.raises(AttributeError):
        slicer.qMRMLWidget()._note = "x"


def test_a_method_cannot_be_overwritten():
    with pytest.raises(AttributeError):
        qt.QPushButton().click = lambda: None


def test_a_class_derived_in_python_takes_attributes_and_overrides():
    class Label(qt.QLabel):
        def hello(self):
            return "hello " + self.text

    label = Label("there")
    label.note = 3
    assert (label.hello(), label.note) == ("hello there", 3)


def test_a_read_only_property_cannot_be_written():
    with pytest.raises(AttributeError):
        qt.QTreeWidget().topLevelItemCount = 3


@pytest.mark.parametrize(
    ("name", "value"), [("text", 3), ("text", None), ("enabled", "yes"), ("checkable", None), ("iconSize", 3)]
)
def test_a_property_refuses_a_value_of_another_type(name, value):
    with pytest.raises(AttributeError):
        setattr(qt.QPushButton(), name, value)


def test_a_value_is_clamped_to_the_range():
    spin_box = qt.QSpinBox()
    spin_box.setRange(0, 10)
    spin_box.value = 99
    assert spin_box.value == 10


def test_lists_come_as_tuples():
    table = qt.QTableWidget(1, 1)
    dialog = qt.QFileDialog()
    dialog.setNameFilters(["a (*.a)", "b (*.b)"])
    assert table.selectedItems() == ()
    assert isinstance(table.findChildren(qt.QHeaderView), tuple)
    assert dialog.nameFilters() == ("a (*.a)", "b (*.b)")


def test_ints_stand_for_enums():
    table = qt.QTableWidget(1, 1)
    table.horizontalHeader().setSectionResizeMode(1)
    assert table.horizontalHeader().sectionResizeMode(0) == qt.QHeaderView.Stretch == 1
    table.selectionMode = 2
    assert table.selectionMode == qt.QAbstractItemView.MultiSelection
    item = qt.QTableWidgetItem("a")
    item.setCheckState(2)
    item.setFlags(33)
    assert item.checkState() == qt.Qt.Checked
    assert item.flags() == qt.Qt.ItemIsSelectable | qt.Qt.ItemIsEnabled
    assert qt.QLabel("a").alignment & qt.Qt.AlignLeft


def test_enum_values_are_found_on_the_class_only():
    assert qt.Qt.AlignLeft == 1
    assert qt.QHeaderView.ResizeMode(1) == qt.QHeaderView.Stretch
    with pytest.raises(AttributeError):
        qt.Qt.AlignmentFlag.AlignLeft  # noqa: B018
    with pytest.raises(AttributeError):
        qt.QHeaderView.ResizeMode.Stretch  # noqa: B018


@pytest.mark.parametrize("name", ["Signal", "Slot", "Property", "QtCore", "QtWidgets"])
def test_names_of_pyside_are_not_in_qt(name):
    assert not hasattr(qt, name)


def test_keyword_arguments_fail():
    with pytest.raises(TypeError):
        qt.QPushButton(text="Apply")
    with pytest.raises(TypeError):
        qt.QTableWidget().setItem(row=0, column=0, item=qt.QTableWidgetItem())


def test_wrong_arguments_raise_value_error():
    with pytest.raises(ValueError, match="setRowCount"):
        qt.QTableWidget().setRowCount("many")
    with pytest.raises(ValueError, match="QLabel"):
        qt.QLabel(3.5, 4)


def test_name_is_the_object_name_and_children_are_found_by_it():
    parent = qt.QWidget()
    child = qt.QLabel("x", parent)
    child.name = "title"
    assert (child.name, child.objectName) == ("title", "title")
    assert parent.title is child
    assert parent.findChild("QLabel", "title") is child
    assert slicer.util.findChild(parent, "title") is child


def test_dynamic_properties_are_attributes_once_they_exist():
    widget = qt.QWidget()
    with pytest.raises(AttributeError):
        widget.SlicerParameterName = "threshold"
    widget.setProperty("SlicerParameterName", "threshold")
    assert widget.SlicerParameterName == widget.property("SlicerParameterName") == "threshold"
    widget.SlicerParameterName = "level"
    assert widget.property("SlicerParameterName") == "level"


def test_a_destroyed_object_says_so():
    label = qt.QLabel("x")
    label.delete()
    with pytest.raises(ValueError, match="destroyed QLabel"):
        label.text  # noqa: B018


def test_class_identity_and_inheritance():
    button = qt.QPushButton()
    assert type(button) is qt.QPushButton
    assert button.className() == "QPushButton"
    assert button.inherits("QAbstractButton")
    assert button.isWidgetType()


def test_item_data_keeps_python_values():
    item = qt.QTableWidgetItem()
    key = ("1.2.3", 7)
    item.setData(qt.Qt.UserRole, key)
    assert item.data(qt.Qt.UserRole) == key
    tree = qt.QTreeWidgetItem(["name", "value"])
    tree.setData(0, qt.Qt.UserRole, "1.2.3")
    assert (tree.text(1), tree.data(0, qt.Qt.UserRole)) == ("value", "1.2.3")


def test_names_of_qt_5_that_qt_6_dropped_work():
    model = qt.QSortFilterProxyModel()
    model.setFilterRegExp("a.c")
    layout = qt.QVBoxLayout()
    layout.setMargin(3)
    assert layout.contentsMargins().left() == 3
    assert qt.QFontMetrics(qt.QFont()).width("wide") > 0


def test_a_model_behind_a_filter():
    model = qt.QStandardItemModel()
    for text in ("Patient's Name", "Study Date"):
        model.appendRow([qt.QStandardItem(text), qt.QStandardItem("x")])
    proxy = qt.QSortFilterProxyModel()
    proxy.setSourceModel(model)
    proxy.setFilterKeyColumn(0)
    proxy.setFilterCaseSensitivity(qt.Qt.CaseInsensitive)
    proxy.setFilterFixedString("study")
    view = qt.QTreeView()
    view.setModel(proxy)
    assert proxy.rowCount() == 1
    assert proxy.index(0, 0).data() == "Study Date"
    assert model.itemFromIndex(proxy.mapToSource(proxy.index(0, 0))).text() == "Study Date"


def test_settings_are_the_tests_own():
    settings = qt.QSettings()
    settings.setValue("DicomSuite/Test", "1")
    assert settings.fileName().startswith(slicer.app.slicerUserSettingsFilePath.rsplit("/settings/", 1)[0])
    assert slicer.app.userSettings().value("DicomSuite/Test") == "1"
    assert slicer.util.settingsValue("DicomSuite/Test", False, converter=slicer.util.toBool) is True
    settings.remove("DicomSuite/Test")


def test_single_shot_timers_call_back():
    called = []
    qt.QTimer.singleShot(0, lambda: called.append(1))
    slicer.app.processEvents()
    assert called == [1]


def test_properties_with_virtual_getters_are_read_from_both_sides():
    table, bar = qt.QTableWidget(1, 1), qt.QProgressBar()
    bar.value = 40
    table.setCellWidget(0, 0, bar)
    assert bar.text == "40%"
    assert bar.sizeHint.height() > 0
    assert bar.minimumSizeHint.height() > 0
    assert not bar.grab().toImage().isNull()


def test_file_names_that_are_no_unicode_are_refused():
    with pytest.raises(SystemError):
        qt.QLabel().text = "m\udce4dchen.dcm"
    with pytest.raises(SystemError):
        qt.QComboBox().addItems(["a.dcm", "m\udce4dchen.dcm"])
    with pytest.raises(SystemError):
        qt.QTreeWidgetItem().setText(0, "m\udce4dchen.dcm")
