"""Adds a folder of DICOM files to the application's database, as copies, beside the windows."""

from __future__ import annotations

from pathlib import Path

import ctk
import slicer

from DicomSuiteGui.dicom_database import dicomDatabase
from DicomSuiteLib.plain_signal import Signal


class DatabaseImport:
    """One import at a time.

    `progressed` is emitted with a percentage, `ended` with how many studies and how many images were new.
    """

    def __init__(self) -> None:
        self.progressed, self.ended = Signal(), Signal()
        self._indexer: ctk.ctkDICOMIndexer | None = None

    def start(self, folder: Path) -> None:
        """Begin, in place of an import that is under way."""
        self.stop()
        self._indexer = ctk.ctkDICOMIndexer()
        self._indexer.backgroundImportEnabled = True
        self._indexer.connect("progress(int)", self.progressed.emit)
        self._indexer.connect("indexingComplete(int,int,int,int)", self._onComplete)
        self._indexer.addDirectory(dicomDatabase(), str(folder), True, False)

    def stop(self) -> None:
        """Stop an import that is under way; nothing more is told of it."""
        if self._indexer is not None:
            self._indexer.cancel()
            self._indexer = None

    def _onComplete(self, patients: int, studies: int, series: int, images: int) -> None:
        _refreshDicomModule()
        self.ended.emit(studies, images)


def _refreshDicomModule() -> None:
    """The indexer writes through a connection of its own, of which the DICOM module's tables know nothing."""
    instance = getattr(slicer.modules, "DICOMInstance", None)
    if getattr(instance, "browserWidget", None) is not None:
        from DICOMLib import DICOMUtils

        DICOMUtils.refreshDICOMWidget()
