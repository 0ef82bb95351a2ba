"""Adds a folder of DICOM files to the application's database, as copies, beside the windows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import ctk
import slicer

from DicomSuiteGui.dicom_database import dicomDatabase


class DatabaseImport:
    """One import at a time; `ended` gets how many images were new."""

    def __init__(self, ended: Callable[[int], None]) -> None:
        self._ended = ended
        self._indexer: ctk.ctkDICOMIndexer | None = None

    def start(self, folder: Path) -> None:
        """Begin."""
        self.stop()
        self._indexer = ctk.ctkDICOMIndexer()
        self._indexer.backgroundImportEnabled = True
        self._indexer.connect("indexingComplete(int,int,int,int)", self._onComplete)
        self._indexer.addDirectory(dicomDatabase(), str(folder), True, False)

    def stop(self) -> None:
        """Stop an import that is under way."""
        if self._indexer is not None:
            self._indexer.cancel()
            self._indexer = None

    def _onComplete(self, patients: int, studies: int, series: int, images: int) -> None:
        _refreshDicomModule()
        self._ended(images)


def _refreshDicomModule() -> None:
    """The indexer writes through a connection of its own, of which the DICOM module's tables know nothing."""
    instance = getattr(slicer.modules, "DICOMInstance", None)
    if getattr(instance, "browserWidget", None) is not None:
        from DICOMLib import DICOMUtils

        DICOMUtils.refreshDICOMWidget()
