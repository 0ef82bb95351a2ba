"""`dicomsuite crosswalk`: what a crosswalk holds as CSV files, and such files into a crosswalk."""

import argparse
from pathlib import Path

from DicomSuiteAnonymizeLib.crosswalks.crosswalk_arguments import add_existing_key_file
from DicomSuiteAnonymizeLib.keys import load_key
from DicomSuiteLib.command_output import add_progress, write_result

SUMMARY = "Write or read the tables of a crosswalk: CSV files that name patients."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Define the command's arguments."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="export|import")
    exporting = actions.add_parser("export", help="write patients.csv, uids.csv, values.csv and instances.csv")
    exporting.add_argument("crosswalk", type=Path, metavar="FILE", help="crosswalk of 'dicomsuite anonymize'")
    exporting.add_argument("folder", type=Path, metavar="DIR", help="new or empty folder for the CSV files")
    importing = actions.add_parser("import", help="add the rows of such files to a crosswalk")
    importing.add_argument("crosswalk", type=Path, metavar="FILE", help="crosswalk; made where absent")
    importing.add_argument("folder", type=Path, metavar="DIR", help="folder with any of the CSV files")
    importing.add_argument("--encrypt-crosswalk", action="store_true", help="encrypt a crosswalk that is made")
    for action in (exporting, importing):
        add_existing_key_file(action)
        add_progress(action)


def run(args: argparse.Namespace) -> int:
    """Run the command; 0 all done."""
    counts = _export(args) if args.action == "export" else _import(args)
    done = "written to" if args.action == "export" else "read from"
    lines = [f"{count:>9} rows {done} {args.folder / name}" for name, count in counts.items()]
    write_result(args.progress, {"rows": counts}, lines)
    return 0


def _export(args: argparse.Namespace) -> dict[str, int]:
    from DicomSuiteAnonymizeLib.crosswalks.crosswalk import Crosswalk
    from DicomSuiteAnonymizeLib.crosswalks.crosswalk_tables import export_tables
    from DicomSuiteLib.output_folder import claim_folder

    with Crosswalk(args.crosswalk, load_key(args.key_file)) as crosswalk:
        crosswalk.check()
        claim_folder(args.folder, mode=0o700)
        return export_tables(crosswalk, args.folder)


def _import(args: argparse.Namespace) -> dict[str, int]:
    from DicomSuiteAnonymizeLib.crosswalks.crosswalk import Crosswalk
    from DicomSuiteAnonymizeLib.crosswalks.crosswalk_tables import check_tables, import_tables

    check_tables(args.folder)  # before a crosswalk is made for them
    with Crosswalk(args.crosswalk, load_key(args.key_file), encrypted=args.encrypt_crosswalk) as crosswalk:
        return import_tables(crosswalk, args.folder)
