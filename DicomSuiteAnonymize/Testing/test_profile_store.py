"""Saved profiles: found again by name, replaced whole, and never in the way of the built-in ones."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from DicomSuiteAnonymizeLib.errors import AnonymizeError
from DicomSuiteAnonymizeLib.profiles.profile import BUILT_IN, Profile, TagEdit
from DicomSuiteAnonymizeLib.profiles.profile_store import ProfileStore
from DicomSuiteAnonymizeLib.steps import Action

NAMES_THAT_NAME_NO_FILE = (
    "", " ", ".", "..", "../out", "a/b", "a\\b", "/tmp/x", "C:x", "a\0b", "a\nb", " a", "a ", ".hidden", "a.", "-a",
    "a*", "x" * 63,
)  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that does not exist yet."""
    return tmp_path / "settings" / "profiles"


@pytest.fixture
def store(folder: Path) -> ProfileStore:
    return ProfileStore(folder)


def profile(name: str = "mine", value: str = "CASE^1") -> Profile:
    return Profile(name, "My own", edits=(TagEdit((0x00100010,), Action.REPLACE, value),))


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_saved_profile_is_read_back_by_another_store(folder, store):
    store.save(profile())
    assert ProfileStore(folder).read("mine") == profile()
    assert files(folder) == ["mine.json"]


def test_saving_again_replaces_the_profile_and_leaves_nothing_beside_it(folder, store):
    store.save(profile())
    store.save(profile(value="CASE^2"))
    assert store.read("mine") == profile(value="CASE^2")
    assert files(folder) == ["mine.json"]


def test_names_are_the_built_in_ones_then_the_saved_ones_by_alphabet(folder, store):
    assert store.names() == [*BUILT_IN]
    for name in ("zebra", "Mine", "apple"):
        store.save(profile(name))
    (folder / "basic.json").write_text("{}")
    (folder / ".mine.json.part").write_text("{")
    (folder / ".hidden.json").write_text("{")
    (folder / "notes.txt").write_text("")
    assert store.names() == [*BUILT_IN, "apple", "Mine", "zebra"]


@pytest.mark.parametrize("name", ["a", "Our site (2026)", "müller", "小东", "v1.2-final+x_y", "x" * 62])
def test_ordinary_names_can_be_used(store, name):
    store.save(profile(name))
    assert store.names()[-1] == name
    assert store.read(name) == profile(name)


@pytest.mark.parametrize("name", NAMES_THAT_NAME_NO_FILE, ids=repr)
def test_name_that_may_lead_out_of_the_folder_is_refused(tmp_path, store, name):
    for use in (lambda: store.save(profile(name)), lambda: store.read(name), lambda: store.delete(name)):
        with pytest.raises(AnonymizeError, match="A profile name has"):
            use()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", BUILT_IN)
def test_built_in_profile_cannot_be_replaced_or_deleted(tmp_path, store, name):
    for use in (lambda: store.save(profile(name)), lambda: store.delete(name)):
        with pytest.raises(AnonymizeError, match=f"{name} is a built-in profile"):
            use()
    assert store.read(name) == BUILT_IN[name]
    assert list(tmp_path.iterdir()) == []


def test_file_of_a_built_in_name_is_not_read(folder, store):
    store.save(profile("mine"))
    (folder / "mine.json").rename(folder / "basic.json")
    assert store.read("basic") == BUILT_IN["basic"]


def test_deleted_profile_is_gone_and_cannot_be_read_or_deleted_again(folder, store):
    store.save(profile())
    store.save(profile("other"))
    store.delete("mine")
    assert store.names() == [*BUILT_IN, "other"]
    for use in (store.read, store.delete):
        with pytest.raises(AnonymizeError, match="mine.*No such file"):
            use("mine")


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"{", "is not JSON"),
        (b"\xff\xfe", "is not JSON"),
        (b"[]", "must be a JSON object"),
        (b'{"schema": "dicomsuite-profile-1"}', "lacks name"),
        (b'{"schema": "dicomsuite-profile-9", "name": "mine"}', "this version reads"),
    ],
)
def test_damaged_file_is_named_in_the_error_and_stays(folder, store, content, complaint):
    store.save(profile())
    (folder / "mine.json").write_bytes(content)
    with pytest.raises(AnonymizeError, match=complaint) as refused:
        store.read("mine")
    assert str(folder / "mine.json") in str(refused.value)
    assert (folder / "mine.json").read_bytes() == content


def test_file_that_was_copied_by_hand_is_the_profile_of_its_own_name(folder, store):
    store.save(profile())
    (folder / "copy.json").write_bytes((folder / "mine.json").read_bytes())
    assert store.read("copy") == profile("copy")


def test_place_that_cannot_be_written_is_named_and_nothing_is_left(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    for folder in (blocked, blocked / "profiles"):
        with pytest.raises(AnonymizeError, match="Profiles cannot be saved there") as refused:
            ProfileStore(folder).save(profile())
        assert str(folder) in str(refused.value)
    assert files(tmp_path) == ["file"]


def test_profile_that_cannot_be_replaced_leaves_no_part_behind(folder, store):
    (folder / "mine.json" / "inside").mkdir(parents=True)
    with pytest.raises(AnonymizeError, match="Choose a folder that you can write to"):
        store.save(profile())
    assert files(folder) == ["mine.json"]


def test_names_of_a_folder_with_strangers_files_can_all_be_listed_and_the_strangers_are_refused(folder, store):
    store.save(profile())
    (folder / "stranger.json").write_text(json.dumps({"some": "thing"}))
    assert store.names() == [*BUILT_IN, "mine", "stranger"]
    with pytest.raises(AnonymizeError, match="stranger.json"):
        store.read("stranger")
