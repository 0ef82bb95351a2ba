"""The application's DICOM database."""

from collections.abc import Callable

import ctk
import qt
import slicer

SETTLE_MS = 300
"""How long the database must be quiet before it is read again; an import changes it many times a second."""

_SIGNALS = ("databaseChanged()", "opened()", "closed()")


def dicomDatabase() -> "ctk.ctkDICOMDatabase":
    """The database, open or not; it stays the same object when another one is opened.

    `slicer.dicomDatabase` does not exist yet while the module is set up that is shown first at startup.
    """
    return slicer.app.dicomDatabase()


class DatabaseChanges:
    """Calls `changed` after the database has changed and come to rest, from `follow` to `stop`."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self._database = None
        self._timer = qt.QTimer()
        self._timer.setSingleShot(True)
        self._timer.setInterval(SETTLE_MS)
        self._timer.connect("timeout()", changed)

    def follow(self, database: "ctk.ctkDICOMDatabase | None") -> None:
        """Follow this database and no other; None: follow none."""
        self.stop()
        self._database = database
        for signal in _SIGNALS if database else ():
            database.connect(signal, self._onChanged)

    def stop(self) -> None:
        """Let go of the database."""
        for signal in _SIGNALS if self._database else ():
            self._database.disconnect(signal, self._onChanged)
        self._database = None
        self._timer.stop()

    def _onChanged(self) -> None:
        self._timer.start()
