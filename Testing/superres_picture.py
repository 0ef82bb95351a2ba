"""Draws the README's picture of super-resolution: a volume as acquired, by cubic interpolation, and super-resolved.

Usage: python Testing/superres_picture.py VOLUME PICTURE.png [--plane sagittal|coronal|axial] [--model NAME]
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from DicomSuiteLib.output_file import output_file
from DicomSuiteLib.read_volume import read_volume
from DicomSuiteLib.slice_views import Plane
from DicomSuiteSuperResLib.chosen_model import ModelChoice
from DicomSuiteSuperResLib.reformat_pictures import Reformats
from DicomSuiteSuperResLib.super_resolution import SuperResRequest
from DicomSuiteSuperResLib.super_resolve import super_resolve


def main() -> int:
    """Super-resolve the volume to the spacing of its plane, and draw one plane of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("volume", type=Path)
    parser.add_argument("picture", type=Path)
    parser.add_argument("--plane", choices=[plane.name.lower() for plane in Plane], default="sagittal")
    parser.add_argument("--model", help="a bundled model or a file (default: the one for thick slices)")
    args = parser.parse_args()
    acquired = read_volume(args.volume)
    result = super_resolve(acquired, ModelChoice(args.model).load(), SuperResRequest()).volume
    with output_file(args.picture) as partial:
        partial.write_bytes(Reformats.of(acquired, result).picture(Plane[args.plane.upper()]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
