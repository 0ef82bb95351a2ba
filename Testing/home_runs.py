"""A home folder of the test's own, and the libraries that all tests share after one of them was reloaded."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from application import slicer
from DicomSuiteGui.stored_settings import storedSettings, storeSettings
from DicomSuiteLib.settings import Settings


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
