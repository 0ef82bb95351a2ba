"""What panels are tested on: a home folder, settings and a DICOM database of the test's own."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from DICOMLib import DICOMUtils

from application import slicer
from DicomSuiteGui.job_runner import closeRunner
from DicomSuiteGui.stored_settings import storedSettings, storeSettings
from DicomSuiteLib.settings import Settings


@contextlib.contextmanager
def private_places(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A new home folder, in which keys, jobs and results lie; yields the folder for results."""
    home = folder / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    before = storedSettings()
    results = folder / "results"
    storeSettings(Settings(output_folder=str(results)))
    try:
        yield results
    finally:
        closeRunner()
        storeSettings(before)


@contextlib.contextmanager
def database_of(folder: Path, *sources: Path) -> Iterator[object]:
    """A temporary DICOM database in `folder` that refers to the files in `sources`."""
    os.makedirs(folder, exist_ok=True)
    with DICOMUtils.TemporaryDICOMDatabase(str(folder)) as database:
        for source in sources:
            assert DICOMUtils.importDicom(str(source), slicer.dicomDatabase, False)
        yield database
