"""`dicomsuite survey`: which values the attributes of files have, for programs that let people edit them."""

import argparse
import json
import sys

from DicomSuiteAnonymizeLib.arguments import add_key_file, add_show_phi, add_sources, require_show_phi, sources_of
from DicomSuiteAnonymizeLib.crosswalks.crosswalk_arguments import add_pseudonyms, pseudonyms_of
from DicomSuiteAnonymizeLib.crosswalks.given_pseudonyms import KEYED, pseudonyms_for
from DicomSuiteAnonymizeLib.keys import load_or_create_key
from DicomSuiteLib.command_output import add_progress
from DicomSuiteLib.progress import ProgressReporter

SUMMARY = "Read the values of all attributes of DICOM files, one line of JSON for each series. It names patients."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Define the command's arguments."""
    add_sources(parser)
    add_show_phi(parser)
    add_key_file(parser)
    add_pseudonyms(parser)
    add_progress(parser)


def run(args: argparse.Namespace) -> int:
    """Run the command; 0 also where files could not be read, which the result says."""
    from DicomSuiteAnonymizeLib.survey import survey

    require_show_phi(args, "A survey")
    progress = ProgressReporter(args.progress)
    given = pseudonyms_of(args)
    pseudonyms = pseudonyms_for(load_or_create_key(args.key_file), given and given._replace(unknown=KEYED))
    found = survey(sources_of(args), pseudonyms, progress.update)
    progress.finish()
    for series in found.series:
        sys.stdout.write(json.dumps({"part": series.as_json()}) + "\n")
    sys.stdout.write(json.dumps({"result": {"unreadable": found.unreadable}}) + "\n")
    return 0
