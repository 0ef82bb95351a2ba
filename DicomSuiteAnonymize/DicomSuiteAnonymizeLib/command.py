"""`dicomsuite anonymize`: de-identify files and folders."""

import argparse
import os
from pathlib import Path

from DicomSuiteAnonymizeLib.arguments import add_key_file, add_rules, add_sources, profile_of, sources_of
from DicomSuiteAnonymizeLib.instance_task import TaskSettings
from DicomSuiteAnonymizeLib.keys import KEY_BYTES, load_or_create_key
from DicomSuiteAnonymizeLib.run import Run, RunOptions, RunOutcome
from DicomSuiteLib.command_output import EXIT_SOME_REFUSED, add_progress, write_result
from DicomSuiteLib.errors import UsageError
from DicomSuiteLib.progress import ProgressReporter
from DicomSuiteLib.tasks import CancelToken, cancel_on_signals

SUMMARY = "De-identify DICOM files according to PS3.15; sources are never changed."

_IN_RESULT = ("files", "patients", "studies", "series", "actions", "reasons")
"""Parts of report.json; the list of every file and attribute is left to the file."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Define the command's arguments."""
    add_sources(parser)
    parser.add_argument("target", type=Path, metavar="OUT", help="new or empty folder for the result")
    add_rules(parser)
    add_key_file(parser)
    parser.add_argument(
        "--allow-pixel-risk",
        action="store_true",
        help="let pass what may show identifying text in its pixels",
    )
    parser.add_argument(
        "--audit-hash", choices=("header", "file"), default="header",
        help="SHA-256 in the audit trail: of all but the pixel values, or of whole files, which takes about twice as "
        "long (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, metavar="N", help="processes to use")
    parser.add_argument("--resume", action="store_true", help="finish a run that was interrupted")
    parser.add_argument("--dry-run", action="store_true", help="show what would be done, write nothing")
    parser.add_argument("--zip", action="store_true", help="pack the de-identified files into OUT/dicom.zip")
    add_progress(parser)


def run(args: argparse.Namespace) -> int:
    """Run the command; 0 all done, 3 done but some files were refused."""
    if args.workers < 1:
        raise UsageError("--workers must be at least 1.")
    options = RunOptions(
        sources_of(args), args.target, args.key_file, args.workers, args.resume, args.zip and not args.dry_run
    )
    settings = TaskSettings(
        profile_of(args),
        _key(args),
        "" if args.dry_run else str(args.target.resolve()),
        args.allow_pixel_risk,
        args.audit_hash == "file",
    )
    token = CancelToken()
    with cancel_on_signals(token):
        outcome = Run(options, settings, ProgressReporter(args.progress), token).execute()
    write_result(args.progress, _result(outcome), _summary(outcome, args))
    return EXIT_SOME_REFUSED if outcome.report["files"]["quarantined"] else 0


def _key(args: argparse.Namespace) -> bytes:
    if args.dry_run and not args.key_file.exists():
        return bytes(KEY_BYTES)  # no pseudonym is shown or written
    return load_or_create_key(args.key_file)


def _result(outcome: RunOutcome) -> dict:
    """What a program wants to know at the end."""
    report = {name: outcome.report[name] for name in _IN_RESULT}
    quarantine_list = str(outcome.quarantine_list) if outcome.quarantine_list else None
    return report | {"quarantine_list": quarantine_list}


def _summary(outcome: RunOutcome, args: argparse.Namespace) -> list[str]:
    report = outcome.report
    files = report["files"]
    would = "would be " if args.dry_run else ""
    lines = [
        f"{files['in']} files: {files['written']} {would}written, {files['quarantined']} quarantined, "
        f"{files['not_dicom']} not DICOM",
        f"{report['patients']} patients, {report['studies']} studies, {report['series']} series; "
        f"profile {report['profile']['name']}"
        + (f" with {', '.join(report['profile']['options'])}" if report["profile"]["options"] else ""),
    ]
    if not report["profile"]["basis"].startswith("ps3.15"):
        lines.append("This is NOT a de-identification according to PS3.15: only single attributes were changed.")
    if args.dry_run:
        lines += [f"  {action}  {count:>9}" for action, count in report["actions"].items()]
    lines += [f"  quarantined {count:>6}: {reason}" for reason, count in report["reasons"].items()]
    if not args.dry_run:
        lines.append(f"report: {args.target / 'report.html'}")
    if outcome.quarantine_list:
        lines.append(f"which files were quarantined (names patients, keep it): {outcome.quarantine_list}")
    return lines
