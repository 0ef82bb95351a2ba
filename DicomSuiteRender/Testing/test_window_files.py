"""A user's own windows and look-up tables are kept as files, one each."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from DicomSuiteLib.output_file import OutputError
from DicomSuiteRenderLib.display_lut import DisplayLut
from DicomSuiteRenderLib.errors import RenderError
from DicomSuiteRenderLib.lut_files import LUT_FORMAT, LutPreset
from DicomSuiteRenderLib.preset_folder import PresetFolder
from DicomSuiteRenderLib.window_files import WINDOW_FORMAT, own_window
from DicomSuiteRenderLib.window_level import VoiFunction, WindowLevel

LIVER = own_window("Liver, late", WindowLevel(62.5, 180, VoiFunction.SIGMOID), "CT")
TABLE = LutPreset("Stone & bone", DisplayLut.from_pairs([(-1000, 0), (130.25, 0.4), (3000, 1)]))


def test_what_is_saved_is_found_again(tmp_path: Path) -> None:
    windows, tables = PresetFolder(tmp_path / "own", WINDOW_FORMAT), PresetFolder(tmp_path / "own", LUT_FORMAT)
    windows.save(LIVER)
    windows.save(own_window("a second", WindowLevel(1, 2)))
    tables.save(TABLE)
    assert windows.presets() == ((own_window("a second", WindowLevel(1, 2)), LIVER), ())
    assert tables.presets() == ((TABLE,), ())


def test_a_folder_that_is_not_there_yet_is_empty(tmp_path: Path) -> None:
    assert PresetFolder(tmp_path / "none", WINDOW_FORMAT).presets() == ((), ())


def test_a_name_is_used_once_whatever_its_case(tmp_path: Path) -> None:
    windows = PresetFolder(tmp_path, WINDOW_FORMAT)
    windows.save(LIVER)
    with pytest.raises(RenderError, match="already"):
        windows.save(own_window("LIVER, late", WindowLevel(1, 2)))
    windows.save(own_window("Liver, late", WindowLevel(1, 2)), replace=True)
    assert windows.presets()[0] == (own_window("Liver, late", WindowLevel(1, 2)),)


def test_a_preset_is_renamed(tmp_path: Path) -> None:
    windows = PresetFolder(tmp_path, WINDOW_FORMAT)
    windows.save(LIVER)
    renamed = windows.rename("Liver, late", "Liver, early")
    assert renamed == own_window("Liver, early", LIVER.window, "CT")
    assert windows.presets() == ((renamed,), ())
    assert windows.rename("Liver, early", "liver, EARLY").name == "liver, EARLY"
    assert [preset.name for preset in windows.presets()[0]] == ["liver, EARLY"]


def test_renaming_does_not_overwrite_another_preset(tmp_path: Path) -> None:
    windows = PresetFolder(tmp_path, WINDOW_FORMAT)
    windows.save(LIVER)
    windows.save(own_window("other", WindowLevel(1, 2)))
    with pytest.raises(RenderError, match="already"):
        windows.rename("Liver, late", "other")
    assert len(windows.presets()[0]) == 2


def test_a_preset_is_deleted(tmp_path: Path) -> None:
    windows = PresetFolder(tmp_path, WINDOW_FORMAT)
    windows.save(LIVER)
    windows.delete("Liver, late")
    assert windows.presets() == ((), ())
    for change in (lambda: windows.delete("Liver, late"), lambda: windows.rename("Liver, late", "x")):
        with pytest.raises(RenderError, match="no preset called Liver, late"):
            change()


@pytest.mark.parametrize("name", ["", "  ", "///", ".."])
def test_a_name_without_letters_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(RenderError, match="letter"):
        PresetFolder(tmp_path, WINDOW_FORMAT).save(own_window(name, WindowLevel(1, 2)))


def test_a_name_cannot_leave_the_folder(tmp_path: Path) -> None:
    PresetFolder(tmp_path / "own", WINDOW_FORMAT).save(own_window("../../etc/passwd", WindowLevel(1, 2)))
    assert [path.parent for path in tmp_path.rglob("*.json")] == [tmp_path / "own"]


def test_the_name_of_a_built_in_window_is_taken() -> None:
    for name in ("Lung", "soft tissue", "Soft-Tissue"):
        with pytest.raises(RenderError, match="built-in"):
            own_window(name, WindowLevel(1, 2))


@pytest.mark.parametrize(
    "text",
    [
        "no json",
        "[]",
        json.dumps({"kind": LUT_FORMAT.kind, "version": 1}),
        json.dumps({"kind": WINDOW_FORMAT.kind, "version": 2}),
        json.dumps({"kind": WINDOW_FORMAT.kind, "version": 1, "name": "x"}),
        json.dumps({"kind": WINDOW_FORMAT.kind, "version": 1, "name": "x", "modality": "", "level": 0, "width": -1}),
    ],
)
def test_a_damaged_file_is_named_and_hides_no_other(tmp_path: Path, text: str) -> None:
    windows = PresetFolder(tmp_path, WINDOW_FORMAT)
    windows.save(LIVER)
    (tmp_path / "bad.window.json").write_text(text)
    found, problems = windows.presets()
    assert found == (LIVER,)
    assert len(problems) == 1
    assert "bad.window.json" in problems[0]


@pytest.mark.parametrize("points", [[[0, 0]], [[1, 0], [0, 1]], [[0, 0], [1, 2]], [[0, 0], ["x", 1]], [[0], [1]], 3])
def test_a_table_that_is_none_is_refused(tmp_path: Path, points: object) -> None:
    path = tmp_path / "table.json"
    path.write_text(json.dumps({"kind": LUT_FORMAT.kind, "version": 1, "name": "x", "points": points}))
    with pytest.raises(RenderError, match="damaged"):
        LUT_FORMAT.read(path)


def test_a_file_goes_where_the_user_says(tmp_path: Path) -> None:
    LUT_FORMAT.write(TABLE, tmp_path / "for a colleague.json")
    assert LUT_FORMAT.read(tmp_path / "for a colleague.json") == TABLE
    with pytest.raises(RenderError, match="cannot be read"):
        LUT_FORMAT.read(tmp_path / "absent.json")


@pytest.mark.skipif(os.name == "nt" or getattr(os, "geteuid", lambda: 0)() == 0, reason="root may write anywhere")
def test_a_folder_without_the_right_to_write_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="cannot be"):
        PresetFolder(tmp_path / "own", WINDOW_FORMAT).save(LIVER)


def test_a_file_in_place_of_the_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "own").write_text("")
    with pytest.raises(OutputError, match="own cannot be made"):
        PresetFolder(tmp_path / "own", WINDOW_FORMAT).save(LIVER)
