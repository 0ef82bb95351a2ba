"""What makes a test fail besides its own assertions: everything that ``failures`` recorded while it ran."""

import sys
from types import TracebackType
from typing import Any

import slicer
import vtk
from PySide6 import QtCore

from stand_in import failures
from stand_in.failures import Kind

# The offscreen platform has no window manager.
_NOISE = "This plugin does not support"


def watch() -> None:
    """From now on, VTK's and Qt's messages and exceptions from C++ are recorded."""
    window = vtk.vtkOutputWindow.GetInstance()
    window.SetDisplayModeToAlwaysStdErr()
    for event in (vtk.vtkCommand.ErrorEvent, vtk.vtkCommand.WarningEvent):
        window.AddObserver(event, _vtk_message)
    QtCore.qInstallMessageHandler(_qt_message)
    sys.excepthook = _uncaught


def _vtk_message(window: Any, event: str, text: str = "") -> None:
    failures.record(Kind.VTK, text.strip() or event)


_vtk_message.CallDataType = vtk.VTK_STRING


def _qt_message(kind: QtCore.QtMsgType, context: Any, text: str) -> None:
    if not text.startswith(_NOISE):
        print(text, file=sys.stderr)
        if kind != QtCore.QtMsgType.QtDebugMsg:
            failures.record(Kind.QT, text)


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """PythonQt, PySide and VTK hand over here what a Python function that they called raised."""
    failures.record_exception(Kind.OBSERVER, error.with_traceback(trace))
    sys.__excepthook__(kind, error, trace)


def after_test() -> None:
    """Lets what is pending happen, then raises AssertionError with all that was recorded."""
    app = slicer.app
    app.processEvents()
    app.sendPostedEvents(None, QtCore.QEvent.DeferredDelete)
    recorded = failures.take()
    if recorded:
        raise AssertionError("behind the test's back:\n" + "\n".join(map(str, recorded)))
