"""Where panels write to: a folder that the user has chosen, a new one each time, and buttons that say why not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from application import processEvents
from DicomSuiteGui import new_folder
from DicomSuiteGui.export_frame import ExportFrame
from DicomSuiteGui.new_folder import newFolder
from DicomSuiteGui.stored_settings import storeSettings
from DicomSuiteLib.settings import Settings
from panel_places import private_places


@pytest.fixture
def results(tmp_path: Path) -> Iterator[Path]:
    with private_places(tmp_path) as results:
        yield results


def test_folder_of_the_settings_is_offered_until_the_user_chooses_another(results: Path, tmp_path: Path) -> None:
    frame = ExportFrame()
    assert frame.whyNoFolder
    frame.offerFolder()
    assert frame.folder == results and not frame.whyNoFolder
    storeSettings(Settings(output_folder=str(tmp_path / "elsewhere")))
    frame.offerFolder()
    assert frame.folder == tmp_path / "elsewhere"
    frame.folderEdit.currentPath = str(tmp_path / "mine")
    frame.offerFolder()
    assert frame.folder == tmp_path / "mine"


def test_another_folder_and_an_emptied_one_are_told(results: Path, tmp_path: Path) -> None:
    frame, told = ExportFrame(), []
    frame.folderChanged.connect(lambda: told.append(frame.whyNoFolder))
    frame.folderEdit.currentPath = str(tmp_path)
    assert told and not told[-1]
    frame.folderEdit.currentPath = ""
    processEvents()
    assert "Choose a folder" in told[-1]


def test_buttons_follow_what_the_panel_says(results: Path) -> None:
    frame, pressed = ExportFrame(), []
    frame.exportAsked.connect(lambda: pressed.append("export"))
    frame.cancelAsked.connect(lambda: pressed.append("cancel"))
    frame.show("Tick at least one format.", "Write it", isBusy=False)
    frame.exportButton.click()
    assert pressed == [] and frame.exportButton.toolTip == "Tick at least one format."
    frame.show("", "Write it", isBusy=False)
    frame.exportButton.click()
    assert pressed == ["export"] and frame.exportButton.toolTip == "Write it"
    assert not frame.cancelButton.isVisibleTo(frame.widget) and not frame.progressBar.isVisibleTo(frame.widget)
    frame.show("An export is running.", "Write it", isBusy=True)
    frame.cancelButton.click()
    assert pressed == ["export", "cancel"] and frame.progressBar.isVisibleTo(frame.widget)


def test_folder_of_a_result_can_be_opened_once_the_export_is_done(results: Path) -> None:
    frame = ExportFrame()
    frame.setResult(str(results))
    frame.show("", "", isBusy=True)
    assert not frame.openButton.isVisibleTo(frame.widget)
    frame.show("", "", isBusy=False)
    assert frame.openButton.isVisibleTo(frame.widget)
    frame.setResult("")
    frame.show("", "", isBusy=False)
    assert not frame.openButton.isVisibleTo(frame.widget)


def test_folders_of_one_second_have_names_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    moment = datetime(2026, 3, 1, 12, 30, 5)
    monkeypatch.setattr(new_folder, "datetime", type("Clock", (), {"now": staticmethod(lambda: moment)}))
    names = []
    for _time in range(3):
        folder = newFolder(tmp_path, "pictures")
        folder.mkdir()
        names.append(folder.name)
    assert names == ["pictures-20260301-123005", "pictures-20260301-123005-2", "pictures-20260301-123005-3"]
