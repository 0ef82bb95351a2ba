"""The event loop as Slicer runs it: with Python's lock held, so that threads run only while Python code does.

PySide gives the lock back while Qt waits for events; PythonQt, as Slicer uses it, never does.
"""

import ctypes
from pathlib import Path

import pytest
from PySide6 import QtCore

_PROCESS_EVENTS = "_ZN16QCoreApplication13processEventsE6QFlagsIN10QEventLoop17ProcessEventsFlagEE"
_WAIT_FOR_MORE_EVENTS = 4


def process_events() -> None:
    """Handle the next events, waiting for them; skips the test where Qt's library names its functions otherwise."""
    library = next(Path(QtCore.__file__).parent.glob("Qt/lib/libQt6Core.so*"), None)
    if library is None:
        pytest.skip("needs Qt's library as it is built for Linux")
    function = getattr(ctypes.PyDLL(str(library)), _PROCESS_EVENTS)
    function.argtypes, function.restype = [ctypes.c_int], None
    function(_WAIT_FOR_MORE_EVENTS)
