"""What panels are tested on: a home folder, settings and a DICOM database of the test's own."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from DICOMLib import DICOMUtils

from application import slicer
from copied_study import copied_study
from DicomSuiteGui.stored_settings import storeSettings
from DicomSuiteLib.settings import Settings
from home_runs import ownHome


@contextlib.contextmanager
def private_places(folder: Path) -> Iterator[Path]:
    """A new home folder, in which keys and jobs lie; yields the folder for results."""
    results = folder / "results"
    with ownHome(folder):
        storeSettings(Settings(output_folder=str(results)))
        yield results


@contextlib.contextmanager
def database_of(folder: Path, *sources: Path) -> Iterator[object]:
    """A temporary DICOM database in `folder` that refers to the files in `sources`."""
    os.makedirs(folder, exist_ok=True)
    with DICOMUtils.TemporaryDICOMDatabase(str(folder)) as database:
        for source in sources:
            assert DICOMUtils.importDicom(str(source), slicer.dicomDatabase, False)
        yield database


@contextlib.contextmanager
def own_database(folder: Path, studies: int) -> Iterator[object]:
    """A temporary DICOM database with so many synthetic studies."""
    sources = [copied_study(folder / f"study{seed}", seed=seed).folder for seed in range(studies)]
    with database_of(folder / "database", *sources):
        yield slicer.dicomDatabase
