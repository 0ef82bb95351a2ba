"""Writes slicer_inventory.json: every name, property and signal that exists in 3D Slicer 5.12's Python.

    python -m venv qt5 && qt5/bin/pip install PyQt5==5.15.*
    qt5/bin/python generate_inventory.py slicer-5.12-widget-api.json slicer-5.12-app-api.json

Sources: two listings read out of the running application (classes of qt, ctk and slicer; live objects; signatures of
Python modules), and PyQt5 5.15, the same Qt, for the classes that those leave out (value classes, headers, models).
"""

import json
import os
import sys
from pathlib import Path

TARGET = Path(__file__).with_name("slicer_inventory.json")
EVERY_OBJECT = "(every object)"
LIVE_OBJECTS = {
    "slicer.app": "qSlicerApplication",
    "slicer.app.coreIOManager()": "qSlicerCoreIOManager",
    "slicer.app.moduleManager()": "qSlicerModuleManager",
    "slicer.dicomDatabase": "ctkDICOMDatabase",
    "slicer.modules.dicom": "qSlicerScriptedLoadableModule",
    "mainWindow": "qSlicerMainWindow",
}
STAND_IN_PREFIXES = ("ctk.ctk", "slicer.qMRML", "slicer.qSlicer")
LEFT_OUT = ("ctkVTK", "ctkDICOM", "ctkTransferFunction", "ctkWorkflow", "qSlicerSubjectHierarchy", "qSlicerSettings")
NOT_LEFT_OUT = ("ctkDICOMIndexer",)
PYTHON_MODULES = (
    "slicer.ScriptedLoadableModule",
    "slicer.parameterNodeWrapper",
    "slicer.packaging",
    "slicer.i18n",
    "slicer.util",
    "SampleData",
    "DICOMLib.DICOMUtils",
)
PYQT_ONLY = ("pyqtConfigure", "receivers", "sipdeleter", "getProperty")


def listed(entry: dict, bases: list[str]) -> dict:
    """One class of the application's listing; a slot is kept as its name."""
    names = set(entry.get("other", ())) | {slot.partition("(")[0] for slot in entry.get("slots", ())}
    properties = entry.get("properties", {})
    if isinstance(properties, list):
        properties = dict.fromkeys(properties, "QString")
    return {
        "bases": bases,
        "properties": dict(sorted(properties.items())),
        "signals": sorted(entry.get("signals", ())),
        "names": sorted(names),
    }


def from_application(widget_api: dict, app_api: dict) -> dict[str, dict]:
    classes = {
        "QObject": listed(widget_api[EVERY_OBJECT], []),
        "QWidget": listed(widget_api["qt.QWidget"], ["QObject"]),
    }
    for name, entry in widget_api.items():
        short = name.rpartition(".")[2]
        listed_ctk = name.startswith(STAND_IN_PREFIXES) and not short.startswith(LEFT_OUT)
        wanted = name.startswith("qt.") or listed_ctk or short in NOT_LEFT_OUT
        if wanted and short not in classes:
            classes[short] = listed(entry, ["QWidget" if entry.get("widget") else "QObject"])
    for path, short in LIVE_OBJECTS.items():
        base = "QWidget" if short == "qSlicerMainWindow" else "QObject"
        classes[short] = listed(app_api["objects"][path], [base])
    return classes


def from_pyqt5(known: dict[str, dict]) -> dict[str, dict]:
    """The classes of Qt 5.15 that ``known`` lacks, each with its own names only."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PyQt5 import QtCore, QtGui, QtWidgets

    classes = {}
    for module in (QtCore, QtGui, QtWidgets):
        for name, cls in vars(module).items():
            if isinstance(cls, type) and name.startswith("Q") and name not in known:
                classes[name] = own_names(cls, QtCore)
    return classes


def own_names(cls: type, QtCore) -> dict:
    properties, signals = {}, set()
    if issubclass(cls, QtCore.QObject):
        meta = cls.staticMetaObject
        for i in range(meta.propertyOffset(), meta.propertyCount()):
            prop = meta.property(i)
            properties[prop.name()] = prop.typeName() + ("" if prop.isWritable() else " read-only")
        for i in range(meta.methodOffset(), meta.methodCount()):
            method = meta.method(i)
            if method.methodType() == QtCore.QMetaMethod.Signal:
                signals.add(bytes(method.methodSignature()).decode())
    names = {name for name in vars(cls) if not name.startswith("_")} - set(PYQT_ONLY)
    bases = [base.__name__ for base in cls.__bases__ if base.__module__.startswith("PyQt5")]
    return {"bases": bases, "properties": properties, "signals": sorted(signals), "names": sorted(names)}


def main(widget_api: str, app_api: str) -> None:
    widgets = json.loads(Path(widget_api).read_text())
    application = json.loads(Path(app_api).read_text())
    classes = from_application(widgets, application)
    classes.update(from_pyqt5(classes))
    python = {name: application["python"][name] for name in PYTHON_MODULES}
    lines = ",\n".join(
        f"{json.dumps(name)}: {json.dumps(classes[name], separators=(',', ':'))}" for name in sorted(classes)
    )
    signatures = json.dumps(python, indent=0, sort_keys=True)
    TARGET.write_text(f'{{"classes": {{\n{lines}\n}},\n"python": {signatures}}}\n')


if __name__ == "__main__":
    main(*sys.argv[1:])
