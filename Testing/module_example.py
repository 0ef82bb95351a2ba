"""A scripted module with a .ui file, a parameter node and a test, for tests of what modules stand on."""

from pathlib import Path

NAME = "ModuleExample"

_SOURCE = """
import enum
import pathlib
from typing import Annotated

import slicer
from slicer.i18n import tr as _
from slicer.parameterNodeWrapper import Choice, Default, WithinRange, parameterNodeWrapper
from slicer.ScriptedLoadableModule import *
from slicer.util import VTKObservationMixin


class Mode(enum.Enum):
    MEAN = "mean"
    MAXIMUM = "maximum"


@parameterNodeWrapper
class ModuleExampleParameterNode:
    inputVolume: slicer.vtkMRMLScalarVolumeNode
    threshold: Annotated[float, WithinRange(-100, 500)] = 10.5
    count: Annotated[int, WithinRange(1, 9)] = 3
    invert: bool = False
    title: str = "none"
    mode: Mode = Mode.MAXIMUM
    plane: Annotated[str, Choice(["axial", "coronal"])] = "coronal"
    folder: pathlib.Path = pathlib.Path("/")
    names: list[str]


class ModuleExample(ScriptedLoadableModule):
    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        parent.title = _("Example")
        parent.categories = ["Testing"]


class ModuleExampleWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    def __init__(self, parent=None):
        ScriptedLoadableModuleWidget.__init__(self, parent)
        VTKObservationMixin.__init__(self)
        self._parameterNode = None
        self._tag = None
        self.applied = 0

    def setup(self):
        ScriptedLoadableModuleWidget.setup(self)
        frame = slicer.util.loadUI(self.resourcePath("UI/ModuleExample.ui"))
        self.layout.addWidget(frame)
        self.ui = slicer.util.childWidgetVariables(frame)
        frame.setMRMLScene(slicer.mrmlScene)
        self.ui.applyButton.text = _("Apply")
        self.ui.applyButton.connect("clicked(bool)", self.onApply)
        self.logic = ModuleExampleLogic()
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.StartCloseEvent, lambda caller, event: self._bind(None))

    def onApply(self):
        self.applied += 1

    def enter(self):
        self._bind(self.logic.getParameterNode())

    def exit(self):
        self._bind(None)

    def cleanup(self):
        self._bind(None)
        self.removeObservers()

    def _bind(self, parameterNode):
        if self._parameterNode:
            self._parameterNode.disconnectGui(self._tag)
        self._parameterNode = parameterNode
        if parameterNode:
            self._tag = parameterNode.connectGui(self.ui)


class ModuleExampleLogic(ScriptedLoadableModuleLogic):
    def getParameterNode(self):
        return ModuleExampleParameterNode(super().getParameterNode())


class ModuleExampleTest(ScriptedLoadableModuleTest):
    ran = []

    def test_one(self):
        self.ran.append("one")
"""

_CONTROLS = {
    "inputVolume": (
        "qMRMLNodeComboBox",
        '<property name="nodeTypes"><stringlist><string>vtkMRMLScalarVolumeNode</string></stringlist></property>'
        '<property name="noneEnabled"><bool>true</bool></property>',
    ),
    "threshold": ("ctkSliderWidget", ""),
    "count": ("QSpinBox", ""),
    "invert": ("QCheckBox", ""),
    "title": ("QLineEdit", ""),
    "mode": ("QComboBox", ""),
    "plane": ("ctkComboBox", ""),
    "folder": (
        "ctkPathLineEdit",
        '<property name="filters"><set>ctkPathLineEdit::Dirs|ctkPathLineEdit::Writable</set></property>',
    ),
}
_CONTAINERS = ("qMRMLWidget", "ctkCollapsibleButton")
_CONNECTION = (
    "<sender>ModuleExample</sender><signal>mrmlSceneChanged(vtkMRMLScene*)</signal>"
    "<receiver>inputVolumeControl</receiver><slot>setMRMLScene(vtkMRMLScene*)</slot>"
)


def write_module(folder: Path, connection: str = _CONNECTION, extra: str = "") -> Path:
    """Writes the module and returns its folder; ``connection`` and ``extra`` go into the .ui file."""
    module = folder / NAME
    (module / "Resources" / "UI").mkdir(parents=True)
    (module / f"{NAME}.py").write_text(_SOURCE, encoding="utf-8")
    (module / "Resources" / "UI" / f"{NAME}.ui").write_text(_ui(connection, extra), encoding="utf-8")
    return module


def _ui(connection: str, extra: str) -> str:
    items = "".join(_item(name, cls, text) for name, (cls, text) in _CONTROLS.items())
    custom = {cls for cls, _ in _CONTROLS.values() if not cls.startswith("Q")} | set(_CONTAINERS)
    declarations = "".join(
        f"<customwidget><class>{cls}</class><extends>QWidget</extends><header>{cls}.h</header>"
        f"<container>{int(cls in _CONTAINERS)}</container></customwidget>"
        for cls in sorted(custom)
    )
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<ui version="4.0">
 <class>ModuleExample</class>
 <widget class="qMRMLWidget" name="ModuleExample">
  <layout class="QVBoxLayout" name="verticalLayout">
   <item><widget class="ctkCollapsibleButton" name="parametersButton">
    <property name="text"><string>Parameters</string></property>
    <layout class="QVBoxLayout" name="parametersLayout">{items}</layout>
   </widget></item>
   <item><widget class="QPushButton" name="applyButton"/></item>
   {extra}
  </layout>
 </widget>
 <customwidgets>{declarations}</customwidgets>
 <tabstops><tabstop>titleControl</tabstop><tabstop>countControl</tabstop></tabstops>
 <resources/>
 <connections><connection>{connection}</connection></connections>
</ui>
"""


def _item(parameter: str, cls: str, properties: str) -> str:
    bound = f'<property name="SlicerParameterName" stdset="0"><string notr="true">{parameter}</string></property>'
    return f'<item><widget class="{cls}" name="{parameter}Control">{properties}{bound}</widget></item>'
