"""`dicomsuite render`: pictures, animations and surfaces of a volume, without a screen."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from DicomSuiteLib.command_output import EXIT_SOME_REFUSED, add_progress, write_result
from DicomSuiteLib.errors import UsageError
from DicomSuiteLib.listed_files import STANDARD_INPUT, read_listed_files
from DicomSuiteLib.output_folder import claim_folder

if TYPE_CHECKING:
    from DicomSuiteLib.volumes import Volume

SUMMARY = (
    "Make pictures of a volume: render modes, slices, turntables, surfaces, and a report. Needs no screen. Names, "
    "pixels and metadata of what is written tell nothing about the patient. Sources are never changed."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Define the command's arguments."""
    parser.add_argument(
        "volume", metavar="VOLUME",
        help="DICOM folder; NRRD, NIfTI or MetaImage file; folder of PNG, JPEG or TIFF slices; - reads the DICOM files "
        "that standard input names",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="new or empty folder for the result")
    parser.add_argument(
        "--volume-series", metavar="N", help="which series of VOLUME: its number among those with images, or its UID"
    )
    parser.add_argument(
        "--spacing", nargs=3, type=float, metavar=("X", "Y", "Z"), help="mm between pixels and between picture slices"
    )
    parser.add_argument("--luminance", action="store_true", help="take the brightness of coloured picture slices")
    parser.add_argument(
        "--mode", action="append", default=[], metavar="MODE",
        help="render mode: its key, or a file saved in Slicer; may be repeated; 'list' shows the keys",
    )  # fmt: skip
    parser.add_argument(
        "--window", default="auto", metavar="WINDOW",
        help="grey values: auto, dicom, a preset's key, or LEVEL/WIDTH such as 40/400 or, with a sign, "
        "--window=-600/1500 (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--slices", nargs="+", default=[], metavar="PLANE:NUMBERS",
        help="pictures of slices, e.g. axial:10,20 coronal:middle sagittal:all; slices count from 0",
    )  # fmt: skip
    parser.add_argument("--format", choices=("png", "jpeg", "tiff"), default="png", help="of slices (default: png)")
    parser.add_argument("--plain", action="store_true", help="slices without letters of the sides and scale bar")
    parser.add_argument("--scale", type=float, metavar="MM", help="mm per pixel of slices (default: pixels are voxels)")
    parser.add_argument(
        "--labels", type=Path, metavar="FILE",
        help="label map on the volume's own voxels, as 'dicomsuite overlay' writes it, to lay over the slices",
    )  # fmt: skip
    parser.add_argument("--size", default="800x800", metavar="WxH", help="pixels of 3D pictures (default: %(default)s)")
    parser.add_argument("--transparent", action="store_true", help="3D pictures without a background")
    parser.add_argument("--turntable", type=int, default=0, metavar="N", help="turn modes once around in N pictures")
    parser.add_argument("--sweep", action="store_true", help="also run through each plane's slices in an animation")
    parser.add_argument(
        "--animation", default="gif", metavar="FORMATS",
        help="comma-separated list of png, gif, webp, mp4 for turntables and sweeps (default: %(default)s)",
    )  # fmt: skip
    for suffix in ("stl", "obj", "ply"):
        parser.add_argument(
            f"--{suffix}", action="append", default=[], metavar="LOW[:HIGH]",
            help=f"closed surface around these values, such as 175 or --{suffix}=-200:-50, as {suffix.upper()}; may be "
            "repeated",
        )  # fmt: skip
    parser.add_argument("--remove-table", action="store_true", help="hide the scanner's table and head holder (CT)")
    parser.add_argument("--report", action="store_true", help="write report.html, one page with the pictures")
    add_progress(parser)


def run(args: argparse.Namespace) -> int:
    """Run the command; 0 all done, 3 if something that was asked for could not be made."""
    from DicomSuiteLib.progress import ProgressReporter
    from DicomSuiteLib.tasks import CancelToken, cancel_on_signals
    from DicomSuiteRenderLib.render_options import list_modes, read_options
    from DicomSuiteRenderLib.render_run import RenderRun

    if "list" in args.mode:
        sys.stdout.write(list_modes())
        return 0
    token = CancelToken()
    with cancel_on_signals(token):  # before options start Slicer's libraries, which take an interrupt for a failure
        options = read_options(args)
        _check_volume(args.volume)
        claim_folder(args.out)
        volume = _read_volume(args)
        result = RenderRun(volume, options, ProgressReporter(args.progress), token).execute()
    write_result(args.progress, result, _summary(result, args.out))
    return EXIT_SOME_REFUSED if result["refused"] else 0


def _read_volume(args: argparse.Namespace) -> Volume:
    from DicomSuiteLib.read_volume import read_listed_volume, read_volume

    if args.volume != STANDARD_INPUT:
        spacing = args.spacing and tuple(args.spacing)
        return read_volume(args.volume, args.volume_series, spacing=spacing, luminance=args.luminance)
    return read_listed_volume(read_listed_files(sys.stdin.buffer), args.volume_series)


def _check_volume(volume: str) -> None:
    """Before a folder is made for nothing."""
    if volume != STANDARD_INPUT and not Path(volume).exists():
        raise UsageError(f"{volume} does not exist; name a DICOM folder, an image file, or a folder of pictures.")


def _summary(result: dict[str, Any], folder: Path) -> list[str]:
    lines = [f"note: {note}" for note in (*result["volume"]["notes"], *result["notes"])]
    lines += [f"refused: {entry['what']}: {entry['reason']}" for entry in result["refused"]]
    return [*lines, f"{len(result['files'])} files: {folder}"]
