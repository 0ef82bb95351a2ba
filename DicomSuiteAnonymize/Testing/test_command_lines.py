"""The command lines of the panel: the commands understand every word of them."""

from __future__ import annotations

import argparse
import importlib
from pathlib import Path

import pytest

from DicomSuiteAnonymizeLib import command_lines
from DicomSuiteAnonymizeLib.command_lines import Rules
from DicomSuiteLib.cli import COMMANDS

KEY, PROFILE, TARGET = Path("/keys/key"), Path("/rules/2.json"), Path("/results/2")
RULES = Rules(PROFILE, KEY)


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


@pytest.mark.parametrize("pack", [False, True])
def test_export_writes_what_a_rehearsal_counts(pack: bool) -> None:
    export = parsed(command_lines.anonymize(("-",), TARGET, RULES, 2, pack))
    rehearsal = parsed(command_lines.rehearsal(("-",), TARGET, RULES, 2))
    assert (export.source, export.target, export.workers, export.zip) == (["-"], TARGET, 2, pack)
    assert not export.dry_run and rehearsal.dry_run
    assert vars(rehearsal) == vars(export) | {"dry_run": True, "zip": False}


def test_resumed_run_differs_in_nothing_else_however_often() -> None:
    words = command_lines.anonymize(("/2",), Path("2"), RULES, 2)  # words that occur twice
    again = command_lines.resumed(command_lines.resumed(words))
    assert vars(parsed(again)) == vars(parsed(words)) | {"resume": True}
    assert again.count("--resume") == 1
