"""Saved pixel rules in the panel: what each covers, removed only after a question, shared between labs as a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from application import enter, exit_, expectedDisplay, moduleWidget, qt, slicer
from DicomSuiteAnonymizeGui.rules_list import EFFECT, NAME, RulesList, conditionsText, picturesTexts
from DicomSuiteAnonymizeLib.errors import AnonymizeError
from DicomSuiteAnonymizeLib.pixels.pixel_rules import PixelRule, RuleAction, read_rules, write_rules
from DicomSuiteAnonymizeLib.pixels.user_rules import UserRules
from DicomSuiteGui.stored_settings import storedSettings
from panel_places import database_of, private_places

ULTRASOUND = PixelRule(
    "our ultrasound", "1.2.840.10008.5.1.4.1.1.6.1", "US", "Maker", "Model 1", 240, 320,
    boxes=((4, 4, 300, 40), (0, 220, 320, 20)),
)  # fmt: skip
CLEAN = PixelRule("their photographs", modality="XC", action=RuleAction.CLEAN)
REFUSED = PixelRule("scanned letters", image_type="*LETTER*", action=RuleAction.REFUSE, note="seen in June")


@pytest.fixture
def store(tmp_path: Path) -> UserRules:
    """Two saved rules."""
    rules = UserRules(tmp_path / "private")
    for rule in (REFUSED, ULTRASOUND):
        rules.save(rule)
    return rules


@pytest.fixture
def shown(store: UserRules) -> RulesList:
    """A list of them, unfolded."""
    rules = RulesList(lambda: store)
    rules.update()
    rules.widget.collapsed = False
    return rules


@pytest.fixture
def widget(tmp_path: Path) -> Iterator[object]:
    """The module, in which the ultrasound rule is saved."""
    with private_places(tmp_path), database_of(tmp_path / "database"):
        UserRules(storedSettings().store_folder()).save(ULTRASOUND)
        widget = moduleWidget("DicomSuiteAnonymize")
        exit_(widget)
        enter(widget)
        widget.panel.pixels.rules.widget.collapsed = False
        yield widget
        exit_(widget)
        slicer.mrmlScene.Clear(0)


def select(rules: RulesList, *names: str) -> None:
    """Select the rules of these names."""
    rules.tree.clearSelection()
    for item in map(rules.tree.topLevelItem, range(rules.tree.topLevelItemCount)):
        item.setSelected(item.text(NAME) in names)


def lines(item) -> list[str]:
    """What stands below a rule."""
    return [item.child(number).text(NAME) for number in range(item.childCount())]


def test_each_rule_says_which_pictures_it_is_for_and_what_it_does(shown: RulesList) -> None:
    first, second = (shown.tree.topLevelItem(number) for number in range(2))
    assert (first.text(NAME), first.text(EFFECT)) == ("our ultrasound", "2 boxes")
    assert lines(first) == ["US, Maker, Model 1", "320 × 240 pixels", "4, 4: 300 × 40", "0, 220: 320 × 20"]
    assert "Kind of object: Ultrasound Image Storage" in first.toolTip(NAME)
    assert (second.text(EFFECT), lines(second)) == ("set aside", ["Devices of every kind"])
    assert shown.widget.title == "Saved rules (2)"


def test_every_condition_is_told_and_those_that_ask_nothing_are_not() -> None:
    assert conditionsText(REFUSED) == "Image Type: *LETTER*\nSource: seen in June"
    assert picturesTexts(PixelRule("wide", rows=600, action=RuleAction.CLEAN))[1:] == ["* × 600 pixels"]
    no_modality = PixelRule("dose", "1.2.840.10008.5.1.4.1.1.7", action=RuleAction.CLEAN)
    assert picturesTexts(no_modality) == ["Secondary Capture Image Storage"]


def test_rules_are_removed_after_a_question_only(shown: RulesList, store: UserRules) -> None:
    assert not shown.removeButton.enabled and "Select" in shown.removeButton.toolTip
    select(shown, "our ultrasound")
    with expectedDisplay("confirmYesNoDisplay", answer=False):
        shown.removeButton.click()
    assert len(store.read()) == 2
    told = []
    shown.changed.connect(lambda: told.append(True))
    with expectedDisplay("confirmYesNoDisplay", answer=True) as questions:
        shown.removeButton.click()
    assert "our ultrasound" in questions[0] and "scanned letters" not in questions[0]
    assert store.read() == (REFUSED,) and told == [True]
    assert shown.tree.topLevelItemCount == 1


def test_line_for_messages_takes_room_only_where_there_is_one(shown: RulesList) -> None:
    assert not shown.statusLabel.isVisibleTo(shown.widget)
    shown.widget.collapsed = True
    shown.say("Something")
    assert not shown.statusLabel.isVisibleTo(shown.widget)
    shown.widget.collapsed = False
    assert shown.statusLabel.isVisibleTo(shown.widget)


def test_line_below_a_rule_stands_for_it(shown: RulesList) -> None:
    shown.tree.topLevelItem(0).child(1).setSelected(True)
    assert shown.selected == (ULTRASOUND,) and shown.removeButton.enabled


def test_selected_rules_or_all_are_written_for_others(shown: RulesList, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(qt.QFileDialog, "getSaveFileName", lambda *arguments: str(tmp_path / "all"))
    shown.exportButton.click()
    assert read_rules(tmp_path / "all.json") == (ULTRASOUND, REFUSED)
    select(shown, "scanned letters")
    monkeypatch.setattr(qt.QFileDialog, "getSaveFileName", lambda *arguments: str(tmp_path / "one.json"))
    shown.exportButton.click()
    assert read_rules(tmp_path / "one.json") == (REFUSED,)
    assert shown.statusLabel.text == "Rules written: 1."


def test_rules_of_others_come_after_one_s_own(shown: RulesList, store: UserRules, tmp_path: Path, monkeypatch) -> None:
    write_rules([CLEAN], tmp_path / "theirs.json")
    monkeypatch.setattr(qt.QFileDialog, "getOpenFileName", lambda *arguments: str(tmp_path / "theirs.json"))
    shown.importButton.click()
    assert store.read() == (ULTRASOUND, REFUSED, CLEAN)
    assert "Rules imported: 1" in shown.statusLabel.text and "let pictures pass" in shown.statusLabel.text
    assert shown.tree.topLevelItemCount == 3


def test_saved_rules_are_not_replaced_unasked(shown: RulesList, store: UserRules, tmp_path: Path) -> None:
    same_pictures = ULTRASOUND._replace(name="their ultrasound", boxes=((0, 0, 320, 60),))
    write_rules([same_pictures, REFUSED], tmp_path / "theirs.json")
    with expectedDisplay("confirmYesNoDisplay", answer=False) as questions:
        shown.importFrom(tmp_path / "theirs.json")
    assert "our ultrasound" in questions[0] and "scanned letters" not in questions[0]  # which is the same there
    assert store.read() == (ULTRASOUND, REFUSED)
    with expectedDisplay("confirmYesNoDisplay", answer=True):
        shown.importFrom(tmp_path / "theirs.json")
    assert store.read() == (same_pictures, REFUSED)


def test_file_that_holds_no_rules_is_told_and_changes_nothing(
    shown: RulesList, store: UserRules, tmp_path: Path
) -> None:
    (tmp_path / "other.json").write_text('{"schema": "something"}', encoding="utf-8")
    shown.importFrom(tmp_path / "other.json")
    assert "other.json" in shown.statusLabel.text and len(store.read()) == 2


def test_damaged_rules_are_told_and_not_written_over(shown: RulesList, store: UserRules) -> None:
    store.file.write_text("{", encoding="utf-8")
    shown.update()
    assert "not JSON" in shown.statusLabel.text
    assert not shown.importButton.enabled and "not JSON" in shown.importButton.toolTip
    with pytest.raises(AnonymizeError):
        store.take_in((CLEAN,))


def test_what_was_found_with_other_rules_is_no_longer_shown(widget) -> None:
    pixels, told = widget.panel.pixels, []
    pixels.rulesChanged.connect(lambda: told.append(True))
    assert pixels.rules.widget.title == "Saved rules (1)"
    facts = {name: getattr(ULTRASOUND, name) for name in ("sop_class", "modality", "manufacturer", "model")}
    found = facts | {"label": "US  3", "targets": {"series": "3"}, "file": "/no/such/file", "rows": 240, "columns": 320}
    found |= {"image_type": "", "frames": 1, "risk": "ultrasound image", "reason": "", "rule": ULTRASOUND.name}
    pixels._onFound({"series": [found | {"boxes": [[4, 4, 300, 40]], "from": "rule", "findings": []}]})
    select(pixels.rules, ULTRASOUND.name)
    with expectedDisplay("confirmYesNoDisplay", answer=True):
        pixels.rules.removeButton.click()
    assert pixels.table.widget.rowCount == 0 and "rules have changed" in pixels.search.statusLabel.text
    assert told == [True] and pixels.rules.widget.title == "Saved rules"
