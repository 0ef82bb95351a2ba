"""The crosswalk in the panel: written by an export, handed out as tables, used for the way back."""

from __future__ import annotations

import csv
import importlib.util
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom import dcmread

from application import enter, exit_, moduleWidget, slicer, waitUntil
from DicomSuiteAnonymizeGui.selection import SourceKind
from DicomSuiteAnonymizeLib.profiles.profile import BUILT_IN
from DicomSuiteGui.stored_settings import storedSettings
from DicomSuiteLib.synthetic_study import write_synthetic_study
from DicomSuiteLib.tasks import State
from panel_places import database_of, private_places

TIMEOUT_S = 60


@pytest.fixture
def widget(tmp_path: Path) -> Iterator[object]:
    """The module on a folder with a CT of 40 slices."""
    with private_places(tmp_path), database_of(tmp_path / "database"):
        slicer.mrmlScene.Clear(0)
        write_synthetic_study(tmp_path / "study").ct_files[0].parent.rename(tmp_path / "source")
        widget = moduleWidget("DicomSuiteAnonymize")
        exit_(widget)
        enter(widget)
        widget.logic.editor.open(BUILT_IN["research"])  # dates stay, shifted
        widget.ui.sourceKindBox.currentIndex = list(SourceKind).index(SourceKind.FOLDER)
        widget.panel.source.folderEdit.currentPath = str(tmp_path / "source")
        panel = widget.panel.crosswalk
        for edit in (panel.folderEdit, panel.fileEdit, panel.tableImport.folderEdit, panel.settings.pseudonymsEdit):
            edit.currentPath = ""
        yield widget
        widget.panel.source.folderEdit.currentPath = ""  # nothing more is asked, with the key of another home
        exit_(widget)
        slicer.mrmlScene.Clear(0)


def exported(widget) -> Path:
    """Press Export and wait for the end; the folder of the result."""
    panel = widget.panel.export
    panel.frame.exportButton.click()
    waitUntil(lambda: panel.isBusy)
    waitUntil(lambda: not panel.isBusy, TIMEOUT_S)
    assert panel.job.state is State.SUCCESS, panel.job.reason
    return Path(panel.job.request.output)


def of_folder(folder: Path, name: str) -> set[str]:
    """The different values of an attribute in a folder's files."""
    return {str(dcmread(path)[name].value) for path in folder.rglob("*.dcm")}


def test_export_writes_a_crosswalk_that_leads_back(widget, tmp_path: Path) -> None:
    panel = widget.panel.crosswalk
    assert not panel.tables.button.enabled and "no crosswalk" in panel.tables.button.toolTip
    panel.settings.writeBox.checked = True
    assert "a crosswalk is written" in widget.panel.export.extrasLabel.text
    result = exported(widget)
    assert panel.file.is_file() and panel.file.parent == storedSettings().key_path().parent
    assert panel.folderEdit.currentPath == str(result)
    assert panel.frame.exportButton.enabled and panel.tables.button.enabled
    panel.frame.exportButton.click()
    job = waitUntil(lambda: not panel._followed.isBusy and panel._followed.job, TIMEOUT_S)
    assert job.state is State.SUCCESS, job.reason
    restored, source = Path(job.request.output), tmp_path / "source"
    for name in ("PatientID", "PatientName", "SOPInstanceUID", "StudyInstanceUID", "StudyDate"):
        assert of_folder(restored, name) == of_folder(source, name) != of_folder(result, name), name
    assert str(tmp_path) not in job.request.title


def test_tables_are_written_into_a_folder_of_their_own(widget, tmp_path: Path) -> None:
    panel = widget.panel.crosswalk
    panel.settings.writeBox.checked = True
    result = exported(widget)
    panel.tables.button.click()
    waitUntil(lambda: not panel.tables.isBusy, TIMEOUT_S)
    assert "Written into" in panel.tables.statusLabel.text
    with (panel._tablesFolder / "uids.csv").open(encoding="utf-8", newline="") as file:
        pairs = {row["id_new"]: row["id_old"] for row in csv.DictReader(file)}
    assert of_folder(result, "SOPInstanceUID") <= set(pairs)
    assert {pairs[uid] for uid in of_folder(result, "SOPInstanceUID")} == of_folder(
        tmp_path / "source", "SOPInstanceUID"
    )


def written_tables(widget) -> Path:
    """Export with a crosswalk and write its tables; their folder."""
    panel = widget.panel.crosswalk
    panel.settings.writeBox.checked = True
    exported(widget)
    panel.tables.button.click()
    waitUntil(lambda: not panel.tables.isBusy, TIMEOUT_S)
    return panel._tablesFolder


def imported(widget, folder: Path) -> str:
    """Import the tables of a folder; what the panel says."""
    tables = widget.panel.crosswalk.tableImport
    tables.folderEdit.currentPath = str(folder)
    assert tables.row.button.enabled, tables.row.button.toolTip
    tables.row.button.click()
    waitUntil(lambda: not tables.row.isBusy, TIMEOUT_S)
    return tables.row.statusLabel.text


def test_tables_are_taken_into_another_crosswalk_which_then_leads_back(widget, tmp_path: Path) -> None:
    panel = widget.panel.crosswalk
    folder = written_tables(widget)
    panel.fileEdit.currentPath = str(tmp_path / "theirs.sqlite")
    assert not panel.frame.exportButton.enabled and "no crosswalk" in panel.frame.exportButton.toolTip
    said = imported(widget, folder)
    assert "patients 1;" in said and "files 40" in said
    (patient,) = of_folder(tmp_path / "source", "PatientID")
    assert patient not in said
    panel.frame.exportButton.click()
    job = waitUntil(lambda: not panel._followed.isBusy and panel._followed.job, TIMEOUT_S)
    assert job.state is State.SUCCESS, job.reason
    for name in ("PatientID", "SOPInstanceUID", "StudyDate"):
        assert of_folder(Path(job.request.output), name) == of_folder(tmp_path / "source", name), name


def test_tables_that_cannot_be_taken_are_told_in_words(widget, tmp_path: Path) -> None:
    folder, tables = written_tables(widget), widget.panel.crosswalk.tableImport
    tables.folderEdit.currentPath = ""
    assert not tables.row.button.enabled and "folder with the tables" in tables.row.button.toolTip
    assert "holds none of patients.csv" in imported(widget, tmp_path / "source")
    (folder / "uids.csv").write_text("id_old,id_new\nonly one cell\n", encoding="utf-8")
    assert "uids.csv, line 2" in imported(widget, folder)


@pytest.mark.skipif(not importlib.util.find_spec("cryptography"), reason="encrypts")
def test_crosswalk_that_an_import_makes_is_encrypted_as_one_of_an_export(widget, tmp_path: Path) -> None:
    panel = widget.panel.crosswalk
    folder, theirs = written_tables(widget), tmp_path / "theirs.sqlite"
    panel.fileEdit.currentPath = str(theirs)
    panel.settings.encryptBox.checked = True
    assert "Taken" in imported(widget, folder)
    (patient,) = of_folder(tmp_path / "source", "PatientID")
    assert patient.encode() in storedSettings().key_path().with_name("crosswalk.sqlite").read_bytes()
    assert patient.encode() not in theirs.read_bytes()
    assert "Taken" in imported(widget, folder)  # once more, into the one that is there now


def test_given_pseudonyms_are_used(widget, tmp_path: Path) -> None:
    settings = widget.panel.crosswalk.settings
    assert not settings.refuseBox.enabled and "table" in settings.refuseBox.toolTip
    (patient,) = of_folder(tmp_path / "source", "PatientID")
    table = tmp_path / "pseudonyms.csv"
    table.write_text(f"id_old,id_new\n{patient},TRIAL-007\n", encoding="utf-8")
    settings.pseudonymsEdit.currentPath = str(table)
    assert settings.refuseBox.enabled
    assert "given pseudonyms" in widget.panel.export.extrasLabel.text
    assert of_folder(exported(widget), "PatientID") == {"TRIAL-007"}


def test_boxes_say_why_they_cannot_be_ticked(widget) -> None:
    settings = widget.panel.crosswalk.settings
    assert not settings.encryptBox.enabled
    settings.writeBox.checked = True
    if importlib.util.find_spec("cryptography"):
        assert settings.encryptBox.enabled
    else:
        assert "cryptography" in settings.encryptBox.toolTip


def test_choices_are_in_the_parameter_node_and_paths_are_not(widget, tmp_path: Path) -> None:
    settings = widget.panel.crosswalk.settings
    settings.writeBox.checked = True
    settings.pseudonymsEdit.currentPath = str(tmp_path / "pseudonyms.csv")
    widget.panel.crosswalk.tableImport.folderEdit.currentPath = str(tmp_path / "their tables")
    assert widget._parameterNode.writeCrosswalk
    scene = tmp_path / "scene.mrml"
    slicer.mrmlScene.SetURL(str(scene))
    slicer.mrmlScene.Commit()
    text = scene.read_text(encoding="utf-8")
    assert "pseudonyms.csv" not in text and "their tables" not in text
