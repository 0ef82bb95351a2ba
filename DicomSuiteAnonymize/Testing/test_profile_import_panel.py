"""Rules of other programs in the panel: taken over, with the list of what is not what it was."""

from __future__ import annotations

import json
from pathlib import Path

from application import qt, waitUntil
from DicomSuiteAnonymizeGui.profile_bar import ProfileBar
from DicomSuiteAnonymizeLib.profiles.profile import BUILT_IN
from DicomSuiteAnonymizeLib.profiles.profile_editor import ProfileEditor
from DicomSuiteAnonymizeLib.profiles.profile_file import write_profile
from DicomSuiteAnonymizeLib.profiles.profile_import import import_profile
from DicomSuiteAnonymizeLib.profiles.profile_store import ProfileStore

SCRIPT = """<script>
 <e en="T" t="00100010" n="PatientName">@empty()</e>
 <e en="T" t="00080080" n="InstitutionName">@keep()</e>
 <e en="T" t="00081030" n="StudyDescription">@call(own,script)</e>
</script>
"""


def bar(folder: Path) -> ProfileBar:
    return ProfileBar(ProfileEditor(), lambda: ProfileStore(folder / "profiles"))


def imported(folder: Path, path: Path) -> ProfileBar:
    panel = bar(folder)
    before = panel._editor.profile
    panel.importFrom(path)
    waitUntil(lambda: panel._editor.profile != before or panel.messageLabel.text)
    return panel


def test_rules_are_opened_and_every_difference_is_listed(tmp_path: Path) -> None:
    path = tmp_path / "hospital.script"
    path.write_text(SCRIPT, encoding="utf-8")
    expected = import_profile(path)
    panel = imported(tmp_path, path)
    assert panel._editor.profile == expected.profile
    assert panel.profileBox.currentText.endswith("(not saved)")
    tree = panel.notes.tree
    groups = [tree.topLevelItem(number) for number in range(tree.topLevelItemCount)]
    shown = [
        (group.child(row).text(0), group.child(row).text(1)) for group in groups for row in range(group.childCount())
    ]
    assert expected.notes and shown == [(note.rule, note.reason) for note in expected.notes]
    assert str(len(expected.notes)) in panel.notes.label.text
    assert panel.notes.widget.isVisibleTo(panel.widget)
    panel.notes.closeButton.click()
    assert not panel.notes.widget.isVisibleTo(panel.widget)
    panel.cleanup()


def test_profile_of_our_own_is_opened_without_notes(tmp_path: Path) -> None:
    profile = BUILT_IN["research"].but(name="ours", title="ours")
    write_profile(profile, tmp_path / "ours.json")
    panel = imported(tmp_path, tmp_path / "ours.json")
    assert panel._editor.profile == profile
    assert "taken over" in panel.notes.label.text and not panel.notes.tree.isVisibleTo(panel.notes.widget)
    panel.cleanup()


def test_file_that_holds_no_rules_is_refused_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "other.json").write_text(json.dumps([1, 2]), encoding="utf-8")
    panel = imported(tmp_path, tmp_path / "other.json")
    assert panel._editor.profile == BUILT_IN["basic"]
    assert "none of these" in panel.messageLabel.text and not panel.notes.widget.isVisibleTo(panel.widget)
    panel.cleanup()


def test_button_asks_for_a_file_and_takes_no_for_an_answer(tmp_path: Path, monkeypatch) -> None:
    panel = bar(tmp_path)
    monkeypatch.setattr(qt.QFileDialog, "getOpenFileName", lambda *arguments: "")
    panel.importButton.click()
    assert panel._editor.profile == BUILT_IN["basic"]
    panel.cleanup()
