"""`dicomsuite inspect`: list the series of folders, or the attributes of one file, without showing PHI."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from DicomSuiteLib.errors import DicomSuiteError, UsageError

SUMMARY = "list the series of a folder, or the attributes of a file; names, IDs and dates stay hidden"

EXIT_SOME_UNREADABLE = 3


class InspectError(DicomSuiteError):
    """There is nothing that could be shown."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("paths", nargs="+", type=Path, metavar="FILE|FOLDER", help="what to look at")
    parser.add_argument("--tags", action="store_true", help="show the attribute tree of one file instead")
    parser.add_argument("--json", action="store_true", help="write JSON instead of a table")
    parser.add_argument(
        "--show-phi", action="store_true", help="also show names, IDs, dates, descriptions, UIDs and paths"
    )


def run(args: argparse.Namespace) -> int:
    """Write the table, tree or JSON to standard output; 0 if all could be read, 3 if only some."""
    for path in args.paths:
        if not os.path.exists(path):
            raise InspectError(f"{path}: no such file or folder")
    return _show_tags(args) if args.tags else _show_series(args)


def _show_tags(args: argparse.Namespace) -> int:
    from DicomSuiteLib.inspect_tags import read_tags, tags_as_json, tags_as_text

    if len(args.paths) != 1 or not args.paths[0].is_file():
        raise UsageError("--tags shows one file: give one file, not a folder or several")
    tags = read_tags(args.paths[0], show_phi=args.show_phi)
    sys.stdout.write(tags_as_json(tags) if args.json else tags_as_text(tags))
    return 0


def _show_series(args: argparse.Namespace) -> int:
    from DicomSuiteLib.inspect_series import scan_as_json, scan_as_text
    from DicomSuiteLib.progress import ProgressKind, ProgressReporter
    from DicomSuiteLib.series import find_series

    reporter = ProgressReporter(ProgressKind.BAR)
    try:
        scan = find_series(args.paths, on_progress=reporter.update)
    finally:
        reporter.finish()
    sys.stdout.write(scan_as_json(scan, args.show_phi) if args.json else scan_as_text(scan, args.show_phi))
    if not scan.series:
        raise InspectError("no series found: give the folder that holds the DICOM files")
    return EXIT_SOME_UNREADABLE if scan.unreadable else 0
