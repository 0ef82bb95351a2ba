"""qMRMLWidget, qSlicerWidget: widgets that know the scene."""

from typing import Any

from PySide6 import QtWidgets
from PySide6.QtCore import Signal

from stand_in.classes import stands_in
from stand_in.unpatched import raw


@stands_in
class qMRMLWidget(QtWidgets.QWidget):
    mrmlSceneChanged = Signal(object)
    _scene: Any = None

    def mrmlScene(self) -> Any:
        return self._scene

    def setMRMLScene(self, scene: Any) -> None:
        if scene is not self._scene:
            self._scene = scene
            raw(self, "mrmlSceneChanged").emit(scene)


@stands_in
class qSlicerWidget(QtWidgets.QWidget):
    mrmlSceneChanged = Signal(object)
    _scene: Any = None

    def setMRMLScene(self, scene: Any) -> None:
        if scene is not self._scene:
            self._scene = scene
            raw(self, "mrmlSceneChanged").emit(scene)
