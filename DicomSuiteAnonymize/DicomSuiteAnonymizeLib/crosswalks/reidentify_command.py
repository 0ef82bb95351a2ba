"""`dicomsuite reidentify`: give de-identified files their originals' IDs, names, UIDs and dates back."""

import argparse
import os
from pathlib import Path

from DicomSuiteAnonymizeLib.crosswalks.crosswalk_arguments import add_existing_key_file, check_crosswalk_place
from DicomSuiteAnonymizeLib.keys import load_key
from DicomSuiteAnonymizeLib.sources import FolderSources, check_places
from DicomSuiteLib.command_output import EXIT_SOME_REFUSED, add_progress, write_result
from DicomSuiteLib.errors import UsageError
from DicomSuiteLib.progress import ProgressReporter
from DicomSuiteLib.tasks import CancelToken, cancel_on_signals

SUMMARY = "Restore what a crosswalk leads back to in de-identified files; the result names patients."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Define the command's arguments."""
    parser.add_argument("source", type=Path, metavar="SRC", help="de-identified folder or file; it is not changed")
    parser.add_argument("target", type=Path, metavar="OUT", help="new or empty folder for the restored files")
    parser.add_argument(
        "--crosswalk", type=Path, metavar="FILE", help="crosswalk of the run (default: the one beside the key)"
    )
    add_existing_key_file(parser)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, metavar="N", help="processes to use")
    add_progress(parser)


def run(args: argparse.Namespace) -> int:
    """Run the command; 0 all done, 3 done but some files were refused."""
    from DicomSuiteAnonymizeLib.crosswalks.crosswalk import default_crosswalk_file
    from DicomSuiteAnonymizeLib.crosswalks.reidentify import REFUSED_FILE, Restoration

    if args.workers < 1:
        raise UsageError("--workers must be at least 1.")
    check_places(FolderSources([args.source]), args.target, args.key_file)
    crosswalk = args.crosswalk or default_crosswalk_file(args.key_file)
    check_crosswalk_place(crosswalk, (args.target,))
    progress = ProgressReporter(args.progress)
    restoration = Restoration(args.source, args.target, crosswalk, load_key(args.key_file), args.workers, progress)
    token = CancelToken()
    with cancel_on_signals(token):
        summary = restoration.execute(token)
    refused = args.target / REFUSED_FILE if summary["files"]["refused"] else None
    write_result(args.progress, summary | {"refused_list": refused and str(refused)}, _lines(summary, refused))
    return EXIT_SOME_REFUSED if refused else 0


def _lines(summary: dict, refused: Path | None) -> list[str]:
    files = summary["files"]
    lines = [
        f"{files['in']} files: {files['written']} restored, {files['refused']} refused, {files['not_dicom']} not DICOM"
    ]
    lines += [f"  restored {count:>9}: {what}" for what, count in summary["restored"].items()]
    lines += [f"  left     {entry['count']:>9}: {entry['what']} {entry['path']}" for entry in summary["left"]]
    if summary["dates_removed"]:
        lines.append(f"Dates were removed from {summary['dates_removed']} files and cannot be restored.")
    lines += [f"  refused {count:>6}: {reason}" for reason, count in summary["reasons"].items()]
    if refused:
        lines.append(f"which files were refused: {refused}")
    return lines
