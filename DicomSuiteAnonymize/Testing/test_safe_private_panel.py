"""The user's own list of private attributes in the panel: used where its option is, by preview, export and check."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom import dcmread

from anonymize_runs import read_report
from application import enter, exit_, moduleWidget, slicer, waitUntil
from DicomSuiteAnonymizeGui.selection import SourceKind
from DicomSuiteAnonymizeLib.profiles.profile import BUILT_IN
from DicomSuiteAnonymizeLib.ps315 import Option
from DicomSuiteAnonymizeLib.verification.verify import verify
from DicomSuiteLib.synthetic_study import write_synthetic_study
from DicomSuiteLib.tasks import State
from panel_places import database_of, private_places

TIMEOUT_S = 60
GROUP, CREATOR = 0x0033, "Acme Scanner"
LISTED, OTHER = 0x0033100C, 0x0033100D
SAFE = Option.RETAIN_SAFE_PRIVATE


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A folder with one CT slice that has two private attributes."""
    folder = tmp_path / "source"
    folder.mkdir()
    dataset = dcmread(write_synthetic_study(tmp_path / "study").ct_files[0])
    block = dataset.private_block(GROUP, CREATOR, create=True)
    for element, value in ((LISTED, 1.5), (OTHER, 2.5)):
        block.add_new(element & 0xFF, "FD", value)
    dataset.save_as(folder / "slice.dcm")
    return folder


@pytest.fixture
def ours(tmp_path: Path) -> Path:
    """The user's list, in which one of the two is."""
    path = tmp_path / "our list.csv"
    path.write_text(f"creator,group,element,vr\n{CREATOR},{GROUP:04X},0C,FD\n", encoding="utf-8")
    return path


@pytest.fixture
def widget(tmp_path: Path, source: Path) -> Iterator[object]:
    """The module on the folder, with the option for safe private attributes."""
    with private_places(tmp_path), database_of(tmp_path / "database"):
        slicer.mrmlScene.Clear(0)
        widget = moduleWidget("DicomSuiteAnonymize")
        exit_(widget)
        enter(widget)
        widget.logic.editor.open(BUILT_IN["basic"])
        widget.ui.sourceKindBox.currentIndex = list(SourceKind).index(SourceKind.FOLDER)
        widget.panel.source.folderEdit.currentPath = str(source)
        widget.panel.options.optionBoxes[SAFE].checked = True
        yield widget
        widget.panel.options.ownList.fileEdit.currentPath = ""
        widget.panel.source.folderEdit.currentPath = ""  # nothing more is asked, with the key of another home
        exit_(widget)
        slicer.mrmlScene.Clear(0)


def choose(widget, path: Path) -> None:
    """Choose a list and wait until it has been read."""
    own = widget.panel.options.ownList
    own.fileEdit.currentPath = str(path)
    waitUntil(lambda: own.statusLabel.text, TIMEOUT_S)


def exported(widget) -> Path:
    """Press Export and wait for the end; the folder of the result."""
    panel = widget.panel.export
    assert panel.frame.exportButton.enabled, panel.frame.exportButton.toolTip
    panel.frame.exportButton.click()
    waitUntil(lambda: panel.isBusy)
    waitUntil(lambda: not panel.isBusy, TIMEOUT_S)
    assert panel.job.state is State.SUCCESS, panel.job.reason
    return Path(panel.job.request.output)


def private_values(folder: Path) -> list[float]:
    (file,) = folder.rglob("*.dcm")
    dataset = dcmread(file)
    return [dataset[tag].value for tag in (LISTED, OTHER) if tag in dataset]


def test_listed_attribute_stays_and_the_check_agrees(widget, ours: Path, source: Path) -> None:
    assert private_values(exported(widget)) == []
    choose(widget, ours)
    assert widget.panel.options.ownList.statusLabel.text == "Private attributes in it: 1."
    assert "attributes of your list" in widget.panel.export.extrasLabel.text
    result = exported(widget)
    assert private_values(result) == [1.5]
    assert read_report(result)["profile"]["safe_private"]
    assert not verify(result, [source], lambda done, total: None).findings


def test_preview_shows_what_the_list_keeps(widget, ours: Path) -> None:
    choose(widget, ours)
    waitUntil(lambda: widget.panel.attributes.examples, TIMEOUT_S)
    preview = widget.panel.preview
    preview.previewButton.click()
    waitUntil(lambda: preview.countsTree.topLevelItemCount and preview.filesTree.topLevelItemCount, TIMEOUT_S)
    file = preview.filesTree.topLevelItem(0)
    results = {file.child(number).text(0): file.child(number).text(2) for number in range(file.childCount())}
    assert results["private (0033,100D)"] == "(removed)"
    assert results.get("private (0033,100C)") != "(removed)"


def test_without_its_option_the_list_is_not_used_and_says_why(widget, ours: Path) -> None:
    choose(widget, ours)
    own, box = widget.panel.options.ownList, widget.panel.options.optionBoxes[SAFE]
    box.click()
    assert not own.fileEdit.enabled and "Retain safe private attributes" in own.fileEdit.toolTip
    assert "of your list" not in widget.panel.export.extrasLabel.text
    result = exported(widget)
    assert private_values(result) == [] and not read_report(result)["profile"]["options"]  # it would add the option
    box.click()
    assert own.fileEdit.enabled and own.path == ours
    widget.panel.options.followBox.click()
    assert not own.fileEdit.enabled and own.path is None


def test_list_with_a_mistake_keeps_the_export_from_starting_and_says_in_which_line(widget, ours: Path) -> None:
    ours.write_text(f"{CREATOR},0028,0C\n", encoding="utf-8")
    choose(widget, ours)
    for button in (widget.panel.export.frame.exportButton, widget.panel.preview.previewButton):
        assert not button.enabled and "line 1" in button.toolTip
    widget.panel.options.optionBoxes[SAFE].click()  # it is no longer used
    assert widget.panel.export.frame.exportButton.enabled
    widget.panel.options.optionBoxes[SAFE].click()
    widget.panel.options.ownList.fileEdit.currentPath = ""
    assert widget.panel.export.frame.exportButton.enabled


def test_no_scene_holds_the_path(widget, ours: Path, tmp_path: Path) -> None:
    choose(widget, ours)
    scene = tmp_path / "scene.mrml"
    slicer.mrmlScene.SetURL(str(scene))
    slicer.mrmlScene.Commit()
    text = scene.read_text(encoding="utf-8")
    assert "retainSafePrivate" in text and ours.name not in text
