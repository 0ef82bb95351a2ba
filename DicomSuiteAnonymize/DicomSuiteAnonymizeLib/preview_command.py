"""`dicomsuite preview`: what a profile makes of some files, attribute by attribute, for programs that show it."""

import argparse
import json
import sys

from DicomSuiteAnonymizeLib.arguments import (
    add_key_file,
    add_rules,
    add_show_phi,
    add_sources,
    profile_of,
    require_show_phi,
    sources_of,
)
from DicomSuiteAnonymizeLib.crosswalks.crosswalk_arguments import add_pseudonyms, pseudonyms_of
from DicomSuiteAnonymizeLib.engine import Engine
from DicomSuiteAnonymizeLib.keys import Pseudonyms, load_or_create_key

SUMMARY = "Show what would become of each attribute, before and after, as one JSON object. Nothing is written."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Define the command's arguments."""
    add_sources(parser)
    add_show_phi(parser)
    add_rules(parser)
    add_key_file(parser)
    add_pseudonyms(parser)
    parser.add_argument("--allow-pixel-risk", action="store_true", help="let pass what may show text in its pixels")


def run(args: argparse.Namespace) -> int:
    """Run the command; 0 also where files would be quarantined, which the result says."""
    from DicomSuiteAnonymizeLib.preview import as_json, kept_against_ps315, preview_file, reference_profile

    require_show_phi(args, "A preview")
    key = load_or_create_key(args.key_file)
    profile, given = profile_of(args), pseudonyms_of(args)
    engine, reference = Engine(profile, key, given), Engine(reference_profile(profile), key, given)
    files = []
    for entry in sources_of(args).entries(Pseudonyms(key)):
        made = preview_file(entry.path, engine, allow_pixel_risk=args.allow_pixel_risk)
        kept = kept_against_ps315(made, preview_file(entry.path, reference))
        files.append({"path": entry.path} | as_json(made, kept))
    sys.stdout.write(json.dumps({"result": {"files": files}}) + "\n")
    return 0
