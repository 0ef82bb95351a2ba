"""A small ctkDICOMIndexer: puts the files of a folder into a database, at once or between the window's events."""

import os
from collections.abc import Iterator
from typing import Any

from PySide6 import QtCore
from PySide6.QtCore import Property, Signal

from stand_in.classes import stands_in
from stand_in.dicom_database import ctkDICOMDatabase
from stand_in.unpatched import raw

_BATCH = 20


@stands_in
class ctkDICOMIndexer(QtCore.QObject):
    """Reads in the application's event loop what the real one reads in a thread."""

    indexingComplete = Signal(int, int, int, int)
    progress = Signal(int)
    updatingDatabase = Signal(bool)

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._background = False
        self._work: Iterator[int] | None = None
        self._timer = QtCore.QTimer(self)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._step)

    def addDirectory(self, database: ctkDICOMDatabase, folder: str, copy: bool = False, hidden: bool = True) -> None:
        self._start(database, list(_files(folder)), copy)

    def addListOfFiles(self, database: ctkDICOMDatabase, files: Any, copy: bool = False) -> None:
        self._start(database, list(files), copy)

    def waitForImportFinished(self, milliseconds: int = -1) -> None:
        while self._work is not None:
            self._step()

    def cancel(self) -> None:
        self._timer.stop()
        self._work = None

    def _start(self, database: ctkDICOMDatabase, files: list[str], copy: bool) -> None:
        self.waitForImportFinished()
        self._work = self._inserted(database, files, copy)
        if self._background:
            self._timer.start()
        else:
            self.waitForImportFinished()

    def _step(self) -> None:
        percent = next(self._work, None) if self._work is not None else None
        if percent is None:
            self.cancel()
        else:
            raw(self, "progress").emit(percent)

    def _inserted(self, database: ctkDICOMDatabase, files: list[str], copy: bool) -> Iterator[int]:
        raw(self, "updatingDatabase").emit(True)
        before = _counts(database)
        for number, path in enumerate(files, start=1):
            database.insert(path, copy, False)
            if number % _BATCH == 0:
                yield 95 * number // len(files)
        database.updateDisplayedFields()
        raw(self, "updatingDatabase").emit(False)
        yield 100
        added = [new - old for new, old in zip(_counts(database), before, strict=True)]
        raw(self, "indexingComplete").emit(*added)

    def _get_background(self) -> bool:
        return self._background

    def _set_background(self, background: bool) -> None:
        self._background = background

    backgroundImportEnabled = Property(bool, _get_background, _set_background)
    importing = Property(bool, lambda self: self._work is not None)


def _files(folder: str) -> Iterator[str]:
    for parent, folders, names in os.walk(folder):
        folders.sort()
        yield from (os.path.join(parent, name) for name in sorted(names))


def _counts(database: ctkDICOMDatabase) -> tuple[int, int, int, int]:
    return (
        database.patientsCount(),
        database.studiesCount(),
        database.seriesCount(),
        database.imagesCount(),
    )
