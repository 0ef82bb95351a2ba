"""Modules: what ``slicer.modules`` holds, the managers that load them, and the frame around a module's widget."""

import importlib.util
import sys
from pathlib import Path
from typing import Any

from PySide6 import QtCore, QtGui, QtWidgets
from PySide6.QtCore import Signal

from stand_in.classes import stands_in
from stand_in.unpatched import raw
from stand_in.widgets.declared import stored
from stand_in.widgets.mrml import qMRMLWidget


class CoreModule:
    """What ``slicer.modules.<name>`` is for a C++ module of slicer-core: its name and its logic."""

    def __init__(self, name: str, logic: Any) -> None:
        self.name = self.title = name
        self._logic = logic

    def logic(self) -> Any:
        return self._logic

    def widgetRepresentation(self) -> None:
        return None


@stands_in
class qSlicerScriptedLoadableModule(QtCore.QObject):
    """A scripted module; its Python object is ``slicer.modules.<Name>Instance``."""

    name = stored(str, "")
    title = stored(str, "")
    path = stored(str, "")
    categories = stored("QStringList", [])
    contributors = stored("QStringList", [])
    dependencies = stored("QStringList", [])
    associatedNodeTypes = stored("QStringList", [])
    helpText = stored(str, "")
    acknowledgementText = stored(str, "")
    hidden = stored(bool, False)
    index = stored(int, -1)
    isInstalled = stored(bool, True)
    isBuiltIn = stored(bool, False)
    widgetRepresentationCreationEnabled = stored(bool, True)
    icon = stored(QtGui.QIcon, QtGui.QIcon())

    def __init__(self, path: Path, scene: Any) -> None:
        super().__init__()
        self._path, self._name = str(path), path.stem
        self._scene = scene
        self._widget: Any = None

    def mrmlScene(self) -> Any:
        return self._scene

    def setMRMLScene(self, scene: Any) -> None:
        self._scene = scene

    def logic(self) -> None:
        return None

    def widgetRepresentation(self) -> Any:
        if self._widget is None and self.widgetRepresentationCreationEnabled:
            self._widget = self.createNewWidgetRepresentation()
        return self._widget

    def createNewWidgetRepresentation(self) -> Any:
        widget = qSlicerScriptedLoadableModuleWidget(Path(self._path), self._scene)
        widget.reload()
        return widget


class qSlicerScriptedLoadableModuleWidget(qMRMLWidget):
    """The frame in the module panel; ``self()`` is the module's own widget object."""

    def __init__(self, path: Path, scene: Any) -> None:
        super().__init__()
        self._source = path
        self._python: Any = None
        self.isEntered = False
        QtWidgets.QWidget.setLayout(self, QtWidgets.QVBoxLayout())
        self.setMRMLScene(scene)

    def self(self) -> Any:
        return self._python

    def reload(self) -> None:
        import slicer

        name = self._source.stem
        self._python = getattr(sys.modules[name], f"{name}Widget")(self)
        setattr(slicer.modules, f"{name}Widget", self._python)
        self._python.setup()

    def enter(self) -> None:
        self.isEntered = True
        getattr(self._python, "enter", lambda: None)()

    def exit(self) -> None:
        self.isEntered = False
        getattr(self._python, "exit", lambda: None)()


@stands_in
class qSlicerModuleFactoryManager(QtCore.QObject):
    """Registers and loads scripted modules from files."""

    moduleRegistered = Signal(str)
    moduleInstantiated = Signal(str)
    moduleLoaded = Signal(str)
    moduleAboutToBeUnloaded = Signal(str)
    moduleUnloaded = Signal(str)
    modulesLoaded = Signal("QStringList")
    searchPaths = stored("QStringList", [])
    modulesToIgnore = stored("QStringList", [])

    def __init__(self, scene: Any, core_modules: dict[str, CoreModule]) -> None:
        super().__init__()
        self._scene = scene
        self._core = core_modules
        self._registered: dict[str, Path] = {}
        self._loaded: dict[str, Any] = {}

    def registerModule(self, file: QtCore.QFileInfo) -> None:
        path = Path(QtCore.QFileInfo.absoluteFilePath(file))
        self._registered[path.stem] = path
        raw(self, "moduleRegistered").emit(path.stem)

    def loadModules(self, names: Any = None) -> bool:
        wanted = list(self._registered if names is None else names)
        for name in wanted:
            if name not in self._loaded:
                self._load(name)
        raw(self, "modulesLoaded").emit(wanted)
        return True

    def _load(self, name: str) -> None:
        import slicer

        path = self._registered[name]
        if str(path.parent) not in sys.path:
            sys.path.insert(0, str(path.parent))
        module = qSlicerScriptedLoadableModule(path, self._scene)
        python_module = _import(path)
        instance = getattr(python_module, name)(module)
        setattr(slicer.modules, f"{name}Instance", instance)
        setattr(slicer.modules, name.lower(), module)
        setattr(slicer.moduleNames, name, name)
        if not hasattr(python_module, f"{name}Widget"):
            module.__dict__["_widgetRepresentationCreationEnabled"] = False
        self._loaded[name] = module
        getattr(instance, "setup", lambda: None)()
        raw(self, "moduleLoaded").emit(name)

    def unloadModules(self) -> None:
        """Calls every module widget's ``cleanup``, as at the application's exit."""
        import slicer

        for name, module in list(self._loaded.items()):
            raw(self, "moduleAboutToBeUnloaded").emit(name)
            widget = module.__dict__["_widget"]
            if widget is not None:
                QtWidgets.QWidget.close(widget)
                QtCore.QObject.deleteLater(widget)
            for attribute in (name.lower(), f"{name}Instance", f"{name}Widget"):
                vars(slicer.modules).pop(attribute, None)
            vars(slicer.moduleNames).pop(name, None)
            del self._loaded[name]
            raw(self, "moduleUnloaded").emit(name)

    def loadedModuleNames(self) -> list[str]:
        return [*self._core, *self._loaded]

    def registeredModuleNames(self) -> list[str]:
        return list(self._registered)

    def instantiatedModuleNames(self) -> list[str]:
        return list(self._loaded)

    def isLoaded(self, name: str) -> bool:
        return name in self._loaded

    def isRegistered(self, name: str) -> bool:
        return name in self._registered

    def loadedModule(self, name: str) -> Any:
        return self._loaded.get(name) or self._core.get(name)

    def moduleInstance(self, name: str) -> Any:
        return self._loaded.get(name)


@stands_in
class qSlicerModuleManager(QtCore.QObject):
    moduleLoaded = Signal(str)
    moduleAboutToBeUnloaded = Signal(str)

    def __init__(self, scene: Any, core_modules: dict[str, CoreModule]) -> None:
        super().__init__()
        self._factory = qSlicerModuleFactoryManager(scene, core_modules)
        raw(self._factory, "moduleLoaded").connect(raw(self, "moduleLoaded"))
        raw(self._factory, "moduleAboutToBeUnloaded").connect(raw(self, "moduleAboutToBeUnloaded"))

    def factoryManager(self) -> qSlicerModuleFactoryManager:
        return self._factory

    def module(self, name: str) -> Any:
        return self._factory.loadedModule(name)

    def modulesNames(self) -> list[str]:
        return self._factory.loadedModuleNames()


def _import(path: Path) -> Any:
    """Executes a module's file under its own name, once."""
    if path.stem in sys.modules and getattr(sys.modules[path.stem], "__file__", None) == str(path):
        return sys.modules[path.stem]
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module
