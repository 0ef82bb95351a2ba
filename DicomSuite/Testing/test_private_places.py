"""Where things are kept: private by default, and in ephemeral mode nothing stays behind."""

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from DicomSuiteLib import ephemeral_folder as ephemeral
from DicomSuiteLib.optional_packages import OPTIONAL_PACKAGES, OptionalPackage
from DicomSuiteLib.private_folder import private_folder
from DicomSuiteLib.settings import Settings

MAKE_FOLDER = """
import sys
from DicomSuiteLib.ephemeral_folder import ephemeral_folder
folder = ephemeral_folder()
(folder / "result.dcm").touch()
print(folder, flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def own_places(tmp_path, monkeypatch):
    """Home and temporary folder of the test's own."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / "home").mkdir()
    yield
    ephemeral.remove_ephemeral_folder()


def start_other_process():
    process = subprocess.Popen(
        [sys.executable, "-c", MAKE_FOLDER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    return process, Path(process.stdout.readline().strip())


def test_private_folder_is_the_users_own(tmp_path):
    assert private_folder() == tmp_path / "home" / ".dicomsuite"
    if os.name == "posix":
        assert stat.S_IMODE(private_folder().stat().st_mode) == 0o700


def test_defaults_are_below_the_home_folder(tmp_path):
    settings = Settings()
    assert settings.output_path() == tmp_path / "home" / "DicomSuite"
    assert settings.key_path() == private_folder() / "deidentification.key"
    assert settings.jobs_path() == private_folder() / "jobs.sqlite"
    assert settings.workers == os.cpu_count()


def test_choices_are_kept():
    settings = Settings("/out", "/secret/key", 3)
    assert (settings.output_path(), settings.key_path(), settings.workers) == (Path("/out"), Path("/secret/key"), 3)


def test_in_ephemeral_mode_everything_lies_in_one_folder_that_goes(tmp_path):
    settings = Settings("/out", "/secret/key", ephemeral=True)
    places = (settings.output_path(), settings.key_path(), settings.jobs_path())
    folder = ephemeral.ephemeral_folder()
    assert all(place.is_relative_to(folder) for place in places)
    settings.key_path().write_text("secret")
    ephemeral.remove_ephemeral_folder()
    assert not folder.exists()
    assert list(folder.parent.iterdir()) == []


def test_folder_of_a_process_that_ends_goes_with_it():
    process, folder = start_other_process()
    process.communicate()
    assert process.returncode == 0
    assert not folder.exists()


def test_folder_of_a_process_that_was_killed_goes_at_the_next_start():
    process, folder = start_other_process()
    process.send_signal(getattr(signal, "SIGKILL", signal.SIGTERM))
    process.communicate()
    assert (folder / "result.dcm").exists()
    own = ephemeral.ephemeral_folder()
    assert not folder.exists()
    assert own.exists()


def test_folder_of_a_process_that_lives_stays():
    process, folder = start_other_process()
    ephemeral.ephemeral_folder()
    ephemeral.remove_leftovers()
    assert (folder / "result.dcm").exists()
    process.communicate()


def test_presence_of_a_package_is_found_without_importing_it():
    assert OptionalPackage("xml.dom.minidom", "").is_present
    assert not OptionalPackage("no_such_package_at_all", "").is_present
    before = set(sys.modules)
    assert len([package.is_present for package in OPTIONAL_PACKAGES]) == len(OPTIONAL_PACKAGES)
    assert not {package.module for package in OPTIONAL_PACKAGES} & (set(sys.modules) - before)
