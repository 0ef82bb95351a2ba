"""`dicomsuite picture`: one frame of a DICOM file as a picture, for programs that let people mark text in it."""

import argparse
import json
import sys
from pathlib import Path

from DicomSuiteAnonymizeLib.arguments import add_show_phi, require_show_phi

SUMMARY = "Show one frame of a DICOM file, as one JSON object with a PNG in it. It may show who the patient is."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Define the command's arguments."""
    parser.add_argument("file", type=Path, metavar="FILE", help="a DICOM file with pixels")
    parser.add_argument(
        "--frame", type=int, default=0, metavar="N", help="which one, counted from 0 (default: %(default)s)"
    )
    add_show_phi(parser)


def run(args: argparse.Namespace) -> int:
    """Run the command; an AnonymizeError where the frame cannot be decoded."""
    from DicomSuiteAnonymizeLib.pixels.frame_picture import frame_picture

    require_show_phi(args, "A picture")
    picture = frame_picture(args.file, args.frame)
    sys.stdout.write(json.dumps({"result": picture.as_json()}) + "\n")
    return 0
