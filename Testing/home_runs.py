"""What tests of the home module share: a home folder and a DICOM database of their own."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from application import slicer
from DicomSuiteGui.stored_settings import storedSettings, storeSettings
from DicomSuiteLib.settings import Settings
from DicomSuiteLib.synthetic_study import write_synthetic_study


@contextmanager
def ownHome(folder: Path) -> Iterator[Path]:
    """A home and a temporary folder without the user's jobs, keys and settings, which come back at the end."""
    former = storedSettings()
    with pytest.MonkeyPatch.context() as patch:
        for name in ("HOME", "USERPROFILE"):
            patch.setenv(name, str(folder / "home"))
        patch.setattr("tempfile.tempdir", str(folder))
        (folder / "home").mkdir()
        _forget()
        storeSettings(Settings())
        try:
            yield folder / "home"
        finally:
            _forget()
            storeSettings(former)


def _forget() -> None:
    """Close runner and ephemeral folder of the libraries that are loaded now, which a reload may have replaced."""
    from DicomSuiteGui.job_runner import closeRunner
    from DicomSuiteLib.ephemeral_folder import remove_ephemeral_folder

    closeRunner()
    remove_ephemeral_folder()


@contextmanager
def librariesBack(module: str) -> Iterator[None]:
    """A block in which `module` is reloaded; at its end it uses again the libraries that all other tests use."""
    former = {name: library for name, library in sys.modules.items() if name.startswith("DicomSuite")}
    try:
        yield
    finally:
        for name in [name for name in sys.modules if name.startswith("DicomSuite")]:
            del sys.modules[name]
        sys.modules.update(former)
        slicer.util.reloadScriptedModule(module)


@contextmanager
def ownDatabase(folder: Path, studies: int) -> Iterator[Any]:
    """A DICOM database with so many synthetic studies in place of the user's."""
    from DICOMLib import DICOMUtils

    with DICOMUtils.TemporaryDICOMDatabase(str(folder / "database")) as database:
        for seed in range(studies):
            source = write_synthetic_study(folder / f"study{seed}", seed=seed)
            DICOMUtils.importDicom(str(source.folder), database)
        yield slicer.dicomDatabase
