"""`dicomsuite verify`: check a finished output folder, without and with its source."""

import argparse
import json
import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path

from DicomSuiteLib.command_output import add_progress
from DicomSuiteLib.errors import UsageError
from DicomSuiteLib.progress import ProgressReporter

SUMMARY = "Check a de-identified folder independently of the program that wrote it; nothing is changed."
EXIT_FINDINGS = 3
_SHOWN = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Define the command's arguments."""
    parser.add_argument("folder", type=Path, metavar="OUT", help="output folder of 'dicomsuite anonymize'")
    parser.add_argument(
        "--against", nargs="+", type=Path, default=[], metavar="SRC",
        help="also compare with the sources: original values left, pixel data, references, shifted dates",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="write all findings as JSON instead of a summary")
    add_progress(parser)


def run(args: argparse.Namespace) -> int:
    """Run the command; 0 nothing found, 3 findings."""
    from DicomSuiteAnonymizeLib.verification.verify import verify

    for source in args.against:
        if not source.exists():
            raise UsageError(f"{source} does not exist: name the folder or file that was de-identified.")
    progress = ProgressReporter(args.progress)
    try:
        verdict = verify(args.folder, args.against, progress.update)
    finally:
        progress.finish()
    sys.stdout.write(_as_json(verdict) if args.json else _as_text(verdict))
    return EXIT_FINDINGS if verdict.findings else 0


def _as_json(verdict) -> str:
    content = {
        "files": verdict.files,
        "compared_with_source": verdict.compared,
        "checks": _counts(verdict),
        "findings": [asdict(finding) for finding in verdict.findings],
    }
    return json.dumps(content, indent=1) + "\n"


def _as_text(verdict) -> str:
    lines = [f"  {check:<18} {count:>7}" for check, count in _counts(verdict).items()]
    lines += [str(finding) for finding in verdict.findings[:_SHOWN]]
    if len(verdict.findings) > _SHOWN:
        lines.append(f"… and {len(verdict.findings) - _SHOWN} more; --json lists all.")
    source = ", compared with the source" if verdict.compared else ""
    lines.append(f"verified: {verdict.files} files, {len(verdict.findings)} findings{source}")
    return "\n".join(lines) + "\n"


def _counts(verdict) -> dict[str, int]:
    return dict(Counter(finding.check.value for finding in verdict.findings).most_common())
