"""Exports from the panel: the same bytes as the command line, without a frozen window, stopped when asked."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from anonymize_runs import anonymize, tree, write_series
from application import EventLoopGap, enter, exit_, moduleWidget, slicer, waitUntil
from copied_study import copied_study
from DicomSuiteAnonymizeGui.output_kind import OutputKind
from DicomSuiteAnonymizeGui.selection import SourceKind
from DicomSuiteAnonymizeLib.profiles.profile import BUILT_IN, SEVENTEEN_ATTRIBUTES
from DicomSuiteAnonymizeLib.steps import Action
from DicomSuiteGui.job_runner import closeRunner, runner
from DicomSuiteGui.stored_settings import storedSettings
from DicomSuiteLib.job_store import JobStore
from DicomSuiteLib.jobs import JobRequest
from DicomSuiteLib.tasks import State
from panel_places import database_of, private_places

PROMPT_S = 3.0
"""What a second may take on a machine that does something else; Testing/benchmarks/bench_panel.py measures."""
TIMEOUT_S = 60
LONGEST_GAP_S = 0.1
ATTEMPTS = 3
"""The machine may be busy with something else."""


@pytest.fixture
def widget(tmp_path: Path) -> Iterator[object]:
    """The module, entered, with an empty database and the basic profile."""
    with private_places(tmp_path), database_of(tmp_path / "database"):
        widget = moduleWidget("DicomSuiteAnonymize")
        enter(widget)
        widget.logic.editor.open(BUILT_IN["basic"])
        yield widget
        exit_(widget)
        slicer.mrmlScene.Clear(0)


def use_folder(widget, folder: Path) -> None:
    widget.ui.sourceKindBox.currentIndex = list(SourceKind).index(SourceKind.FOLDER)
    widget.panel.source.folderEdit.currentPath = str(folder)


def use_database(widget, *folders: Path) -> None:
    """Import the folders without copying them, and select everything."""
    from DICOMLib import DICOMUtils

    for folder in folders:
        DICOMUtils.importDicom(str(folder), slicer.dicomDatabase, False)
    tree_widget = widget.panel.source.tree
    waitUntil(lambda: tree_widget.topLevelItemCount)
    tree_widget.selectAll()
    waitUntil(lambda: widget.panel.source.series)


def export(widget) -> Path:
    """Press Export and wait for the end; the folder of the result."""
    widget.panel.export.frame.exportButton.click()
    waitUntil(lambda: widget.panel.export.isBusy)
    job = waitUntil(lambda: not widget.panel.export.isBusy and widget.panel.export.job, TIMEOUT_S)
    return Path(job.request.output)


def under_way(widget):
    """Press Export and wait until files are done; the panel."""
    panel = widget.panel.export
    panel.frame.exportButton.click()
    waitUntil(lambda: panel.isBusy and panel.job.done, TIMEOUT_S)
    return panel


def from_command_line(widget, folder: Path, target: Path, *options: str) -> None:
    """The same with the command line: the profile that the panel has used, and the same key."""
    job = widget.panel.export.job
    words = job.request.arguments
    profile = words[words.index("--profile-file") + 1]
    end = anonymize(folder, target, storedSettings().key_path(), "--profile-file", profile, *options)
    assert end.code in (0, 3), end.errors


@pytest.mark.parametrize("kind", list(SourceKind))
def test_panel_and_command_line_give_equal_trees(widget, tmp_path: Path, kind: SourceKind) -> None:
    study = copied_study(tmp_path / "study")
    editor = widget.logic.editor
    editor.open(BUILT_IN["research"])
    editor.set_action([(SEVENTEEN_ATTRIBUTES["PatientAge"],)], Action.REPLACE, "040Y")
    study.mask_file.unlink()  # a database would not know of it
    source = Path(os.path.commonpath(study.dicom_files))  # with which a list of files is compared
    if kind is SourceKind.FOLDER:
        use_folder(widget, source)
    else:
        use_database(widget, source)
    result = export(widget)
    from_command_line(widget, source, tmp_path / "expected")
    assert tree(result) == tree(tmp_path / "expected")
    assert sum(name.endswith(".dcm") for name in tree(result)) == 41


def test_panel_and_command_line_give_equal_archives(widget, tmp_path: Path) -> None:
    study = copied_study(tmp_path / "study")
    use_folder(widget, study.folder)
    widget.ui.outputKindBox.currentIndex = list(OutputKind).index(OutputKind.ZIP)
    result = export(widget)
    from_command_line(widget, study.folder, tmp_path / "expected", "--zip")
    assert tree(result) == tree(tmp_path / "expected")
    assert "dicom.zip" in tree(result)


def test_nothing_freezes_during_an_export_of_300_files_and_another_one_follows(widget, tmp_path: Path) -> None:
    write_series(tmp_path / "source", 300)
    use_folder(widget, tmp_path / "source")
    gaps = []
    while not gaps or (min(gaps) >= LONGEST_GAP_S and len(gaps) < ATTEMPTS):
        with EventLoopGap() as gap:
            result = export(widget)
        gaps.append(gap.seconds)
    assert min(gaps) < LONGEST_GAP_S
    assert widget.panel.export.result.summaryLabel.text.startswith("Of 300 files 300 were written")
    again = export(widget)
    assert again != result and tree(again) == tree(result)


@pytest.mark.skipif(sys.platform == "win32", reason="stops processes with POSIX signals")
def test_cancel_takes_less_than_a_second_and_leaves_no_process_and_no_partial_file(widget, tmp_path: Path) -> None:
    write_series(tmp_path / "source", 20_000)
    use_folder(widget, tmp_path / "source")
    panel = under_way(widget)
    assert not panel.frame.exportButton.enabled and "running" in panel.frame.exportButton.toolTip
    started = time.monotonic()
    panel.frame.cancelButton.click()
    waitUntil(lambda: not panel.isBusy, TIMEOUT_S)
    assert time.monotonic() - started < PROMPT_S
    assert panel.job.state is State.CANCELLED
    assert not running_exports()
    output = Path(panel.job.request.output)
    assert not list(output.rglob("*.part"))
    before = {path.name for path in output.rglob("*.dcm")}
    assert 0 < len(before) < 20_000
    use_folder(widget, write_few(tmp_path / "few"))
    assert len([name for name in tree(export(widget)) if name.endswith(".dcm")]) == 3


def write_few(folder: Path) -> Path:
    write_series(folder, 3)
    return folder


def running_exports() -> list[str]:
    """Command lines of the processes that de-identify into this test's results; workers have their parent's."""
    processes = list(Path("/proc").glob("[0-9]*/cmdline"))
    if not processes:
        pytest.skip("the system does not list processes in /proc")
    lines = [line for line in map(command_line, processes) if "DicomSuiteLib.cli" in line and "anonymize" in line]
    return [line for line in lines if str(storedSettings().output_path()) in line]


def command_line(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:  # it has ended meanwhile
        return ""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="kills a process")
def test_export_that_was_cancelled_can_be_resumed(widget, tmp_path: Path) -> None:
    write_series(tmp_path / "source", 3000)
    use_folder(widget, tmp_path / "source")
    panel = under_way(widget)
    panel.frame.cancelButton.click()
    waitUntil(lambda: not panel.isBusy, TIMEOUT_S)
    assert panel.resumeButton.isVisibleTo(panel.widget)
    panel.resumeButton.click()
    waitUntil(lambda: not panel.isBusy, TIMEOUT_S)
    assert panel.job.state is State.SUCCESS
    from_command_line(widget, tmp_path / "source", tmp_path / "expected")
    assert tree(Path(panel.job.request.output)) == tree(tmp_path / "expected")


def test_result_names_what_was_quarantined_and_why(widget, tmp_path: Path) -> None:
    study = copied_study(tmp_path / "study")
    use_folder(widget, study.folder)
    export(widget)
    result = widget.panel.export.result
    assert result.summaryLabel.text.startswith("Of 43 files 41 were written, 1 quarantined; 1 are not DICOM")
    item = result.refusedTree.topLevelItem(0)
    assert item.text(0).startswith("pixel risk: ultrasound") and item.text(1) == "1"
    assert item.child(0).text(0) == str(study.ultrasound_file)
    assert result.reportButton.enabled and result.folderButton.enabled


def test_result_is_imported_as_new_studies_and_the_originals_stay(widget, tmp_path: Path) -> None:
    study = copied_study(tmp_path / "study")
    before = tree(study.folder)
    use_database(widget, study.folder)
    database = slicer.dicomDatabase
    (patient,) = database.patients()
    original = database.fieldForPatient("PatientID", patient)
    widget.ui.outputKindBox.currentIndex = list(OutputKind).index(OutputKind.IMPORT)
    export(widget)
    waitUntil(lambda: len(database.patients()) == 2, TIMEOUT_S)
    identifiers = {database.fieldForPatient("PatientID", one) for one in database.patients()}
    assert original in identifiers and any(one.startswith("DS-") for one in identifiers)
    assert tree(study.folder) == before
    waitUntil(lambda: "new studies imported" in widget.panel.export.result.summaryLabel.text, TIMEOUT_S)


def test_result_is_imported_also_when_the_module_was_left_meanwhile(widget, tmp_path: Path) -> None:
    study = copied_study(tmp_path / "study")
    use_folder(widget, study.folder)
    widget.ui.outputKindBox.currentIndex = list(OutputKind).index(OutputKind.IMPORT)
    widget.panel.export.frame.exportButton.click()
    exit_(widget)
    waitUntil(lambda: len(slicer.dicomDatabase.patients()) == 1, TIMEOUT_S)
    enter(widget)


def test_button_that_is_pressed_twice_starts_one_export(widget, tmp_path: Path) -> None:
    use_database(widget, write_few(tmp_path / "few"))
    before = len(runner().jobs())
    for _ in range(2):
        widget.panel.export.frame.exportButton.click()
    waitUntil(lambda: widget.panel.export.job and not widget.panel.export.isBusy, TIMEOUT_S)
    assert len(runner().jobs()) == before + 1


def test_value_that_is_still_being_typed_is_exported_or_the_export_says_why_not(widget, tmp_path: Path) -> None:
    use_folder(widget, write_few(tmp_path / "few"))
    attributes, panel = widget.panel.attributes, widget.panel.export
    attributes.table.select([(SEVENTEEN_ATTRIBUTES["StudyDate"],)])
    attributes.form.valueEdit.text = "yesterday"
    panel.frame.exportButton.click()
    assert not panel.isBusy and "form of VR DA" in panel.frame.statusLabel.text
    attributes.form.valueEdit.text = "20000101"
    export(widget)
    words = panel.job.request.arguments
    assert "20000101" in Path(words[words.index("--profile-file") + 1]).read_text(encoding="utf-8")


def test_export_of_another_slicer_does_not_stand_in_the_way(widget, tmp_path: Path) -> None:
    exit_(widget)
    closeRunner()
    others = JobStore(storedSettings().jobs_path())
    others.add(JobRequest("anonymize", "In another window", ("anonymize", "in", "out")))
    enter(widget)
    use_folder(widget, write_few(tmp_path / "few"))
    assert widget.panel.export.frame.exportButton.enabled
    others.close()


def test_result_that_was_deleted_is_not_opened(widget, tmp_path: Path) -> None:
    use_folder(widget, write_few(tmp_path / "few"))
    shutil.rmtree(export(widget))
    result = widget.panel.export.result
    for button in (result.folderButton, result.reportButton, result.importButton):
        button.click()
        assert not button.enabled and "no longer there" in button.toolTip
