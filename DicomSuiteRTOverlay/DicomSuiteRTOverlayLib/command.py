"""`dicomsuite overlay`: lay masks over a volume, measure, compare and export them."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from DicomSuiteLib.command_output import EXIT_SOME_REFUSED, add_progress, write_result
from DicomSuiteLib.errors import UsageError
from DicomSuiteLib.listed_files import STANDARD_INPUT, read_listed_files
from DicomSuiteLib.output_folder import claim_folder

SUMMARY = (
    "Put segmentation masks (NRRD, NIfTI, MetaImage, DICOM RTSTRUCT or SEG) where they belong on a volume, or say why "
    "that cannot be done. Sources are never changed."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Define the command's arguments."""
    parser.add_argument(
        "volume", metavar="VOLUME",
        help="DICOM folder, or NRRD, NIfTI or MetaImage file; - reads the DICOM files that standard input names",
    )  # fmt: skip
    parser.add_argument("masks", nargs="+", type=Path, metavar="MASK", help="mask file, or folder with masks")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="new or empty folder for the result")
    parser.add_argument(
        "--volume-series", metavar="N", help="which series of VOLUME: its number among those with images, or its UID"
    )
    parser.add_argument("--report", action="store_true", help="write report.html, a page for people")
    parser.add_argument(
        "--export", default="", metavar="FORMATS",
        help="comma-separated list of seg, rtstruct, nrrd, seg.nrrd, nifti, stl, obj, ply",
    )  # fmt: skip
    parser.add_argument("--stats", action="store_true", help="measure every segment: stats.csv and stats.json")
    parser.add_argument(
        "--compare", nargs=2, type=int, metavar=("A", "B"), help="compare two masks by their numbers, from 1"
    )
    parser.add_argument(
        "--accept", action="append", default=[], metavar="N=KEY[,TURN…]",
        help="use this candidate of mask N, turned by hand: flip-i, turn-k, …; may be repeated",
    )  # fmt: skip
    parser.add_argument(
        "--smooth", action="store_true", help="keep shapes smooth where a mask has to be resampled (default: nearest)"
    )
    parser.add_argument("--previews", action="store_true", help="also write the masks as they were read")
    add_progress(parser)


def run(args: argparse.Namespace) -> int:
    """Run the command; 0 all placed, 3 if a mask was refused or waits for a choice."""
    from DicomSuiteLib.progress import ProgressReporter
    from DicomSuiteLib.tasks import CancelToken, cancel_on_signals
    from DicomSuiteRTOverlayLib.accepted_place import parse_all_accepted
    from DicomSuiteRTOverlayLib.export_formats import parse_formats
    from DicomSuiteRTOverlayLib.load_mask import find_masks
    from DicomSuiteRTOverlayLib.overlay_run import OverlayOptions, OverlayRun

    options = OverlayOptions(
        args.out,
        parse_formats(args.export) if args.export else (),
        args.stats,
        tuple(args.compare) if args.compare else None,
        parse_all_accepted(args.accept),
        args.smooth,
        args.previews,
        args.report,
    )
    masks = list(find_masks(args.masks))
    _check_volume(args.volume)
    claim_folder(args.out)
    token = CancelToken()
    with cancel_on_signals(token):
        volume = _read_volume(args)
        result = OverlayRun(volume, masks, options, ProgressReporter(args.progress), token).execute()
    write_result(args.progress, result, _summary(result, args.out))
    return 0 if all(mask["state"] == "placed" for mask in result["masks"]) else EXIT_SOME_REFUSED


def _read_volume(args: argparse.Namespace) -> Any:
    from DicomSuiteLib.read_volume import read_listed_volume, read_volume

    if args.volume != STANDARD_INPUT:
        return read_volume(args.volume, args.volume_series)
    return read_listed_volume(read_listed_files(sys.stdin.buffer), args.volume_series)


def _check_volume(volume: str) -> None:
    """Before a folder is made for nothing."""
    if volume != STANDARD_INPUT and not Path(volume).exists():
        raise UsageError(f"{volume} does not exist; name a DICOM folder or an image file.")


def _summary(result: dict[str, Any], folder: Path) -> list[str]:
    lines = [f"note: {note}" for note in result["volume"]["notes"]]
    for mask in result["masks"]:
        lines += _mask_lines(mask)
    lines += [f"note: {note}" for note in result["notes"]]
    return [*lines, f"results: {folder}"]


def _mask_lines(mask: dict[str, Any]) -> list[str]:
    if mask["state"] == "waits":
        words = "waits for your choice"
    else:
        words = mask["verdict"] if mask["accepted"] is None else f"accepted: {mask['accepted']}"
    lines = [f"{mask['number']}. {mask['source']}: {words}. {mask['reason']}"]
    lines += [f"     {text}" for text in (*mask["findings"], *mask["notes"])]
    lines += [f"     {segment['name']}: {segment['voxels']} voxels" for segment in mask["segments"]]
    if mask["state"] == "waits":
        lines += [
            f"     candidate {candidate['key']} ({candidate['probability']:.0%}): {candidate['words']}"
            for candidate in mask["candidates"]
        ]
        lines.append(f"     look at the pictures, then add: --accept {mask['number']}=KEY")
    return lines
