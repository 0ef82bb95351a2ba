"""`dicomsuite anonymize`: de-identify files and folders."""

import argparse
import os
from pathlib import Path

from DicomSuiteAnonymizeLib.arguments import add_key_file, add_rules, add_sources, profile_of, sources_of
from DicomSuiteAnonymizeLib.crosswalks.crosswalk_arguments import (
    add_crosswalk,
    add_pseudonyms,
    crosswalk_of,
    pseudonyms_of,
)
from DicomSuiteAnonymizeLib.faces.face_settings import add_face_arguments, face_settings_for
from DicomSuiteAnonymizeLib.instance_task import TaskSettings
from DicomSuiteAnonymizeLib.keys import KEY_BYTES, load_or_create_key
from DicomSuiteAnonymizeLib.pixels.pixel_settings import add_pixel_arguments, pixel_settings_for
from DicomSuiteAnonymizeLib.ps315 import Option
from DicomSuiteAnonymizeLib.run import Run, RunOptions, RunOutcome
from DicomSuiteAnonymizeLib.sources import Sources
from DicomSuiteAnonymizeLib.watch_arguments import add_watch, watch_of
from DicomSuiteLib.command_output import EXIT_SOME_REFUSED, add_progress, write_result
from DicomSuiteLib.errors import UsageError
from DicomSuiteLib.progress import ProgressReporter
from DicomSuiteLib.tasks import CancelToken, cancel_on_signals

TYPE_CHECKING = False  # typing is not imported: see the start-up budget in test_cli.py
if TYPE_CHECKING:
    from DicomSuiteAnonymizeLib.crosswalks.crosswalk import CrosswalkPlace

SUMMARY = "De-identify DICOM files according to PS3.15; sources are never changed."

_IN_RESULT = ("files", "patients", "studies", "series", "other_formats", "actions", "reasons")
"""Parts of report.json; the list of every file and attribute is left to the file."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Define the command's arguments."""
    add_sources(parser)
    parser.add_argument("target", type=Path, metavar="OUT", help="new or empty folder for the result")
    add_rules(parser)
    add_key_file(parser)
    add_pseudonyms(parser)
    add_crosswalk(parser)
    parser.add_argument(
        "--allow-pixel-risk",
        action="store_true",
        help="let pass what may show identifying text in its pixels",
    )
    add_pixel_arguments(parser, "--pixel-rules")
    add_face_arguments(parser)
    parser.add_argument(
        "--other-formats", action="store_true",
        help="clean NIfTI, NRRD, BIDS sidecars and, with --allow-pixel-risk, PNG, JPEG and TIFF as well; as nothing in "
        "them says whose they are, nothing can be looked for in them",
    )  # fmt: skip
    parser.add_argument(
        "--audit-hash", choices=("header", "file"), default="header",
        help="SHA-256 in the audit trail: of all but the pixel values, or of whole files, which takes about twice as "
        "long (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, metavar="N", help="processes to use")
    parser.add_argument(
        "--dask", default="", metavar="ADDRESS",
        help="use a dask cluster, which sees SRC and OUT under the same names, in place of processes of this computer: "
        "address (tcp://host:8786, tls://host:8786) or file of its scheduler. The key is sent there",
    )  # fmt: skip
    parser.add_argument("--resume", action="store_true", help="finish a run that was interrupted")
    parser.add_argument("--dry-run", action="store_true", help="show what would be done, write nothing")
    parser.add_argument("--zip", action="store_true", help="pack the de-identified files into OUT/dicom.zip")
    add_watch(parser)
    add_progress(parser)


def run(args: argparse.Namespace) -> int:
    """Run the command; 0 all done, 3 done but some files were refused."""
    if args.workers < 1:
        raise UsageError("--workers must be at least 1.")
    sources = sources_of(args)
    crosswalk = None if args.dry_run else crosswalk_of(args, sources)
    options = RunOptions(
        sources, args.target, args.key_file, args.workers, args.resume, args.zip and not args.dry_run,
        args.dask, crosswalk,
    )
    profile = profile_of(args)
    settings = TaskSettings(
        profile,
        _key(args),
        "" if args.dry_run else str(args.target.resolve()),
        args.allow_pixel_risk,
        args.audit_hash == "file",
        pseudonyms_of(args),
        noted=crosswalk is not None,
        other_formats=_other_formats(args, sources),
        pixels=pixel_settings_for(args, Option.CLEAN_PIXEL_DATA in profile.options),
        faces=face_settings_for(args, Option.CLEAN_FACES in profile.options),
    )
    token = CancelToken()
    with cancel_on_signals(token):
        outcome = _run(args, options, settings, token).execute()
    write_result(args.progress, _result(outcome, crosswalk), _summary(outcome, args, crosswalk))
    return EXIT_SOME_REFUSED if outcome.report["files"]["quarantined"] else 0


def _run(args: argparse.Namespace, options: RunOptions, settings: TaskSettings, token: CancelToken) -> Run:
    progress, watch = ProgressReporter(args.progress), watch_of(args)
    if watch is None:
        return Run(options, settings, progress, token)
    from DicomSuiteAnonymizeLib.watch import WatchedRun

    return WatchedRun(options, settings, progress, token, watch)


def _other_formats(args: argparse.Namespace, sources: Sources) -> tuple[str, ...]:
    if not args.other_formats:
        return ()
    from DicomSuiteAnonymizeLib.formats.other_formats import roots_of

    return roots_of(sources)


def _key(args: argparse.Namespace) -> bytes:
    if args.dry_run and not args.key_file.exists():
        return bytes(KEY_BYTES)  # no pseudonym is shown or written
    return load_or_create_key(args.key_file)


def _result(outcome: RunOutcome, crosswalk: "CrosswalkPlace | None") -> dict:
    """What a program wants to know at the end."""
    report = {name: outcome.report[name] for name in _IN_RESULT}
    quarantine_list = str(outcome.quarantine_list) if outcome.quarantine_list else None
    return report | {"quarantine_list": quarantine_list, "crosswalk": str(crosswalk.path) if crosswalk else None}


def _summary(
    outcome: RunOutcome, args: argparse.Namespace, crosswalk: "CrosswalkPlace | None"
) -> list[str]:
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
    if others := report["other_formats"]:
        counted = ", ".join(f"{count} {name}" for name, count in others.items())
        lines.append(f"written in other formats, in which nothing can be looked for: {counted}")
    if not report["profile"]["basis"].startswith("ps3.15"):
        lines.append("This is NOT a de-identification according to PS3.15: only single attributes were changed.")
    if args.dry_run:
        lines += [f"  {action}  {count:>9}" for action, count in report["actions"].items()]
    lines += [f"  quarantined {count:>6}: {reason}" for reason, count in report["reasons"].items()]
    if not args.dry_run:
        lines.append(f"report: {args.target / 'report.html'}")
    if crosswalk is not None:
        lines.append(f"the way back (names patients, keep it): {crosswalk.path}")
    if outcome.quarantine_list:
        lines.append(f"which files were quarantined (names patients, keep it): {outcome.quarantine_list}")
    return lines
