"""`dicomsuite import-profile`: take over the rules of another program."""

from __future__ import annotations

import argparse
from pathlib import Path

from DicomSuiteLib.command_output import add_progress, write_result

TYPE_CHECKING = False  # the import itself is loaded when it is asked for
if TYPE_CHECKING:
    from DicomSuiteAnonymizeLib.profiles.profile_import import Imported

SUMMARY = "Make a profile of a dicom-anonymizer dictionary, a CTP script or a deid recipe, and list the differences."
_FORMATS = ("auto", "dicom-anonymizer", "ctp", "deid")
_SHOWN = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Define the command's arguments."""
    parser.add_argument("file", type=Path, metavar="FILE", help="rules of the other program")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="PROFILE.json", help="profile to write, for --profile-file"
    )
    parser.add_argument("--format", choices=_FORMATS, default="auto", help="what FILE is (default: what it looks like)")
    add_progress(parser)


def run(args: argparse.Namespace) -> int:
    """Run the command; 0 also where rules were changed, which the result lists."""
    from DicomSuiteAnonymizeLib.profiles.profile_file import write_profile
    from DicomSuiteAnonymizeLib.profiles.profile_import import import_profile

    imported = import_profile(args.file, args.format)
    write_profile(imported.profile, args.out)
    write_result(args.progress, _result(imported, args.out), _lines(imported, args.out))
    return 0


def _result(imported: Imported, out: Path) -> dict:
    return {
        "profile": str(out),
        "format": imported.format,
        "rules": len(imported.profile.edits),
        "options": sorted(option.cli for option in imported.profile.options),
        "notes": [{"meaning": note.meaning.value, "rule": note.rule, "reason": note.reason} for note in imported.notes],
    }


def _lines(imported: Imported, out: Path) -> list[str]:
    by_reason = {}
    for note in imported.notes:
        by_reason.setdefault((note.meaning, note.reason), []).append(note.rule)
    lines = []
    for (meaning, reason), rules in by_reason.items():
        lines.append(f"{meaning.value}: {reason}")
        lines += [f"    {rule}" for rule in rules[:_SHOWN]]
        if len(rules) > _SHOWN:
            lines.append(f"    … and {len(rules) - _SHOWN} more; --progress json lists all.")
    options = ", ".join(sorted(option.cli for option in imported.profile.options)) or "no options"
    lines.append(
        f"{out}: {len(imported.profile.edits)} rules on top of the Basic Profile of PS3.15 with {options}; "
        f"{len(imported.notes)} differences from the {imported.format} file"
    )
    return lines
