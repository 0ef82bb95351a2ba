"""The module's panel, clicked as a user does: choosing series, editing attributes, previewing."""

from __future__ import annotations

import logging
import re
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from application import (
    enter,
    exit_,
    expectedDisplay,
    moduleWidget,
    processEvents,
    qt,
    screenshot,
    slicer,
    waitUntil,
)
from copied_study import copied_study
from DicomSuiteAnonymizeGui.attribute_table import ACTION, FOUND, NAME, RESULT
from DicomSuiteAnonymizeGui.selection import Source, SourceKind
from DicomSuiteAnonymizeLib.private_attributes.safe_attributes import MR_DIFFUSION_TIMING
from DicomSuiteAnonymizeLib.profiles.profile import BUILT_IN, SEVENTEEN_ATTRIBUTES, OnLeak, Scope
from DicomSuiteAnonymizeLib.ps315 import Option
from DicomSuiteAnonymizeLib.steps import Action
from DicomSuiteGui.job_runner import closeRunner
from DicomSuiteGui.stored_settings import storedSettings, storeSettings
from DicomSuiteLib.synthetic_study import SyntheticStudy
from panel_places import database_of, private_places

NAME_PATH = (SEVENTEEN_ATTRIBUTES["PatientName"],)
ID_PATH = (SEVENTEEN_ATTRIBUTES["PatientID"],)
AGE_PATH = (SEVENTEEN_ATTRIBUTES["PatientAge"],)
TIMEOUT_S = 60


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> SyntheticStudy:
    return copied_study(tmp_path_factory.mktemp("panel") / "study")


@pytest.fixture
def widget(study: SyntheticStudy, tmp_path: Path) -> Iterator[object]:
    """The module, entered, with the synthetic study in the database and the basic profile."""
    with private_places(tmp_path), database_of(tmp_path / "database", study.folder):
        widget = moduleWidget("DicomSuiteAnonymize")
        enter(widget)
        widget.logic.editor.open(BUILT_IN["basic"])
        waitUntil(lambda: tree_items(widget))
        yield widget
        widget.panel.source.tree.clearSelection()
        exit_(widget)
        slicer.mrmlScene.Clear(0)


def tree_items(widget) -> list:
    """The series in the tree."""
    return list(widget.panel.source._seriesItems())


def select_all(widget) -> None:
    """Select the patient and wait until the table shows what the files hold and what becomes of the first."""
    widget.panel.source.tree.topLevelItem(0).setSelected(True)
    waitUntil(lambda: cell(widget, NAME_PATH, RESULT) not in ("", "–"), TIMEOUT_S)


def cell(widget, path, column: int) -> str:
    row = widget.logic.editor.rows.index(path)
    return widget.panel.attributes.table.widget.item(row, column).text()


def select_rows(widget, *paths) -> None:
    widget.panel.attributes.table.select(paths)


def choose(widget, action: Action | None) -> None:
    """Choose an action in the form, as a mouse click does."""
    form = widget.panel.attributes.form
    index = form._actions.index(action)
    form.actionBox.currentIndex = index
    form.actionBox.activated(index)


def type_value(widget, text: str) -> None:
    edit = widget.panel.attributes.form.valueEdit
    edit.text = text
    edit.editingFinished()


def test_tree_shows_the_database_and_the_table_what_the_files_hold(widget, study) -> None:
    assert [item.text(0).split()[0] for item in tree_items(widget)] == ["CT", "RTSTRUCT", "US"]
    assert not widget.panel.export.frame.exportButton.enabled
    assert "Select" in widget.panel.export.frame.exportButton.toolTip
    select_all(widget)
    assert widget.panel.export.frame.exportButton.enabled
    assert cell(widget, NAME_PATH, FOUND).split("^")[0] in study.planted
    assert cell(widget, (SEVENTEEN_ATTRIBUTES["InstanceNumber"],), FOUND) == "varies: 40 values"
    assert cell(widget, NAME_PATH, RESULT).startswith("DS-")
    assert cell(widget, AGE_PATH, RESULT) == "(removed)"


def test_search_hides_what_does_not_match_and_deselects_it(widget) -> None:
    select_all(widget)
    widget.panel.source.searchBox.text = "rtstruct"
    assert [item.isHidden() for item in tree_items(widget)] == [True, False, True]
    assert len(widget.panel.source.series) == 1
    widget.panel.source.searchBox.text = ""
    assert not any(item.isHidden() for item in tree_items(widget))


def test_series_chosen_by_another_module_are_selected(widget) -> None:
    database = slicer.dicomDatabase
    (study_uid,) = database.studiesForPatient(database.patients()[0])
    uids = database.seriesForStudy(study_uid)
    widget.useSeries(uids[1:2])
    assert widget.panel.source.series == tuple(uids[1:2])


def test_bulk_action_changes_the_selected_rows_and_can_be_undone_and_redone(widget) -> None:
    select_all(widget)
    select_rows(widget, NAME_PATH, ID_PATH)
    choose(widget, Action.REMOVE)
    assert [edit.action for edit in widget.logic.editor.profile.edits] == [Action.REMOVE] * 2
    assert cell(widget, NAME_PATH, ACTION) == "remove"
    waitUntil(lambda: cell(widget, NAME_PATH, RESULT) == "(removed)", TIMEOUT_S)
    bar = widget.panel.profileBar
    bar.undoButton.click()
    assert widget.logic.editor.profile.edits == ()
    assert not bar.undoButton.enabled or bar.redoButton.enabled
    bar.redoButton.click()
    assert len(widget.logic.editor.profile.edits) == 2
    bar.resetButton.click()
    assert widget.logic.editor.profile == BUILT_IN["basic"]


def test_typed_value_is_what_the_first_file_will_hold(widget) -> None:
    select_all(widget)
    select_rows(widget, NAME_PATH)
    type_value(widget, "Doe^Jane")
    waitUntil(lambda: cell(widget, NAME_PATH, RESULT) == "Doe^Jane", TIMEOUT_S)
    assert cell(widget, NAME_PATH, ACTION) == "replace"


def test_new_numbers_are_announced_and_not_shown_as_unchanged(widget) -> None:
    select_all(widget)
    path = (SEVENTEEN_ATTRIBUTES["InstanceNumber"],)
    widget.logic.editor.set_action([path], Action.RENUMBER, "100")
    waitUntil(lambda: not widget.panel._example.isBusy and not widget.panel._exampleTimer.isActive(), TIMEOUT_S)
    assert cell(widget, path, RESULT) == "from 100 on"


def test_value_that_does_not_suit_is_refused_with_the_reason_and_changes_nothing(widget) -> None:
    select_all(widget)
    select_rows(widget, (SEVENTEEN_ATTRIBUTES["StudyDate"],))
    type_value(widget, "yesterday")
    assert widget.logic.editor.profile.edits == ()
    form = widget.panel.attributes.form
    assert form.messageLabel.visible or not form.widget.visible
    assert "does not have the form of VR DA" in form.messageLabel.text


def test_edit_for_one_series_is_for_that_series_only(widget) -> None:
    select_all(widget)
    who = widget.panel.attributes.whoBox
    index = next(n for n in range(who.count) if "RTSTRUCT" in who.itemText(n))
    who.currentIndex = index
    who.activated(index)
    select_rows(widget, AGE_PATH)
    choose(widget, Action.KEEP)
    (edit,) = widget.logic.editor.profile.edits
    assert edit.scope is Scope.SERIES and edit.target.startswith("2.25.")
    who.currentIndex = 0
    who.activated(0)
    assert not any(cell(widget, AGE_PATH, ACTION) == word for word in ("keep",))


def test_what_still_identifies_is_marked_and_counted(widget) -> None:
    select_all(widget)
    select_rows(widget, AGE_PATH)
    choose(widget, Action.KEEP)
    attributes = widget.panel.attributes
    waitUntil(lambda: "still identif" in attributes.keptLabel.text, TIMEOUT_S)
    row = widget.logic.editor.rows.index(AGE_PATH)
    assert not attributes.table.widget.item(row, RESULT).icon().isNull()
    assert "Still identifies" in attributes.table.widget.item(row, RESULT).toolTip()
    assert attributes.table.widget.item(row + 1, RESULT).icon().isNull()


def test_any_attribute_can_be_searched_for_and_added_to_the_table(widget) -> None:
    select_all(widget)
    search = widget.panel.attributes.search
    search.widget.checked = True
    waitUntil(lambda: len(search._items) > 60)
    search.searchBox.text = "Referenced SOP Instance UID"
    shown = [path for path, item in search._items.items() if not item.isHidden()]
    nested = next(path for path in shown if len(path) > 1)
    assert len(shown) < len(search._items)
    search._items[nested].setSelected(True)
    search.addButton.click()
    assert widget.logic.editor.rows[-1] == nested
    assert "▸" in cell(widget, nested, NAME)
    select_rows(widget, nested)
    widget.panel.attributes.form.removeButton.click()
    assert nested not in widget.logic.editor.rows


def test_profile_is_saved_opened_and_deleted(widget) -> None:
    bar = widget.panel.profileBar
    select_rows(widget, NAME_PATH)
    choose(widget, Action.EMPTY)
    bar.saveAs("our lab")
    assert widget.logic.editor.profile.name == "our lab"
    bar.profileBox.currentIndex = 0
    bar.profileBox.activated(0)
    assert widget.logic.editor.profile.name == "basic" and not bar.deleteButton.enabled
    index = bar.profileBox.findData("our lab")
    bar.profileBox.currentIndex = index
    bar.profileBox.activated(index)
    assert [edit.action for edit in widget.logic.editor.profile.edits] == [Action.EMPTY]
    with expectedDisplay("confirmYesNoDisplay", answer=False):
        bar.deleteButton.click()
    assert bar.deleteButton.enabled
    with expectedDisplay("confirmYesNoDisplay", answer=True) as questions:
        bar.deleteButton.click()
    assert "our lab" in questions[0]
    assert bar.profileBox.findData("our lab") == -1
    bar.undoButton.click()
    assert bar.profileBox.currentText == "our lab (not saved)" and not bar.deleteButton.enabled
    bar.saveAs("../escape")
    assert "profile name" in bar.messageLabel.text


def test_another_saved_profile_is_not_replaced_unasked(widget, monkeypatch) -> None:
    bar = widget.panel.profileBar
    for name, action in (("first", Action.EMPTY), ("second", Action.REMOVE)):
        widget.logic.editor.set_action([NAME_PATH], action)
        bar.saveAs(name)
    monkeypatch.setattr(qt.QInputDialog, "getText", lambda *arguments: "first")
    with expectedDisplay("confirmYesNoDisplay", answer=False):
        bar.saveButton.click()
    assert widget.logic.editor.profile.name == "second"
    with expectedDisplay("confirmYesNoDisplay", answer=True):
        bar.saveButton.click()
    assert widget.logic.editor.profile.name == "first"
    widget.logic.editor.set_action([NAME_PATH], Action.KEEP)
    bar.saveButton.click()  # the profile that is edited is saved without a question
    assert not widget.logic.editor.is_changed


def test_options_follow_profile_and_parameters_and_exclude_each_other(widget) -> None:
    boxes = widget.panel.options.optionBoxes
    full, modified = boxes[Option.RETAIN_FULL_DATES], boxes[Option.RETAIN_MODIFIED_DATES]
    full.checked = True
    assert widget.logic.editor.profile.options == {Option.RETAIN_FULL_DATES}
    assert not modified.enabled and "Excluded by" in modified.toolTip
    widget.logic.editor.open(BUILT_IN["research"])
    assert modified.checked and not full.checked and not full.enabled
    assert boxes[Option.RETAIN_DEVICE_IDENTITY].checked
    widget.panel.options.followBox.checked = False
    assert not widget.logic.editor.profile.is_ps315
    assert not boxes[Option.CLEAN_GRAPHICS].enabled
    assert "NOT a de-identification" in widget.panel.profileBar.messageLabel.text


def test_choices_of_a_scene_arrive_together_as_one_step_and_put_right(widget) -> None:
    parameters = widget._parameterNode
    editor = widget.logic.editor
    editor.open(BUILT_IN["research"])
    with slicer.util.NodeModify(parameters):
        parameters.retainLongFullDates = parameters.retainUIDs = parameters.refuseLeaks = True
    assert editor.profile.on_leak is OnLeak.FAIL and parameters.refuseLeaks
    assert {Option.RETAIN_FULL_DATES, Option.RETAIN_UIDS} <= editor.profile.options
    assert not parameters.retainLongModifiedDates
    parameters.retainLongModifiedDates = True  # no step; both boxes would be checked
    assert not widget.panel.options.optionBoxes[Option.RETAIN_MODIFIED_DATES].checked
    editor.undo()
    assert editor.profile == BUILT_IN["research"]


def test_list_of_diffusion_and_timing_can_be_chosen_with_its_option_only(widget) -> None:
    panel, editor = widget.panel.options, widget.logic.editor
    editor.open(BUILT_IN["basic"])
    assert not panel.diffusionBox.enabled
    assert "Needs" in panel.diffusionBox.toolTip
    panel.optionBoxes[Option.RETAIN_SAFE_PRIVATE].click()
    panel.diffusionBox.click()
    assert editor.profile.private_lists == {MR_DIFFUSION_TIMING}
    panel.optionBoxes[Option.RETAIN_SAFE_PRIVATE].click()
    assert not editor.profile.private_lists
    assert not panel.diffusionBox.checked


@pytest.mark.parametrize(
    "places",
    [
        ("profilePlace", "attributesPlace"),
        ("profilePlace", "optionsPlace"),
        ("profilePlace", "pixelsPlace"),
        ("profilePlace", "facesPlace"),
        ("exportSection",),
        ("crosswalkPlace",),
        ("scorePlace",),
    ],
)
def test_letters_for_the_keyboard_are_each_given_once_where_they_are_seen_together(widget, places) -> None:
    items = [item for place in places for item in slicer.util.findChildren(getattr(widget.ui, place))]
    texts = [item.text for item in items if item.inherits("QLabel") or item.inherits("QAbstractButton")]
    letters = [letter.lower() for text in texts for letter in re.findall(r"&(\w)", text)]
    assert letters and not [letter for letter, count in Counter(letters).items() if count > 1]


def test_what_is_being_typed_stays_when_the_result_of_an_earlier_change_comes(widget) -> None:
    select_all(widget)
    select_rows(widget, NAME_PATH)
    choose(widget, Action.REMOVE)
    select_rows(widget, ID_PATH)
    edit = widget.panel.attributes.form.valueEdit
    edit.text = "half a val"
    waitUntil(lambda: cell(widget, NAME_PATH, RESULT) == "(removed)", TIMEOUT_S)
    assert edit.text == "half a val"
    select_rows(widget, AGE_PATH)
    assert edit.text == ""


def test_files_listed_for_a_former_selection_are_not_read(widget, monkeypatch) -> None:
    panel = widget.panel
    select_all(widget)
    waitUntil(lambda: not panel._survey.isBusy and not panel._example.isBusy, TIMEOUT_S)
    listings = []
    monkeypatch.setattr(panel.source, "gather", listings.append)
    panel._startSurvey()
    panel.preview.previewButton.click()
    panel.source.tree.clearSelection()
    for deliver in listings:
        deliver(Source(("-",), "/no/such/file", ""))
    assert len(listings) == 2
    assert not panel._survey.isBusy and not panel.preview._counting.isBusy


def test_changes_for_patients_of_another_key_are_counted_as_without_effect(widget, tmp_path) -> None:
    select_all(widget)
    attributes = widget.panel.attributes
    attributes.whoBox.currentIndex = 1
    attributes.whoBox.activated(1)
    select_rows(widget, AGE_PATH)
    choose(widget, Action.EMPTY)
    assert "concern none" not in attributes.keptLabel.text
    exit_(widget)
    storeSettings(replace(storedSettings(), key_file=str(tmp_path / "other.key")))
    enter(widget)
    waitUntil(lambda: "concern none of these files" in attributes.keptLabel.text, TIMEOUT_S)
    assert attributes.whoBox.currentIndex == 0


def test_without_a_private_folder_the_module_says_so(widget) -> None:
    exit_(widget)
    closeRunner()
    folder = storedSettings().store_folder()
    shutil.rmtree(folder)
    folder.write_text("in the way")
    enter(widget)
    assert "must be yours" in widget.panel.export.frame.exportButton.toolTip
    assert not widget.panel.export.frame.exportButton.enabled
    assert "must be yours" in widget.panel.profileBar.messageLabel.text
    folder.unlink()
    exit_(widget)
    enter(widget)
    assert "must be yours" not in widget.panel.export.frame.exportButton.toolTip


def test_preview_counts_actions_and_compares_the_first_files_without_writing(widget, tmp_path) -> None:
    select_all(widget)
    preview = widget.panel.preview
    preview.previewButton.click()
    waitUntil(lambda: preview.countsTree.topLevelItemCount and preview.filesTree.topLevelItemCount, TIMEOUT_S)
    assert preview.statusLabel.text.startswith("Of 42 files 41 would be written, 1 quarantined")
    first = preview.filesTree.topLevelItem(0)
    shown = {first.child(n).text(0): first.child(n).text(2) for n in range(first.childCount())}
    assert shown["Patient's Name"].startswith("DS-") and shown["Patient's Age"] == "(removed)"
    assert not list((tmp_path / "results").rglob("*.dcm")) if (tmp_path / "results").exists() else True
    widget.logic.editor.set_rules(True, {Option.RETAIN_UIDS}, OnLeak.REPLACE)
    assert not preview.countsTree.topLevelItemCount  # what was shown holds no more
    preview.previewButton.click()
    waitUntil(lambda: preview.countsTree.topLevelItemCount, TIMEOUT_S)
    widget.ui.allowPixelRiskBox.checked = True
    assert not preview.countsTree.topLevelItemCount


def test_lists_fit_a_narrow_panel_and_a_tab_is_as_high_as_its_page(widget, tmp_path) -> None:
    select_all(widget)
    preview, search = widget.panel.preview, widget.panel.attributes.search
    search.widget.checked = True
    preview.previewButton.click()
    waitUntil(lambda: preview.countsTree.topLevelItemCount and preview.filesTree.topLevelItemCount, TIMEOUT_S)
    waitUntil(lambda: len(search._items) > 60)
    for page in (0, 1):
        preview.pages.currentIndex = page
        screenshot(widget.parent, tmp_path / "narrow.png", 350, "light")
        for tree in (preview.countsTree, preview.filesTree, search.tree):
            assert tree.horizontalScrollBar().maximum == 0, tree.accessibleName
    heights = []
    for tab in (0, 3):
        widget.ui.rulesTabs.currentIndex = tab
        screenshot(widget.parent, tmp_path / "narrow.png", 350, "light")
        heights.append(widget.ui.rulesTabs.height)
    search.widget.checked = False
    assert heights[1] < 150 < heights[0]


def test_folder_is_a_source_too(widget, study, tmp_path) -> None:
    box = widget.ui.sourceKindBox
    box.currentIndex = list(SourceKind).index(SourceKind.FOLDER)
    source = widget.panel.source
    assert source.folderPage.isVisibleTo(source.widget) and not source.databasePage.isVisibleTo(source.widget)
    source.folderEdit.currentPath = str(tmp_path / "nowhere")
    assert "does not exist" in widget.panel.export.frame.exportButton.toolTip
    source.folderEdit.currentPath = ""
    assert "Choose a folder first" in widget.panel.export.frame.exportButton.toolTip
    source.folderEdit.currentPath = str(study.folder)
    waitUntil(lambda: cell(widget, NAME_PATH, RESULT).startswith("DS-"), TIMEOUT_S)
    assert "cannot be read" in widget.panel.attributes.statusLabel.text  # the NRRD beside the images


def test_no_trace_of_the_patient_in_scene_settings_or_log(widget, study, tmp_path, caplog) -> None:
    caplog.set_level(logging.DEBUG)
    select_all(widget)
    select_rows(widget, AGE_PATH)
    choose(widget, Action.KEEP)
    waitUntil(lambda: "still identif" in widget.panel.attributes.keptLabel.text, TIMEOUT_S)
    scene = tmp_path / "scene.mrml"
    slicer.mrmlScene.SetURL(str(scene))
    slicer.mrmlScene.Commit()
    settings = qt.QSettings()
    settings.sync()
    stored = " ".join(str(settings.value(key)) for key in settings.allKeys())
    for word in study.planted:
        for place in (scene.read_text(encoding="utf-8"), stored, caplog.text):
            assert word not in place


def test_processes_end_when_the_selection_changes(widget) -> None:
    select_all(widget)
    for _ in range(5):
        widget.panel.source.tree.clearSelection()
        processEvents(0.3)
        widget.panel.source.tree.topLevelItem(0).setSelected(True)
        processEvents(0.3)
    waitUntil(lambda: not widget.panel._survey.isBusy and not widget.panel._example.isBusy, TIMEOUT_S)
