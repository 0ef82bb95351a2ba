"""Editing a profile: each step is checked, can be taken back, and tells whoever shows it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from DicomSuiteAnonymizeLib.errors import AnonymizeError
from DicomSuiteAnonymizeLib.private_attributes.safe_attributes import MR_DIFFUSION_TIMING, SafeAttribute
from DicomSuiteAnonymizeLib.profiles.profile import (
    BUILT_IN,
    EDIT_ACTIONS,
    NOTHING,
    PS315,
    OnLeak,
    Profile,
    Scope,
    TagEdit,
)
from DicomSuiteAnonymizeLib.profiles.profile_editor import (
    EVERYBODY,
    MAX_STEPS,
    SEVENTEEN_ROWS,
    ProfileEditor,
    Who,
    allowed_actions,
)
from DicomSuiteAnonymizeLib.profiles.profile_file import check_edit
from DicomSuiteAnonymizeLib.ps315 import Option
from DicomSuiteAnonymizeLib.steps import Action
from DicomSuiteAnonymizeLib.tag_path import TagPath

NAME, STUDY_DATE, DESCRIPTION, INSTANCE_NUMBER = (0x00100010,), (0x00080020,), (0x00081030,), (0x00200013,)
STATION, REQUEST = (0x00081010,), (0x00400275, 0x00400007)
ANNA, BERT = Who(Scope.PATIENT, "DS-ANNA"), Who(Scope.PATIENT, "DS-BERT")
ONE_SERIES = Who(Scope.SERIES, "2.25.1")
EVERY_ACTION = tuple(EDIT_ACTIONS.values())

Operation = Callable[[ProfileEditor], None]


class Listener:
    """Counts how often an editor tells of a change."""

    def __init__(self, editor: ProfileEditor) -> None:
        self.heard = 0
        editor.changed.connect(self.hear)

    def hear(self) -> None:
        self.heard += 1


def state(editor: ProfileEditor) -> tuple[Profile, tuple[TagPath, ...]]:
    return editor.profile, editor.rows


def shown(editor: ProfileEditor) -> tuple[object, ...]:
    """What somebody sees of it, which the order of the edits is no part of."""
    return editor.profile.but(edits=()), frozenset(editor.profile.edits), editor.rows, editor.is_changed


paths = st.sampled_from((NAME, STUDY_DATE, DESCRIPTION, INSTANCE_NUMBER, STATION, REQUEST, REQUEST[:1], (0x00181030,)))
people = st.sampled_from((EVERYBODY, ANNA, BERT, ONE_SERIES, Who(Scope.STUDY, "")))
profiles = st.sampled_from((*BUILT_IN.values(), Profile("mine", "", edits=(TagEdit(STATION, Action.KEEP),))))


def operation(name: str, *arguments: st.SearchStrategy) -> st.SearchStrategy[Operation]:
    return st.tuples(*arguments).map(lambda values: lambda editor: getattr(editor, name)(*values))


operations = st.one_of(
    operation(
        "set_action",
        st.lists(paths, min_size=1, max_size=3),
        st.none() | st.sampled_from(EVERY_ACTION),
        st.sampled_from(("", "7", "20200102", "text")),
        people,
    ),
    operation("add_row", paths),
    operation("remove_row", paths),
    operation(
        "set_rules", st.booleans(), st.frozensets(st.sampled_from(Option), max_size=3), st.sampled_from(OnLeak)
    ),
    operation("open", profiles),
    operation("reset"),
    operation("undo"),
    operation("redo"),
)


def applied(operation: Operation, editor: ProfileEditor) -> None:
    """Do it; an edit or option that does not suit is refused and has to change nothing."""
    before = state(editor)
    try:
        operation(editor)
    except AnonymizeError:
        assert state(editor) == before


@settings(max_examples=200)
@given(st.lists(operations, max_size=25))
def test_undoing_all_leads_to_the_start_and_redoing_all_to_the_end(steps):
    editor = ProfileEditor(BUILT_IN["research"])
    start = state(editor)
    for step in steps:
        applied(step, editor)
    while editor.can_redo:
        editor.redo()
    end = state(editor)
    visited = [end]
    while editor.can_undo:
        editor.undo()
        visited.append(state(editor))
    assert state(editor) == start
    for expected in reversed(visited[:-1]):
        editor.redo()
        assert state(editor) == expected
    assert state(editor) == end and not editor.can_redo


@settings(max_examples=200)
@given(st.lists(operations, max_size=15))
def test_every_change_is_told_once_and_nothing_else_is(steps):
    editor = ProfileEditor()
    listener = Listener(editor)
    for step in steps:
        before, heard = shown(editor), listener.heard
        applied(step, editor)
        assert listener.heard - heard == (shown(editor) != before)


@settings(max_examples=200)
@given(st.lists(operations, max_size=15))
def test_what_was_edited_is_always_valid_and_has_a_row(steps):
    editor = ProfileEditor()
    for step in steps:
        applied(step, editor)
        assert editor.rows[:17] == SEVENTEEN_ROWS
        assert len(set(editor.rows)) == len(editor.rows)
        for edit in editor.profile.edits:
            check_edit(edit)
            assert edit.path in editor.rows


@given(st.lists(operations, max_size=10))
def test_new_step_takes_the_place_of_those_that_were_undone(steps):
    editor = ProfileEditor()
    for step in steps:
        applied(step, editor)
    before = state(editor)
    editor.set_action([NAME], Action.REPLACE, "First^Step")
    editor.undo()
    editor.set_action([NAME], Action.REPLACE, "Other^Step")
    assert not editor.can_redo
    editor.undo()
    assert state(editor) == before


# Steps


def test_same_action_again_is_no_step_wherever_its_edit_stands():
    editor = ProfileEditor(BUILT_IN["seventeen"])
    listener = Listener(editor)
    editor.set_action([NAME], Action.PSEUDONYM)
    editor.set_action([STATION], None)
    editor.add_row(NAME)
    editor.remove_row(NAME)
    editor.set_rules(False, (), OnLeak.REPLACE)
    editor.open(BUILT_IN["seventeen"])
    editor.reset()
    editor.undo()
    editor.redo()
    assert not editor.can_undo and not editor.is_changed and listener.heard == 0


def test_profile_edited_there_and_back_is_not_changed():
    editor = ProfileEditor(BUILT_IN["seventeen"])
    editor.set_action([NAME], Action.REPLACE, "A^B")
    assert editor.is_changed
    editor.set_action([NAME], Action.PSEUDONYM)
    assert not editor.is_changed and editor.can_undo


def test_one_action_for_many_attributes_is_one_step():
    editor = ProfileEditor(BUILT_IN["seventeen"])
    editor.set_action(iter((NAME, DESCRIPTION, REQUEST)), Action.REMOVE)
    assert [editor.edit_of(path, EVERYBODY).action for path in (NAME, DESCRIPTION, REQUEST)] == [Action.REMOVE] * 3
    assert len(editor.profile.edits) == len(BUILT_IN["seventeen"].edits) + 2
    editor.undo()
    assert editor.profile == BUILT_IN["seventeen"] and not editor.can_undo


def test_as_many_steps_can_be_undone_as_promised():
    editor = ProfileEditor()
    for number in range(MAX_STEPS + 10):
        editor.set_action([INSTANCE_NUMBER], Action.RENUMBER, str(number))
    undone = 0
    while editor.can_undo:
        editor.undo()
        undone += 1
    assert undone == MAX_STEPS
    assert editor.edit_of(INSTANCE_NUMBER, EVERYBODY).value == "9"


# Edits


@pytest.mark.parametrize(
    ("paths", "action", "value", "who"),
    [
        ((NAME, STUDY_DATE), Action.REPLACE, "Not a date", EVERYBODY),
        ((STUDY_DATE, NAME), Action.SHIFT, "", EVERYBODY),
        ((NAME,), Action.RENUMBER, "1", EVERYBODY),
        ((INSTANCE_NUMBER,), Action.RENUMBER, "1\\2", EVERYBODY),
        (((0x00280010,),), Action.REPLACE, "70000", EVERYBODY),
        (((0x00280010,),), Action.REPLACE, "1.5", EVERYBODY),
        (((0x00081140,),), Action.REPLACE, "x", EVERYBODY),
        (((0x00080018,),), Action.REMOVE, "", EVERYBODY),
        ((NAME,), Action.REMOVE, "", Who(Scope.PATIENT, "")),
        ((NAME,), Action.REMOVE, "", Who(Scope.ALL, "DS-ANNA")),
    ],
)
def test_edit_that_does_not_suit_changes_nothing(paths, action, value, who):
    editor = ProfileEditor(BUILT_IN["seventeen"])
    editor.set_action([NAME], Action.KEEP)
    before, listener = state(editor), Listener(editor)
    with pytest.raises(AnonymizeError):
        editor.set_action(paths, action, value, who)
    assert state(editor) == before and listener.heard == 0 and not editor.can_redo


def test_edits_of_all_a_patient_and_a_series_stand_beside_each_other():
    editor = ProfileEditor()
    for who, value in ((EVERYBODY, "All^Of"), (ANNA, "Anna^A"), (BERT, "Bert^B"), (ONE_SERIES, "One^Series")):
        editor.set_action([NAME], Action.REPLACE, value, who)
    editor.set_action([NAME], None, who=ANNA)
    editor.set_action([NAME], Action.EMPTY, who=BERT)
    assert editor.edit_of(NAME, ANNA) is None
    assert editor.edit_of(NAME, BERT) == TagEdit(NAME, Action.EMPTY, "", BERT.scope, BERT.target)
    assert editor.edit_of(NAME, EVERYBODY).value == "All^Of"
    assert editor.edit_of(NAME, ONE_SERIES).value == "One^Series"
    assert editor.edit_of(DESCRIPTION, EVERYBODY) is None
    assert len(editor.profile.edits) == 3


# Rows


def test_the_seventeen_rows_come_first_and_stay():
    editor = ProfileEditor()
    for path in SEVENTEEN_ROWS:
        editor.remove_row(path)
    assert editor.rows == SEVENTEEN_ROWS and len(SEVENTEEN_ROWS) == 17 and not editor.can_undo


def test_removed_row_takes_its_edits_along_for_everybody():
    editor = ProfileEditor()
    editor.add_row(STATION)
    editor.set_action([STATION, NAME], Action.REMOVE)
    editor.set_action([STATION], Action.KEEP, who=ANNA)
    editor.remove_row(STATION)
    assert editor.rows == SEVENTEEN_ROWS
    assert [edit.path for edit in editor.profile.edits] == [NAME]
    editor.undo()
    assert editor.rows == (*SEVENTEEN_ROWS, STATION) and len(editor.profile.edits) == 3


def test_opened_profile_brings_rows_for_what_it_edits_and_added_ones_stay():
    editor = ProfileEditor()
    editor.add_row(STATION)
    editor.open(Profile("mine", "", edits=(TagEdit(REQUEST, Action.KEEP), TagEdit(NAME, Action.KEEP))))
    assert editor.rows == (*SEVENTEEN_ROWS, STATION, REQUEST)
    assert not editor.is_changed
    editor.undo()
    assert (editor.profile, editor.rows) == (BUILT_IN["basic"], (*SEVENTEEN_ROWS, STATION))


def test_reset_leads_back_to_the_opened_profile_and_can_be_undone():
    editor = ProfileEditor()
    editor.open(BUILT_IN["teaching"])
    editor.add_row(STATION)
    editor.set_action([STATION], Action.KEEP)
    edited = state(editor)
    editor.reset()
    assert state(editor) == (BUILT_IN["teaching"], SEVENTEEN_ROWS) and not editor.is_changed
    editor.undo()
    assert state(editor) == edited and editor.is_changed


def test_saved_profile_is_no_longer_changed_and_that_is_told_without_a_step():
    editor = ProfileEditor()
    editor.set_action([NAME], Action.KEEP)
    listener = Listener(editor)
    editor.open(editor.profile)
    assert not editor.is_changed and listener.heard == 1
    editor.undo()
    assert editor.is_changed and not editor.can_undo


def test_undoing_the_opening_of_a_profile_leads_back_to_the_one_before_with_its_own_reset():
    editor = ProfileEditor(BUILT_IN["basic"])
    editor.set_action([NAME], Action.KEEP)
    editor.open(BUILT_IN["research"])
    assert not editor.is_changed
    editor.undo()
    assert editor.is_changed
    editor.reset()
    assert editor.profile == BUILT_IN["basic"] and not editor.is_changed


# Rules


def test_without_ps315_there_are_no_options_and_with_it_they_can_be_chosen():
    editor = ProfileEditor(BUILT_IN["research"])
    editor.set_rules(False, (Option.RETAIN_UIDS,), OnLeak.REPLACE)
    assert (editor.profile.basis, editor.profile.options) == (NOTHING, frozenset())
    editor.set_rules(True, (Option.RETAIN_UIDS,), OnLeak.REPLACE)
    assert (editor.profile.basis, editor.profile.options) == (PS315, frozenset((Option.RETAIN_UIDS,)))


def test_lists_of_private_attributes_go_with_their_option():
    editor = ProfileEditor()
    editor.set_rules(True, (Option.RETAIN_SAFE_PRIVATE,), OnLeak.REPLACE, (MR_DIFFUSION_TIMING,))
    editor.open(editor.profile.but(safe_private=(SafeAttribute("Acme", 0x0029, 1),)))
    editor.set_rules(True, (Option.RETAIN_SAFE_PRIVATE,), OnLeak.FAIL)
    assert (len(editor.profile.private_lists), len(editor.profile.safe_private)) == (1, 1)
    editor.set_rules(True, (), OnLeak.FAIL)
    assert (editor.profile.private_lists, editor.profile.safe_private) == (frozenset(), ())


def test_options_that_exclude_each_other_are_refused_and_change_nothing():
    editor = ProfileEditor()
    with pytest.raises(AnonymizeError, match="exclude each other"):
        editor.set_rules(True, (Option.RETAIN_FULL_DATES, Option.RETAIN_MODIFIED_DATES), OnLeak.REPLACE)
    assert editor.profile == BUILT_IN["basic"] and not editor.can_undo


BASE = {Action.KEEP, Action.EMPTY, Action.REMOVE}
TYPED = BASE | {Action.REPLACE}
TEXT = TYPED | {Action.PSEUDONYM}


@pytest.mark.parametrize(
    ("path", "actions"),
    [
        (NAME, TEXT),
        (DESCRIPTION, TEXT),
        (STUDY_DATE, TYPED | {Action.SHIFT}),
        ((0x0008002A,), TYPED | {Action.SHIFT}),
        ((0x00080030,), TYPED),
        ((0x00101010,), TYPED | {Action.CAP_AGE}),
        ((0x00101040,), TEXT | {Action.POSTAL_AREA}),
        (INSTANCE_NUMBER, TYPED | {Action.RENUMBER}),
        ((0x00400275, 0x00200013), TYPED),
        ((0x00200011,), TYPED),
        ((0x00280010,), TYPED),
        ((0x0020000D,), TEXT),
        ((0x00081140,), BASE),
        ((0x00282000,), BASE),
        ((0x00091001,), BASE),
        ((0x00080005,), set()),
        ((0x00080016,), set()),
        ((0x00080018,), set()),
        ((0x00020010,), set()),
        ((0x7FE00010,), set()),
    ],
    ids=lambda value: "/".join(f"{tag:08X}" for tag in value) if isinstance(value, tuple) else "",
)
def test_actions_offered_are_those_that_suit_the_attribute(path, actions):
    assert set(allowed_actions(path)) == actions
    assert list(allowed_actions(path)) == [action for action in EVERY_ACTION if action in actions]


@given(paths, st.sampled_from(EVERY_ACTION))
def test_action_that_is_not_offered_is_refused(path, action):
    editor = ProfileEditor()
    value = "20200102" if action is Action.REPLACE else ""
    try:
        editor.set_action([path], action, value)
    except AnonymizeError:
        assert action not in allowed_actions(path)
    else:
        assert action in allowed_actions(path)
