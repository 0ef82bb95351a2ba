"""What `dicomsuite superres` and `dicomsuite preprocess` have in common: what they read, and how they end."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from DicomSuiteLib.command_output import EXIT_SOME_REFUSED, add_progress, write_result
from DicomSuiteLib.errors import UsageError
from DicomSuiteLib.listed_files import STANDARD_INPUT, read_listed_files

if TYPE_CHECKING:
    from DicomSuiteSuperResLib.find_inputs import FoundInputs

INPUT_HELP = "DICOM folder; NRRD, NIfTI or MetaImage file; folder of them; - reads the files that standard input names"
OUT_HELP = "new or empty folder for the results"


def add_run_arguments(parser: argparse.ArgumentParser) -> None:
    """--format, --resume and --progress."""
    parser.add_argument("--format", choices=("nrrd", "nifti"), help="of results (default: NIfTI for NIfTI, else NRRD)")
    parser.add_argument("--resume", action="store_true", help="go on with an interrupted run in DIR")
    add_progress(parser)


def find_named_inputs(paths: Sequence[str]) -> FoundInputs:
    """The volumes at and below `paths`, and those that standard input names; errors as those of `find_inputs`."""
    from DicomSuiteSuperResLib.find_inputs import find_inputs

    if not paths:
        raise UsageError("No input is named; name volumes or folders of them, or - for a list on standard input.")
    listed = read_listed_files(sys.stdin.buffer) if STANDARD_INPUT in paths else []
    return find_inputs([*(path for path in paths if path != STANDARD_INPUT), *listed])


def check_apart(out: Path, inputs: Sequence[str]) -> None:
    """Raise UsageError where results would lie inside a folder of inputs, and be inputs of the next run."""
    for path in inputs:
        if path != STANDARD_INPUT and out.resolve().is_relative_to(Path(path).resolve()):
            raise UsageError(f"{out} lies inside {path}; name an output folder elsewhere.")


def end(args: argparse.Namespace, content: dict[str, Any], lines: Iterable[str]) -> int:
    """Show what a run has made, which `lines` tell people, and what was refused; returns the exit code."""
    refused = [f"refused: {entry['input']}: no {entry['what']}: {entry['reason']}" for entry in content["refused"]]
    write_result(args.progress, content, [*lines, *refused, f"results: {args.out}"])
    return EXIT_SOME_REFUSED if refused else 0
