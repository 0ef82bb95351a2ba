"""Signals and slots behave as PythonQt's."""

import functools

import pytest

from application import ctk, processEvents, qt, slicer, standInOnly

pytestmark = standInOnly()

from stand_in import failures  # noqa: E402
from stand_in.failures import Kind  # noqa: E402


def test_a_slot_gets_what_the_signature_sends():
    button, got = qt.QPushButton(), []
    button.checkable = True
    assert button.connect("clicked(bool)", got.append)
    button.click()
    assert got == [True]


def test_a_function_gets_no_more_arguments_than_it_takes():
    table, got = qt.QTableWidget(2, 2), []
    table.connect("cellChanged(int,int)", lambda row: got.append(row))
    table.connect("cellChanged(int, int)", lambda: got.append("none"))
    table.connect("cellChanged(int,int)", lambda *both: got.append(both))
    table.setItem(1, 0, qt.QTableWidgetItem("x"))
    assert got == [1, "none", (1, 0)]


def test_a_default_argument_is_filled_by_the_signal():
    """PythonQt counts it as an argument that the function takes, which surprises who binds loop variables that way."""
    button, got = qt.QPushButton(), []
    button.connect("clicked(bool)", lambda index=7: got.append(index))
    button.connect("clicked()", lambda index=7: got.append(index))
    button.click()
    assert got == [False, 7]


def test_a_partial_gets_all_arguments():
    button, got = qt.QPushButton(), []
    button.connect("clicked(bool)", functools.partial(lambda first, checked: got.append((first, checked)), 1))
    button.click()
    assert got == [(1, False)]


@pytest.mark.parametrize("signal", ["clickd()", "clicked(int)", "clicked", "textChanged(QString)", "clicked(QString)"])
def test_an_unknown_signal_returns_false_and_is_recorded(signal):
    with failures.expected(Kind.CONNECT) as caught:
        assert qt.QPushButton().connect(signal, lambda: None) is False
    assert signal in caught[0].text


def test_signatures_are_compared_as_qt_does():
    assert qt.QLineEdit().connect("textChanged(const QString &)", lambda text: None)


def test_signals_that_qt_6_dropped_still_come():
    combo_box, got = qt.QComboBox(), []
    combo_box.addItems(["a", "b"])
    combo_box.connect("currentIndexChanged(QString)", got.append)
    combo_box.connect("currentIndexChanged(int)", got.append)
    combo_box.currentIndex = 1
    spin_box = qt.QSpinBox()
    spin_box.connect("valueChanged(QString)", got.append)
    spin_box.value = 5
    group, button = qt.QButtonGroup(), qt.QRadioButton()
    group.addButton(button, 4)
    group.connect("buttonClicked(int)", got.append)
    button.click()
    assert got == ["b", 1, "5", 4]


def test_an_exception_in_a_slot_is_recorded_and_stops_nothing():
    button, got = qt.QPushButton(), []
    button.connect("clicked()", lambda: 1 / 0)
    button.connect("clicked()", lambda: got.append(1))
    with failures.expected(Kind.SLOT) as caught:
        button.click()
    assert got == [1]
    assert "ZeroDivisionError" in caught[0].text


def test_disconnecting_one_slot_leaves_the_others():
    button, got = qt.QPushButton(), []
    first, second = (lambda: got.append(1)), (lambda: got.append(2))
    button.connect("clicked()", first)
    button.connect("clicked()", second)
    assert button.disconnect("clicked()", first)
    assert not button.disconnect("clicked()", first)
    button.click()
    assert got == [2]
    assert button.disconnect("clicked()")


def test_a_signal_attribute_can_be_connected_and_emitted():
    line_edit, got = qt.QLineEdit(), []
    line_edit.textChanged.connect(got.append)
    line_edit.text = "a"
    line_edit.textChanged.disconnect(got.append)
    line_edit.text = "b"
    assert got == ["a"]


def test_a_slot_can_be_given_by_receiver_and_signature():
    check_box, label = qt.QCheckBox(), qt.QLabel()
    assert check_box.connect("toggled(bool)", label, "setEnabled(bool)")
    assert check_box.connect("toggled(bool)", label.setVisible)
    check_box.checked = True
    check_box.checked = False
    assert not label.enabled
    assert not label.visible


def test_a_blocked_object_sends_nothing():
    check_box, got = qt.QCheckBox(), []
    check_box.connect("toggled(bool)", got.append)
    was_blocked = check_box.blockSignals(True)
    check_box.checked = True
    check_box.blockSignals(was_blocked)
    assert got == []


def test_signals_of_stand_ins_carry_slicers_signatures():
    selector, got = slicer.qMRMLNodeComboBox(), []
    selector.connect("currentNodeChanged(vtkMRMLNode*)", got.append)
    with failures.expected(Kind.CONNECT):
        assert not selector.connect("currentNodeChanged()", lambda: None)
    selector.nodeTypes = ["vtkMRMLTextNode"]
    selector.setMRMLScene(slicer.mrmlScene)
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTextNode")
    assert got == [node]
    slicer.mrmlScene.RemoveNode(node)
    assert got == [node, None]
    selector.setMRMLScene(None)


def test_a_destroyed_sender_forgets_its_slots():
    slider = ctk.ctkSliderWidget()
    slider.connect("valueChanged(double)", lambda: None)
    slider.deleteLater()
    processEvents()


def test_connecting_something_that_cannot_be_called_fails():
    with pytest.raises(ValueError, match="callable"):
        qt.QPushButton().connect("clicked()", 3)
