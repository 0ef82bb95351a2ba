"""Which step an attribute gets from options, place and edits."""

import pytest

from DicomSuiteAnonymizeLib.elements import wire
from DicomSuiteAnonymizeLib.plan import Plan
from DicomSuiteAnonymizeLib.profiles.profile import BUILT_IN, Scope, TagEdit
from DicomSuiteAnonymizeLib.steps import CAPTURED, Action, Step

CT = "1.2.840.10008.5.1.4.1.1.2"
PRIVATE, UNKNOWN, OVERLAY, ROWS, CONCEPT = 0x00091001, 0x00100FFF, 0x60003000, 0x00280010, 0x0040A043


def step_of(profile: str, tag: int, *edits: TagEdit) -> Step | None:
    """Step for a top-level attribute of a CT image."""
    return Plan(BUILT_IN[profile].but(edits=edits)).level(CT).steps[wire(tag)]


@pytest.mark.parametrize("tag", [PRIVATE, UNKNOWN, OVERLAY])
def test_edit_for_one_series_leaves_the_rule_of_the_standard_for_the_others(tag: int) -> None:
    edit = TagEdit((tag,), Action.KEEP, scope=Scope.SERIES, target="2.25.1")
    step = step_of("basic", tag, edit)
    assert (step.action, step.edits) == (Action.REMOVE, (edit,))


@pytest.mark.parametrize("tag", [PRIVATE, UNKNOWN, OVERLAY])
def test_edit_of_an_attribute_that_no_standard_rule_is_for_keeps_it_elsewhere(tag: int) -> None:
    edit = TagEdit((tag,), Action.REMOVE, scope=Scope.SERIES, target="2.25.1")
    assert step_of("seventeen", tag, edit).action is Action.KEEP


def test_narrowest_edit_comes_first() -> None:
    edits = [TagEdit((ROWS,), Action.KEEP, scope=scope, target="x") for scope in Scope]
    found = [edit.scope for edit in step_of("basic", ROWS, *edits).edits]
    assert found == [Scope.SERIES, Scope.STUDY, Scope.PATIENT, Scope.ALL]


def test_value_that_others_ask_for_is_read_where_nothing_is_done_to_it() -> None:
    assert step_of("basic", ROWS) is CAPTURED
    assert step_of("basic", 0x00281050) is None


def test_value_that_nobody_asks_for_is_not_read() -> None:
    assert step_of("basic", 0x00080032).blind  # Acquisition Time goes, whatever it is
    assert not step_of("basic", 0x0008103E).blind  # Series Description goes, but may tell of burned-in text
    assert not step_of("basic", 0x00100030).blind  # Birth Date is emptied, and must not turn up elsewhere


def test_codes_inside_replaced_content_stay() -> None:
    level = Plan(BUILT_IN["basic"]).level(CT).child(wire(0x0040A730), Step(Action.DUMMY, ""))
    assert level.steps[wire(0x0040A160)].action is Action.DUMMY  # Text Value
    assert level.child(wire(CONCEPT), None).steps[wire(0x00080104)].action is Action.KEEP  # Code Meaning
