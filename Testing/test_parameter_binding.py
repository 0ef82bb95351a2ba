"""Parameters and controls: each has the other, and a scene that is loaded again brings every choice back."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from pathlib import Path

import pytest

from application import enter, exit_, moduleWidget, processEvents, qt, slicer
from panel_places import database_of, private_places
from source_files import MODULES

BOUND = "SlicerParameterName"


@pytest.fixture(autouse=True)
def places(tmp_path: Path) -> Iterator[None]:
    with private_places(tmp_path), database_of(tmp_path / "database"):
        slicer.mrmlScene.Clear(0)
        yield
        slicer.mrmlScene.Clear(0)


@pytest.fixture(params=MODULES)
def widget(request: pytest.FixtureRequest) -> Iterator[object]:
    """Each module, entered."""
    widget = moduleWidget(request.param)
    enter(widget)
    yield widget
    exit_(widget)


def bound_controls(widget) -> dict[str, object]:
    """Controls by the name of their parameter; fails where two claim one."""
    controls: dict[str, object] = {}
    for control in widget.uiWidget.findChildren(qt.QWidget):
        name = control.property(BOUND)
        if name:
            assert name not in controls, f"two controls for {name}"
            controls[name] = control
    return controls


def is_reference(control) -> bool:
    """Whether a control chooses a node of the scene, which has tests of its own in its module."""
    return control.inherits("qMRMLNodeComboBox")


def choices(widget) -> dict[str, object]:
    """The other controls, by the name of their parameter."""
    return {name: control for name, control in bound_controls(widget).items() if not is_reference(control)}


def other_value(value: object) -> object:
    """A value that differs and is of the same kind."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, enum.Enum):
        members = list(type(value))
        return members[(members.index(value) + 1) % len(members)]
    if isinstance(value, int | float):
        return value + 1
    raise AssertionError(f"what else can {value!r} be?")


def shown(control) -> object:
    """What a control says."""
    for name in ("checked", "currentIndex", "value", "collapsed"):
        if hasattr(control, name):
            return getattr(control, name)
    raise AssertionError(f"{control.className()} is new here")


def test_every_parameter_has_a_control_and_every_bound_control_a_parameter(widget) -> None:
    assert set(bound_controls(widget)) == set(widget._parameterNode.allParameters)


def test_a_parameter_and_its_control_follow_each_other(widget) -> None:
    parameters = widget._parameterNode
    for name, control in choices(widget).items():
        before = shown(control)
        value = other_value(parameters.getValue(name))
        parameters.setValue(name, value)
        if parameters.getValue(name) == value:  # not ruled out by another
            assert shown(control) != before, name


def test_choices_come_back_with_the_scene(widget, tmp_path: Path) -> None:
    names = list(choices(widget))
    for name in names:
        default = widget._parameterNode.getValue(name)
        widget._parameterNode.setValue(name, other_value(default))
        chosen = {one: widget._parameterNode.getValue(one) for one in names}
        scene = tmp_path / f"{name}.mrml"
        slicer.mrmlScene.SetURL(str(scene))
        assert slicer.mrmlScene.Commit()
        slicer.mrmlScene.Clear(0)
        processEvents()
        assert widget._parameterNode.getValue(name) == default
        slicer.mrmlScene.SetURL(str(scene))
        assert slicer.mrmlScene.Connect()
        processEvents()
        exit_(widget)
        enter(widget)
        assert {one: widget._parameterNode.getValue(one) for one in names} == chosen, name
        slicer.mrmlScene.Clear(0)
        processEvents()


def test_nothing_but_choices_and_references_is_in_the_parameter_node(widget) -> None:
    for name in choices(widget):
        assert isinstance(widget._parameterNode.getValue(name), bool | int | float | enum.Enum), name
