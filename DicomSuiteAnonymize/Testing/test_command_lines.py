"""The command lines of the panel: the commands understand every word of them."""

from __future__ import annotations

import argparse
import importlib
from dataclasses import replace
from pathlib import Path

import pytest

from DicomSuiteAnonymizeLib import command_lines
from DicomSuiteAnonymizeLib.command_lines import Extras, Rules
from DicomSuiteLib.cli import COMMANDS

KEY, PROFILE, TARGET = Path("/keys/key"), Path("/rules/2.json"), Path("/results/2")
RULES = Rules(PROFILE, KEY)
EXTRAS = Extras(
    pixel_rules=(Path("/rules/a.json"), Path("/rules/b.json")),
    read_text=True,
    faces_refused=("2.25.1", "2.25.2"),
    faces_absent=("2.25.3",),
    other_formats=True,
    crosswalk=Path("/keys/crosswalk.sqlite"),
    encrypt_crosswalk=True,
    pseudonyms=Path("/keys/pseudonyms.csv"),
    refuse_unknown_patients=True,
)


def parsed(words: tuple[str, ...]) -> argparse.Namespace:
    """What the command makes of the words; argparse ends the test where it does not know one."""
    command, *rest = words
    parser = argparse.ArgumentParser(exit_on_error=False)
    importlib.import_module(COMMANDS[command][0]).add_arguments(parser)
    return parser.parse_args(rest)


def test_survey_reads_the_sources_and_may_name_patients() -> None:
    args = parsed(command_lines.survey(("/a", "/b"), KEY))
    assert (args.source, args.key_file, args.show_phi, args.progress) == (["/a", "/b"], KEY, True, "json")


def test_preview_reads_a_list_and_follows_the_rules() -> None:
    args = parsed(command_lines.preview(Rules(PROFILE, KEY, allow_pixel_risk=True)))
    assert (args.source, args.profile_file, args.key_file) == (["-"], PROFILE, KEY)
    assert args.show_phi and args.allow_pixel_risk


def test_list_of_private_attributes_goes_to_preview_rehearsal_and_export_alike() -> None:
    rules = Rules(PROFILE, KEY, safe_private=Path("/lists/ours.csv"))
    every = (
        command_lines.preview(rules),
        command_lines.rehearsal(("-",), TARGET, rules, 2),
        command_lines.anonymize(("-",), TARGET, rules, 2),
    )
    assert [parsed(words).safe_private for words in every] == [["/lists/ours.csv"]] * 3
    assert "--safe-private" not in command_lines.preview(RULES)


@pytest.mark.parametrize("pack", [False, True])
def test_export_writes_what_a_rehearsal_counts(pack: bool) -> None:
    export = parsed(command_lines.anonymize(("-",), TARGET, RULES, 2, pack))
    rehearsal = parsed(command_lines.rehearsal(("-",), TARGET, RULES, 2))
    assert (export.source, export.target, export.workers, export.zip) == (["-"], TARGET, 2, pack)
    assert not export.dry_run and rehearsal.dry_run
    assert vars(rehearsal) == vars(export) | {"dry_run": True, "zip": False}


def test_export_is_told_every_choice_of_the_panel() -> None:
    args = parsed(command_lines.anonymize(("/a",), TARGET, RULES, 2, extras=EXTRAS))
    assert (args.source, args.target, args.pixel_rules, args.ocr) == (["/a"], TARGET, [*EXTRAS.pixel_rules], True)
    assert args.other_formats and list(args.faces_refused) == [*EXTRAS.faces_refused]
    assert list(args.faces_absent) == [*EXTRAS.faces_absent]
    assert (args.crosswalk, args.encrypt_crosswalk) == (EXTRAS.crosswalk, True)
    assert (args.pseudonyms, args.unknown_patients) == (EXTRAS.pseudonyms, "quarantine")


def test_rehearsal_reads_the_same_and_leaves_no_crosswalk() -> None:
    export = parsed(command_lines.anonymize(("/a",), TARGET, RULES, 2, extras=EXTRAS))
    rehearsal = parsed(command_lines.rehearsal(("/a",), TARGET, RULES, 2, replace(EXTRAS, cluster="tcp://host:8786")))
    changed = {"dry_run": True, "crosswalk": None, "encrypt_crosswalk": False}
    assert vars(rehearsal) == vars(export) | changed


def test_cluster_takes_the_place_of_the_processes() -> None:
    words = command_lines.anonymize(("/a",), TARGET, RULES, 2, extras=Extras(cluster="tcp://host:8786"))
    assert parsed(words).dask == "tcp://host:8786" and "--workers" not in words


def test_pictures_are_looked_for_with_the_users_rules() -> None:
    args = parsed(command_lines.pixels(("-",), KEY, EXTRAS.pixel_rules, read_text=True))
    assert (args.source, args.key_file, args.pixel_rules) == (["-"], KEY, [*EXTRAS.pixel_rules])
    assert args.ocr and args.show_phi and args.progress == "json"


def test_one_frame_is_shown_to_who_may_see_it() -> None:
    args = parsed(command_lines.picture("/a/b.dcm", 3))
    assert (args.file, args.frame, args.show_phi) == (Path("/a/b.dcm"), 3, True)


def test_faces_are_shown_in_a_folder() -> None:
    args = parsed(command_lines.faces(("-",), KEY, Path("/private"), 3))
    assert (args.source, args.key_file, args.pictures, args.progress) == (["-"], KEY, Path("/private"), "json")
    assert args.workers == 3 and args.show_phi


def test_way_back_needs_crosswalk_and_key() -> None:
    crosswalk = Path("/keys/crosswalk.sqlite")
    args = parsed(command_lines.crosswalk_export(crosswalk, Path("/tables"), KEY))
    assert (args.action, args.crosswalk, args.folder, args.key_file) == ("export", crosswalk, Path("/tables"), KEY)
    args = parsed(command_lines.crosswalk_import(crosswalk, Path("/tables"), KEY, encrypted=True))
    assert (args.action, args.crosswalk, args.folder, args.key_file) == ("import", crosswalk, Path("/tables"), KEY)
    assert args.encrypt_crosswalk
    args = parsed(command_lines.crosswalk_import(crosswalk, Path("/tables"), KEY, encrypted=False))
    assert not args.encrypt_crosswalk
    args = parsed(command_lines.reidentify(Path("/out"), TARGET, crosswalk, KEY, 3))
    assert (args.source, args.target, args.crosswalk, args.key_file) == (Path("/out"), TARGET, crosswalk, KEY)
    assert args.workers == 3


def test_score_compares_with_an_answer_key() -> None:
    args = parsed(command_lines.score(TARGET, Path("/key.csv"), Path("/p.csv"), Path("/u.csv")))
    assert (args.folder, args.answers) == (TARGET, Path("/key.csv"))
    assert (args.patients, args.uids) == (Path("/p.csv"), Path("/u.csv"))


def test_resumed_run_differs_in_nothing_else_however_often() -> None:
    words = command_lines.anonymize(("/2",), Path("2"), RULES, 2)  # words that occur twice
    again = command_lines.resumed(command_lines.resumed(words))
    assert vars(parsed(again)) == vars(parsed(words)) | {"resume": True}
    assert again.count("--resume") == 1
