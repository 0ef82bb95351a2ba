"""``slicer.app``: the application object, with settings and temporary files in a folder of the test run."""

import os
from pathlib import Path
from typing import Any

from PySide6 import QtCore, QtGui, QtWidgets
from PySide6.QtCore import Signal

from stand_in import pseudo_translation
from stand_in.classes import stands_in
from stand_in.widgets.declared import stored

_ORGANIZATION = "NA-MIC"
_DOCUMENTATION = "https://slicer.readthedocs.io/en/v5.12/"


@stands_in
class qSlicerApplication(QtWidgets.QApplication):
    """Without a main window, a layout manager or a Python console, as under --no-main-window --testing."""

    startupCompleted = Signal()
    mrmlSceneChanged = Signal(object)
    renderPaused = Signal(bool)

    majorVersion = stored(int, 5)
    minorVersion = stored(int, 12)
    mainApplicationName = stored(str, "Slicer")
    mainApplicationDisplayName = stored(str, "3D Slicer")
    mainApplicationMajorVersion = stored(int, 5)
    mainApplicationMinorVersion = stored(int, 12)
    applicationLocaleName = stored(str, "en-US")
    documentationBaseUrl = stored(str, _DOCUMENTATION)
    documentationVersion = stored(str, "5.12")
    revision = stored(str, "0")
    isInstalled = stored(bool, True)
    isCustomMainApplication = stored(bool, False)
    releaseType = stored(str, "Stable")
    temporaryPath = stored(str, "")
    cachePath = stored(str, "")
    slicerHome = stored(str, "")
    slicerSharePath = stored(str, "share")
    startupWorkingPath = stored(str, "")
    slicerUserSettingsFilePath = stored(str, "")
    extensionsInstallPath = stored(str, "")

    def __init__(self, folder: Path) -> None:
        super().__init__(["Slicer"])
        QtWidgets.QApplication.setStyle("Fusion")
        _keep_settings_in(folder)
        self._settings = QtCore.QSettings()
        self._managers: dict[str, Any] = {}
        self._pseudo_translating = False
        for name in ("temporaryPath", "cachePath", "slicerHome", "extensionsInstallPath"):
            path = folder / name
            path.mkdir()
            self.__dict__[f"_{name}"] = str(path)
        self._startupWorkingPath = os.getcwd()
        self._slicerUserSettingsFilePath = QtCore.QSettings.fileName(self._settings)

    def _attach(self, **managers: Any) -> None:
        """The scene, logics and managers that the methods below hand out."""
        self._managers.update(managers)

    def mrmlScene(self) -> Any:
        return self._managers["scene"]

    def applicationLogic(self) -> Any:
        return self._managers["logic"]

    def moduleLogic(self, name: str) -> Any:
        return self._managers["logic"].GetModuleLogic(name)

    def moduleManager(self) -> Any:
        return self._managers["modules"]

    def coreIOManager(self) -> Any:
        return self._managers["io"]

    def ioManager(self) -> Any:
        return self._managers["io"]

    def dicomDatabase(self) -> Any:
        return self._managers["database"]

    def layoutManager(self) -> None:
        return None

    def pythonConsole(self) -> None:
        return None

    @staticmethod
    def testingEnabled() -> bool:
        return True

    def settings(self) -> QtCore.QSettings:
        return self._settings

    def userSettings(self) -> QtCore.QSettings:
        return self._settings

    def revisionUserSettings(self) -> QtCore.QSettings:
        return self._settings

    def startupEnvironment(self) -> QtCore.QProcessEnvironment:
        return QtCore.QProcessEnvironment.systemEnvironment()

    def environment(self) -> QtCore.QProcessEnvironment:
        return QtCore.QProcessEnvironment.systemEnvironment()

    def pauseRender(self) -> None:
        self._managers["logic"].PauseRender()

    def resumeRender(self) -> None:
        self._managers["logic"].ResumeRender()

    def setRenderPaused(self, paused: bool) -> None:
        (self.pauseRender if paused else self.resumeRender)()

    def moduleDocumentationUrl(self, name: str) -> str:
        return f"{_DOCUMENTATION}user_guide/modules/{name.lower()}.html"

    def translate(self, context: str, text: str) -> str:
        """The text itself, or a pseudo-translation (``pseudo_translation.pseudo_translated``)."""
        return pseudo_translation.marked(text) if self._pseudo_translating else text


def _keep_settings_in(folder: Path) -> None:
    """QSettings without arguments never touches the user's own."""
    QtCore.QSettings.setDefaultFormat(QtCore.QSettings.IniFormat)
    for scope in (QtCore.QSettings.UserScope, QtCore.QSettings.SystemScope):
        QtCore.QSettings.setPath(QtCore.QSettings.IniFormat, scope, str(folder / "settings"))
    QtCore.QCoreApplication.setOrganizationName(_ORGANIZATION)
    QtCore.QCoreApplication.setApplicationName("Slicer")
    QtGui.QGuiApplication.setApplicationDisplayName("3D Slicer")
    QtGui.QGuiApplication.setQuitOnLastWindowClosed(False)
