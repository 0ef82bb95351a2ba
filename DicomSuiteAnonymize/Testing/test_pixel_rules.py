"""Rules for burned-in text: which pictures they match, and what is refused when they are read."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

import DicomSuiteAnonymizeLib
from DicomSuiteAnonymizeLib.errors import AnonymizeError
from DicomSuiteAnonymizeLib.pixels.pixel_rules import (
    PictureFacts,
    PixelRule,
    RuleAction,
    bundled_rules,
    read_rules,
    rule_for,
    rule_from_boxes,
    user_rules_file,
    write_rules,
)

DATA = Path(DicomSuiteAnonymizeLib.__file__).parent / "Data"
SCHEMA = json.loads((DATA / "pixel_rules.schema.json").read_text(encoding="utf-8"))
FACTS = PictureFacts("1.2.840.10008.5.1.4.1.1.6.1", "US", "GE Medical Systems", "LOGIQ [E9]", 720, 960, "ORIGINAL\\US")
BOX = ((0, 0, 10, 10),)


@pytest.mark.parametrize(
    ("conditions", "fits"),
    [
        ({}, True),
        ({"manufacturer": "ge*"}, True),
        ({"manufacturer": "GE"}, False),
        ({"model": "*logiq*"}, True),
        ({"image_type": "*\\us"}, True),
        ({"rows": 720, "columns": 960}, True),
        ({"rows": 721}, False),
        ({"modality": "C?"}, False),
        ({"sop_class": "1.2.840.10008.5.1.4.1.1.6*"}, True),
    ],
)
def test_rule_matches_where_every_condition_does(conditions, fits):
    assert PixelRule("rule", **conditions, boxes=BOX).matches(FACTS) is fits


def test_first_of_several_matching_rules_applies():
    rules = [PixelRule("other", modality="CT", boxes=BOX), PixelRule("one", boxes=BOX), PixelRule("two", boxes=BOX)]
    assert rule_for(rules, FACTS).name == "one"
    assert rule_for(rules[:1], FACTS) is None


facts = st.builds(
    PictureFacts, *[st.text(st.characters(codec="ascii", categories=("L", "N", "P", "S", "Zs")), max_size=12)] * 4,
    st.integers(1, 65535), st.integers(1, 65535), st.text("AB*?[]\\!-", max_size=12),
)  # fmt: skip


@given(facts)
def test_rule_made_from_a_picture_matches_that_picture_whatever_characters_its_device_has(found):
    assert rule_from_boxes(found, [[1, 2, 3, 4]], "mine").matches(found)


def test_rule_made_from_a_picture_matches_no_other_device_or_size():
    rule = rule_from_boxes(FACTS, [(1, 2, 3, 4)], "mine")
    assert rule.boxes == ((1, 2, 3, 4),)
    assert not rule.matches(FACTS._replace(model="LOGIQ E"))
    assert not rule.matches(FACTS._replace(rows=719))


def test_rules_come_back_from_their_file_as_they_were(tmp_path):
    rules = (
        PixelRule("blank", modality="US", rows=10, columns=20, boxes=((0, 0, 5, 5), (1, 1, 2, 2)), note="why"),
        PixelRule("clean", image_type="*AXIAL*", action=RuleAction.CLEAN),
        PixelRule("refuse", sop_class="1.2*", manufacturer="M", model="m", action=RuleAction.REFUSE),
    )
    write_rules(rules, tmp_path / "new" / "rules.json")
    assert read_rules(tmp_path / "new" / "rules.json") == rules


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ({"match": {}}, "with a name"),
        ({"name": "a", "match": {"colour": "red"}, "action": "refuse"}, "colour means nothing here"),
        ({"name": "a", "action": "blur"}, "one of blank, clean, refuse"),
        ({"name": "a", "action": "blank"}, "boxes belong to"),
        ({"name": "a", "action": "clean", "boxes": [[0, 0, 1, 1]]}, "boxes belong to"),
        ({"name": "a", "action": "blank", "boxes": [[0, 0, 1]]}, "a box is"),
        ({"name": "a", "action": "blank", "boxes": [[0, -1, 1, 1]]}, "whole pixels"),
        ({"name": "a", "action": "blank", "boxes": [[0, 0, 0, 1]]}, "whole pixels"),
        ({"name": "a", "action": "blank", "boxes": [[0, 0, 1.5, 1]]}, "whole pixels"),
        ({"name": "a", "action": "blank", "boxes": [[0, 0, True, 1]]}, "whole pixels"),
        ({"name": "a", "match": {"rows": "512"}, "action": "refuse"}, "rows and columns are numbers"),
        ({"name": "a", "match": {"modality": 1}, "action": "refuse"}, "are texts"),
        ({"name": "a\nb", "action": "refuse"}, "one line"),
    ],
)
def test_rule_that_means_something_else_than_it_says_is_refused(tmp_path, rule, problem):
    path = tmp_path / "rules.json"
    path.write_text(json.dumps({"schema": "dicomsuite-pixel-rules-1", "rules": [rule]}), encoding="utf-8")
    with pytest.raises(AnonymizeError, match=problem) as refusal:
        read_rules(path)
    assert str(path) in str(refusal.value)
    if problem != "one line":
        assert not Draft202012Validator(SCHEMA).is_valid({"schema": "dicomsuite-pixel-rules-1", "rules": [rule]})


def test_bundled_rules_follow_the_schema_that_documents_them():
    Draft202012Validator.check_schema(SCHEMA)
    Draft202012Validator(SCHEMA).validate(json.loads((DATA / "pixel_rules.json").read_text(encoding="utf-8")))


@pytest.mark.parametrize("content", ["", "[]", '{"schema": "other", "rules": []}', '{"rules": []}'])
def test_other_files_are_no_rules(tmp_path, content):
    path = tmp_path / "rules.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(AnonymizeError):
        read_rules(path)


def test_missing_file_is_named(tmp_path):
    with pytest.raises(AnonymizeError, match="nowhere.json"):
        read_rules(tmp_path / "nowhere.json")


def test_two_rules_of_one_name_are_refused(tmp_path):
    with pytest.raises(AnonymizeError, match="two pixel rules"):
        write_rules([PixelRule("a", boxes=BOX)] * 2, tmp_path / "rules.json")
    assert not (tmp_path / "rules.json").exists()


def test_bundled_rules_are_valid_name_their_source_and_fit_one_kind_of_picture_each():
    rules = bundled_rules()
    assert len(rules) > 40
    assert all(rule.note for rule in rules)
    assert all(rule.modality != "*" for rule in rules)
    assert all(rule.action is not RuleAction.CLEAN for rule in rules)


@pytest.mark.parametrize(
    ("found", "name"),
    [
        (PictureFacts("", "US", "Philips Medical Systems", "iU22", 600, 800, ""), "US Philips iU22, 600 rows"),
        (PictureFacts("", "CT", "GE MEDICAL SYSTEMS", "LightSpeed VCT", 512, 512, "DERIVED\\SECONDARY\\SCREEN SAVE"),
         "CT GE dose report"),
        (PictureFacts("", "CT", "GE MEDICAL SYSTEMS", "LightSpeed VCT", 512, 512, "ORIGINAL\\PRIMARY\\AXIAL"), None),
        (PictureFacts("1.2.840.10008.5.1.4.1.1.7", "DOC", "", "", 1, 1, ""), "Secondary capture of a scanned document"),
    ],
)  # fmt: skip
def test_bundled_rules_know_the_usual_pictures(found, name):
    rule = rule_for(bundled_rules(), found)
    assert (rule and rule.name) == name


def test_own_rules_are_kept_in_the_private_folder(tmp_path):
    assert user_rules_file(tmp_path) == tmp_path / "pixel_rules.json"
    assert user_rules_file().parent.name == ".dicomsuite"


def test_rules_saved_by_an_editor_that_marks_utf_8_are_read(tmp_path):
    path = tmp_path / "rules.json"
    path.write_text('{"schema": "dicomsuite-pixel-rules-1", "rules": []}', encoding="utf-8-sig")
    assert read_rules(path) == ()


def test_endless_nesting_is_an_error_that_names_the_file(tmp_path):
    path = tmp_path / "rules.json"
    path.write_text("[" * 200_000, encoding="utf-8")
    with pytest.raises(AnonymizeError, match=r"rules\.json"):
        read_rules(path)
