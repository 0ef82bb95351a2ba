"""Starts the stand-in, once per process."""

import atexit
import ctypes
import functools
import importlib
import os
import pkgutil
import shutil
import sys
import tempfile
import types
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).parent
# PySide6's switches: enums inherit from int (2), and keep their values on the class where a name is looked up (1).
_ENUM_OPTIONS = "0x03"


@functools.cache
def start() -> None:
    """Makes ``qt``, ``ctk`` and ``slicer.app`` usable. Raises ImportError where PySide6 or slicer-core is absent."""
    _make_singletons_immortal()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    os.environ["PYSIDE6_OPTION_PYTHON_ENUM"] = _ENUM_OPTIONS
    folder = Path(tempfile.mkdtemp(prefix="slicer-stand-in-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    slicer = _slicer_core()
    _publish_widgets(slicer)
    _start_application(slicer, folder)


def _make_singletons_immortal() -> None:
    """PySide gives references to None, True and False away with calls that Qt makes.

    Before Python 3.12, which never counts these, that ends the process.
    """
    if sys.version_info < (3, 12):
        for singleton in (None, True, False):
            ctypes.c_ssize_t.from_address(id(singleton)).value += 1 << 40


def _slicer_core() -> types.ModuleType:
    import slicer

    # After the import: slicer-core imports every module that it finds below a folder "slicer" and copies its names.
    slicer.__path__.append(str(PACKAGE / "slicer_python"))
    sys.path.append(str(PACKAGE / "scripted_modules"))
    for name in ("modules", "moduleNames"):
        module = types.ModuleType(f"slicer.{name}")
        sys.modules[f"slicer.{name}"] = module
        setattr(slicer, name, module)
    slicer.selfTests = {}
    return slicer


def _publish_widgets(slicer: types.ModuleType) -> None:
    from stand_in import qt_module

    sys.modules["qt"] = qt_module.build()
    from stand_in import classes, dicom_database, dicom_indexer, io_manager, modules, widgets  # noqa: F401

    for info in pkgutil.iter_modules(widgets.__path__):
        importlib.import_module(f"{widgets.__name__}.{info.name}")
    ctk = types.ModuleType("ctk")
    sys.modules["ctk"] = ctk
    for name, cls in classes.STAND_INS.items():
        setattr(ctk if name.startswith("ctk") else slicer, name, cls)
    slicer.qSlicerScriptedLoadableModuleWidget = modules.qSlicerScriptedLoadableModuleWidget


def _start_application(slicer: types.ModuleType, folder: Path) -> None:
    from stand_in import application_object, io_manager, modules, scene

    app = application_object.qSlicerApplication(folder)
    slicer.dicomDatabase = _database(folder)
    slicer.dicomDatabaseDirectorySettingsKey = "DatabaseDirectory_0.8.1"
    mrml_scene, logic = scene.application_logic(folder)
    slicer.app, slicer.mrmlScene = app, mrml_scene
    logics = scene.module_logics(logic)
    core = {name: modules.CoreModule(name, module_logic) for name, module_logic in logics.items()}
    for name, module in core.items():
        setattr(slicer.modules, name.lower(), module)
        setattr(slicer.moduleNames, name, name)
    app._attach(
        scene=mrml_scene,
        logic=logic,
        modules=modules.qSlicerModuleManager(mrml_scene, core),
        io=io_manager.qSlicerCoreIOManager(mrml_scene),
        database=slicer.dicomDatabase,
    )
    from stand_in import displays, rules

    displays.watch()
    rules.watch()
    atexit.register(_stop, slicer)


def _database(folder: Path) -> Any:
    """An empty DICOM database, open, as the application has one once its DICOM module has been visited."""
    from stand_in.dicom_database import ctkDICOMDatabase

    database = ctkDICOMDatabase()
    (folder / "DICOM").mkdir()
    database.openDatabase(str(folder / "DICOM" / "ctkDICOM.sql"))
    return database


def _stop(slicer: types.ModuleType) -> None:
    """Lets go of the scene before VTK goes away."""
    slicer.app.moduleManager().factoryManager().unloadModules()
    slicer.mrmlScene.Clear(1)
    for name in list(vars(slicer.modules)):
        if not name.startswith("_"):
            delattr(slicer.modules, name)
    slicer.mrmlScene = None
