"""Profiles: built in, saved and loaded, checked."""

import json
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

import DicomSuiteAnonymizeLib.profiles.profile_file as profile_file
from DicomSuiteAnonymizeLib.errors import AnonymizeError
from DicomSuiteAnonymizeLib.private_attributes.safe_attributes import BUNDLED
from DicomSuiteAnonymizeLib.profiles.profile import (
    BUILT_IN,
    EDIT_ACTIONS,
    NOTHING,
    SEVENTEEN_ATTRIBUTES,
    Profile,
    Scope,
    TagEdit,
)
from DicomSuiteAnonymizeLib.profiles.profile_file import (
    check_edit,
    parse_attribute,
    profile_from_json,
    profile_to_json,
    read_profile,
    write_profile,
)
from DicomSuiteAnonymizeLib.ps315 import Option
from DicomSuiteAnonymizeLib.steps import Action

SCHEMA = json.loads((Path(profile_file.__file__).parents[1] / "Data" / "profile.schema.json").read_text())
EDITED = Profile(
    "site",
    "Our site",
    options=frozenset((Option.RETAIN_UIDS,)),
    edits=(
        TagEdit((0x00100010,), Action.REPLACE, "CASE^1"),
        TagEdit((0x00400275, 0x00400007), Action.REMOVE),
        TagEdit((0x00200011,), Action.REPLACE, "7", Scope.SERIES, "2.25.1"),
        TagEdit((0x00200013,), Action.RENUMBER, "1"),
    ),
)


@pytest.mark.parametrize("profile", [*BUILT_IN.values(), EDITED], ids=lambda profile: profile.name)
def test_a_saved_profile_is_read_back_and_follows_the_schema(profile, tmp_path):
    write_profile(profile, tmp_path / "p.json")
    assert read_profile(tmp_path / "p.json") == profile
    jsonschema.validate(json.loads((tmp_path / "p.json").read_text()), SCHEMA)
    assert [path.name for path in tmp_path.iterdir()] == ["p.json"]


def test_schema_names_every_option_action_and_list():
    properties = SCHEMA["properties"]
    assert set(properties["options"]["items"]["enum"]) == {option.cli for option in Option}
    assert set(properties["edits"]["items"]["properties"]["action"]["enum"]) == EDIT_ACTIONS.keys()
    assert set(properties["private_lists"]["items"]["enum"]) == BUNDLED.keys()



@pytest.mark.parametrize(
    "change",
    [
        {"schema": "something else"},
        {"options": ["full-dates", "modified-dates"]},
        {"options": ["unknown"]},
        {"options": "uids"},
        {"edits": [{"attribute": "PatientID"}]},
        {"edits": [{"attribute": "PatientID", "action": "explode"}]},
        {"edits": [{"attribute": "PatientID", "action": "remove", "scope": "galaxy"}]},
        {"edits": [{"attribute": "(0010,00)", "action": "remove"}]},
        {"extra": 1},
        {"on_leak": "ignore"},
        {"name": 5},
    ],
    ids=str,
)
def test_reader_and_schema_refuse_the_same(change):
    content = profile_to_json(EDITED) | change
    with pytest.raises(AnonymizeError):
        profile_from_json(content)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(content, SCHEMA)


@pytest.mark.parametrize(
    ("edit", "complaint"),
    [
        (TagEdit((0x00100030,), Action.REPLACE, "1970-01-01"), "form of VR DA"),
        (TagEdit((0x00080050,), Action.REPLACE, "x" * 17), "longer than VR SH"),
        (TagEdit((0x00100010,), Action.SHIFT), "no date"),
        (TagEdit((0x00080018,), Action.REPLACE, "1.2"), "written by the engine"),
        (TagEdit((0x7FE00010,), Action.REMOVE), "written by the engine"),
        (TagEdit((0x00200011,), Action.RENUMBER, "1"), "only InstanceNumber"),
        (TagEdit((0x00200013,), Action.REPLACE, "one"), "form of VR IS"),
        (TagEdit((0x00081115,), Action.REPLACE, "x"), "no value can be typed"),
        (TagEdit((0x00280010,), Action.REPLACE, "many"), "must be a number"),
        (TagEdit((0x00100010,), Action.REMOVE, scope=Scope.PATIENT), "needs a target"),
    ],
    ids=str,
)
def test_an_edit_that_does_not_suit_its_attribute_is_refused(edit, complaint):
    with pytest.raises(AnonymizeError, match=complaint):
        check_edit(edit)


@pytest.mark.parametrize("text", ["PatientID", "(0010,0020)", "00100020", "0010,0020"])
def test_an_attribute_can_be_written_in_several_ways(text):
    assert parse_attribute(text) == (0x00100020,)


def test_an_attribute_in_a_sequence_is_a_path():
    assert parse_attribute("RequestAttributesSequence/(0040,0007)") == (0x00400275, 0x00400007)


def test_the_editor_has_its_seventeen_attributes():
    from pydicom.datadict import keyword_for_tag

    assert len(SEVENTEEN_ATTRIBUTES) == 17
    assert all(keyword_for_tag(tag) == name for name, tag in SEVENTEEN_ATTRIBUTES.items())


def test_a_file_that_is_no_profile_is_named(tmp_path):
    (tmp_path / "p.json").write_text("{")
    with pytest.raises(AnonymizeError, match=r"p\.json is not JSON"):
        read_profile(tmp_path / "p.json")
    with pytest.raises(AnonymizeError, match="none.json"):
        read_profile(tmp_path / "none.json")


def test_options_without_the_standard_are_refused():
    with pytest.raises(AnonymizeError, match="options belong to the PS3.15 profile"):
        BUILT_IN["basic"].but(basis=NOTHING, options=frozenset((Option.RETAIN_UIDS,)))


@given(
    st.recursive(
        st.none() | st.text() | st.integers(),
        lambda inner: st.dictionaries(st.text(), inner) | st.lists(inner),
    )
)
def test_any_other_json_is_refused_without_a_crash(content):
    with pytest.raises(AnonymizeError):
        profile_from_json(content)
