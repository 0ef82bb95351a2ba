"""`dicomsuite faces`: in which series a face was found, with pictures before and after, for people to approve."""

import argparse
import os
from pathlib import Path

from DicomSuiteAnonymizeLib.arguments import add_key_file, add_show_phi, add_sources, require_show_phi, sources_of
from DicomSuiteAnonymizeLib.keys import Pseudonyms, load_or_create_key
from DicomSuiteLib.command_output import add_progress, write_result
from DicomSuiteLib.errors import UsageError
from DicomSuiteLib.progress import ProgressReporter
from DicomSuiteLib.tasks import CancelToken, cancel_on_signals

TYPE_CHECKING = False  # typing is not imported: see the start-up budget in test_cli.py
if TYPE_CHECKING:
    from collections.abc import Iterator

SUMMARY = "Find the heads in CT, MR and PET series, and draw each before and after its face is taken out."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Define the command's arguments."""
    add_sources(parser)
    parser.add_argument(
        "--pictures", type=Path, required=True, metavar="DIR",
        help="folder for the pictures; new, or yours alone. They show patients' faces: delete them after looking",
    )  # fmt: skip
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, metavar="N", help="processes to use")
    add_show_phi(parser)
    add_key_file(parser)
    add_progress(parser)


def run(args: argparse.Namespace) -> int:
    """Run the command; 0 also where series could not be judged, which the result says."""
    require_show_phi(args, "A list of faces")
    if args.workers < 1:
        raise UsageError("--workers must be at least 1.")
    from DicomSuiteAnonymizeLib.faces.face_survey import face_survey
    from DicomSuiteLib.executors import open_executor
    from DicomSuiteLib.private_folder import make_private
    from DicomSuiteLib.series import find_series

    pseudonyms = Pseudonyms(load_or_create_key(args.key_file))
    folder, progress, token = make_private(args.pictures.absolute()), ProgressReporter(args.progress), CancelToken()
    with cancel_on_signals(token), open_executor(args.workers) as executor:
        series = find_series(sources_of(args).roots).series
        found = face_survey(series, pseudonyms, folder, executor, token, progress.update)
    progress.finish()
    write_result(args.progress, {"series": found}, _lines(found))
    return 0


def _lines(found: list[dict]) -> "Iterator[str]":
    for one in found:
        quality = "" if one["quality"] is None else f", outline {one['quality']:.2f}"
        yield f"{one['label']}: {one['verdict']}{quality}, {one['voxels']} voxels of {one['files']} files"
        if one["reason"]:
            yield f"  {one['reason']}"
        if one["picture"]:
            yield f"  {one['picture']}"
        yield f"  target {one['targets']['series']}"
