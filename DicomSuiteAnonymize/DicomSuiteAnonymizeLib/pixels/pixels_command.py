"""`dicomsuite pixels`: which pictures may show text, and what would blank it, for programs that let people decide."""

import argparse

from DicomSuiteAnonymizeLib.arguments import add_key_file, add_show_phi, add_sources, require_show_phi, sources_of
from DicomSuiteAnonymizeLib.keys import load_or_create_key
from DicomSuiteAnonymizeLib.pixels.pixel_settings import add_pixel_arguments, pixel_settings_of
from DicomSuiteLib.command_output import add_progress, write_result
from DicomSuiteLib.progress import ProgressReporter

TYPE_CHECKING = False  # typing is not imported: see the start-up budget in test_cli.py
if TYPE_CHECKING:
    from collections.abc import Iterator

    from DicomSuiteAnonymizeLib.pixels.pixel_survey import SeriesPictures

SUMMARY = "List the series whose pictures may show text, and what rules, regions and text recognition say about it."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Define the command's arguments."""
    add_sources(parser)
    add_pixel_arguments(parser, "--rules")
    add_show_phi(parser)
    add_key_file(parser)
    add_progress(parser)


def run(args: argparse.Namespace) -> int:
    """Run the command; 0 also where files could not be read, which the result says."""
    from DicomSuiteAnonymizeLib.pixels.pixel_survey import pixel_survey

    require_show_phi(args, "A list of pictures")
    progress, key = ProgressReporter(args.progress), load_or_create_key(args.key_file)
    series, unreadable = pixel_survey(sources_of(args), key, pixel_settings_of(args), progress.update)
    progress.finish()
    result = {"series": [one.as_json() for one in series], "unreadable": unreadable}
    write_result(args.progress, result, _lines(series, unreadable))
    return 0


def _lines(series: "list[SeriesPictures]", unreadable: dict[str, int]) -> "Iterator[str]":
    for one in series:
        facts = one.facts
        yield f"{one.label}: {one.files} files, {facts.columns} x {facts.rows} pixels, {one.frames} frames"
        yield f"  risk: {one.risk or 'none known'}"
        if one.risk or one.plan.boxes:
            yield f"  cleaned by: {one.reason or one.plan.words}"
        for finding in one.findings:
            yield f"  frame {finding.frame}, {list(finding.box)}: {finding.verdict.value}: {finding.text}"
    for reason, count in unreadable.items():
        yield f"not readable: {count} files: {reason}"
