"""Parameter nodes keep their values in the scene, with Slicer's rules for types and widgets."""

# ruff: noqa: I001 - application comes first: it makes the others importable

import enum
import pathlib
from typing import Annotated

import pytest

from application import ctk, qt, slicer
from slicer.parameterNodeWrapper import (
    Choice,
    Decimals,
    Default,
    Maximum,
    Minimum,
    WithinRange,
    isParameterNodeWrapper,
    parameterNodeWrapper,
)


class Interpolation(enum.Enum):
    NEAREST = 0
    LINEAR = 1


@parameterNodeWrapper
class Parameters:
    volume: slicer.vtkMRMLScalarVolumeNode
    spacing: Annotated[float, WithinRange(0.1, 10), Decimals(3)] = 1.0
    count: Annotated[int, Minimum(0), Default(4)]
    interpolation: Interpolation = Interpolation.LINEAR
    folder: pathlib.Path
    names: list[str]
    limits: Annotated[list[int], Default(generator=lambda: [1, 2])]


@pytest.fixture
def node():
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScriptedModuleNode")
    yield node
    slicer.mrmlScene.RemoveNode(node)


def test_defaults_are_written_to_the_node(node):
    parameters = Parameters(node)
    assert isParameterNodeWrapper(parameters)
    assert (parameters.spacing, parameters.count, parameters.interpolation) == (1.0, 4, Interpolation.LINEAR)
    assert (parameters.volume, parameters.folder, list(parameters.limits)) == (None, pathlib.Path(), [1, 2])
    assert node.GetParameter("interpolation") == "LINEAR"
    assert node.GetParameter("limits.len") == "2"


def test_values_are_shared_by_the_wrappers_of_a_node(node):
    first, second = Parameters(node), Parameters(node)
    first.spacing = 2.5
    first.names.append("liver")
    volume = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode")
    first.volume = volume
    assert second.spacing == 2.5
    assert list(second.names) == ["liver"]
    assert second.volume is volume
    slicer.mrmlScene.RemoveNode(volume)
    assert second.volume is None


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("spacing", 99.0, ValueError),
        ("spacing", "1", TypeError),
        ("count", 1.5, TypeError),
        ("count", -1, ValueError),
        ("count", None, ValueError),
        ("folder", "/data", TypeError),
        ("interpolation", 1, TypeError),
    ],
)
def test_invalid_values_are_refused_and_leave_the_old_one(node, name, value, error):
    parameters = Parameters(node)
    before = getattr(parameters, name)
    with pytest.raises(error):
        setattr(parameters, name, value)
    assert getattr(parameters, name) == before


def test_values_survive_saving_and_loading_the_scene(tmp_path):
    logic_node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScriptedModuleNode", "saved")
    parameters = Parameters(logic_node)
    parameters.spacing, parameters.interpolation, parameters.names = 3.25, Interpolation.NEAREST, ["a", "b"]
    path = str(tmp_path / "scene.mrml")
    slicer.mrmlScene.SetURL(path)
    slicer.mrmlScene.Commit(path)
    del parameters, logic_node
    slicer.mrmlScene.Clear(0)
    slicer.util.loadScene(path)
    restored = Parameters(slicer.util.getNode("saved"))
    assert (restored.spacing, restored.interpolation) == (3.25, Interpolation.NEAREST)
    assert list(restored.names) == ["a", "b"]
    slicer.mrmlScene.Clear(0)


def test_many_changes_are_one_modification(node):
    parameters, events = Parameters(node), []
    tag = parameters.AddObserver("ModifiedEvent", lambda caller, event: events.append(event))
    with slicer.util.NodeModify(parameters):
        parameters.spacing = 2.0
        parameters.count = 9
    parameters.RemoveObserver(tag)
    assert len(events) == 1


def test_an_unbound_widget_no_longer_changes_the_parameter(node):
    parameters, box = Parameters(node), qt.QDoubleSpinBox()
    tag = parameters.connectParametersToGui({"spacing": box})
    assert (box.minimum, box.maximum, box.decimals) == (0.1, 10, 3)
    box.value = 4
    parameters.disconnectGui(tag)
    box.value = 5
    assert parameters.spacing == 4


@parameterNodeWrapper
class Controls:
    flag: bool
    whole: int
    bounded: Annotated[int, WithinRange(0, 5)]
    real: float
    text: str
    choice: Annotated[str, Choice(["a", "b"])] = "b"
    folder: pathlib.Path
    capped: Annotated[float, Maximum(3)]


@pytest.mark.parametrize(
    ("parameter", "widget"),
    [
        ("flag", qt.QCheckBox),
        ("flag", ctk.ctkCheckBox),
        ("flag", ctk.ctkCheckablePushButton),
        ("flag", qt.QPushButton),
        ("whole", qt.QSpinBox),
        ("bounded", qt.QSlider),
        ("bounded", ctk.ctkSliderWidget),
        ("real", qt.QDoubleSpinBox),
        ("real", ctk.ctkDoubleSpinBox),
        ("text", qt.QLineEdit),
        ("text", qt.QLabel),
        ("text", qt.QTextEdit),
        ("choice", qt.QComboBox),
        ("choice", ctk.ctkComboBox),
        ("folder", ctk.ctkPathLineEdit),
        ("folder", ctk.ctkDirectoryButton),
        ("capped", slicer.qMRMLSpinBox),
    ],
)
def test_widgets_that_can_be_bound(node, parameter, widget):
    parameters = Controls(node)
    parameters.disconnectGui(parameters.connectParametersToGui({parameter: widget()}))


@pytest.mark.parametrize(
    ("parameter", "widget"),
    [
        ("flag", qt.QRadioButton),
        ("text", qt.QPlainTextEdit),
        ("text", ctk.ctkSearchBox),
        ("text", qt.QComboBox),
        ("real", qt.QSpinBox),
        ("whole", ctk.ctkSliderWidget),
        ("folder", qt.QLineEdit),
    ],
)
def test_widgets_that_cannot_be_bound(node, parameter, widget):
    with pytest.raises(RuntimeError):
        Controls(node).connectParametersToGui({parameter: widget()})


def test_an_unknown_parameter_cannot_be_bound(node):
    with pytest.raises(ValueError, match="colour"):
        Controls(node).connectParametersToGui({"colour": qt.QLineEdit()})
