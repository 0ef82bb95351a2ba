"""`dicomsuite superres`: thin slices from thick ones, for volumes and folders of volumes."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from DicomSuiteLib.command_output import EXIT_SOME_REFUSED, write_result
from DicomSuiteLib.errors import UsageError
from DicomSuiteSuperResLib.batch_command import (
    INPUT_HELP,
    OUT_HELP,
    add_run_arguments,
    check_apart,
    end,
    find_named_inputs,
)

if TYPE_CHECKING:
    from DicomSuiteSuperResLib.chosen_model import ModelChoice
    from DicomSuiteSuperResLib.super_resolution import SuperResRequest
    from DicomSuiteSuperResLib.superres_options import SuperResOptions

SUMMARY = (
    "Make thin slices from the thick ones of MRI by a trained network, with exact geometry, and measure how good they "
    "are. Every result says that it is derived, not acquired. Sources are never changed."
)
LIST = "list"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Define the command's arguments."""
    parser.add_argument("inputs", nargs="*", metavar="IN", help=INPUT_HELP)
    parser.add_argument("--out", type=Path, metavar="DIR", help=OUT_HELP)
    parser.add_argument(
        "--model", metavar="MODEL",
        help="a bundled model's name, or a file: .safetensors, PyTorch checkpoint, ONNX, MONAI bundle; 'list' shows "
        "the bundled ones (default: the one for thick slices)",
    )  # fmt: skip
    parser.add_argument(
        "--architecture", metavar="NAME", help="network of a checkpoint: swinunetr, segresnet, unet or edsr"
    )
    parser.add_argument(
        "--argument", action="append", default=[], metavar="NAME=VALUE",
        help="argument of that network, such as feature_size=48; may be repeated",
    )  # fmt: skip
    parser.add_argument(
        "--allow-torchscript", action="store_true", help="run a TorchScript model: a program, so trust its source"
    )
    wanted = parser.add_mutually_exclusive_group()
    wanted.add_argument("--factor", type=float, metavar="F", help="times as many slices, e.g. 4 or 2.5")
    wanted.add_argument("--spacing", type=float, metavar="MM", help="slice distance (default: as fine as in the plane)")
    parser.add_argument("--axis", choices=("i", "j", "k"), help="the thick axis (default: that of the largest spacing)")
    parser.add_argument(
        "--device", choices=("auto", "cpu", "cuda", "mps"), default="auto", help="where to compute (default: auto)"
    )
    parser.add_argument(
        "--fast", action="store_true",
        help="let a bundled model see the volume once, not also mirrored: half the time, about .05 dB less",
    )  # fmt: skip
    parser.add_argument("--tile", type=int, metavar="N", help="voxels along a side of what is computed at once")
    parser.add_argument(
        "--back-projections", type=int, default=0, metavar="N",
        help="times to correct the result until its thick slices are the acquired ones again (default: 0)",
    )  # fmt: skip
    parser.add_argument(
        "--compare", type=Path, metavar="REFERENCE",
        help="measure results, and cubic interpolation, against this volume of the same grid, or against the volumes "
        "of the same names in this folder",
    )  # fmt: skip
    parser.add_argument("--dicom", action="store_true", help="also write a derived series for every DICOM input")
    parser.add_argument("--report", action="store_true", help="write report.html, one page with figures and pictures")
    parser.add_argument("--estimate", action="store_true", help="only tell size, memory and time of each result")
    add_run_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Run the command; 0 all done, 3 if an input was refused or something that was asked for could not be made."""
    from DicomSuiteLib.tasks import CancelToken, cancel_on_signals
    from DicomSuiteSuperResLib.chosen_model import list_models

    if args.model == LIST:
        sys.stdout.write(list_models())
        return 0
    token = CancelToken()
    with cancel_on_signals(token):
        return _estimate(args) if args.estimate else _super_resolve(args, token)


def _super_resolve(args: argparse.Namespace, token: Any) -> int:
    from DicomSuiteLib.progress import ProgressReporter
    from DicomSuiteSuperResLib.superres_run import SuperResRun

    options, choice = _options(args), _model_choice(args)
    choice.check()
    inputs = find_named_inputs(args.inputs)
    model = choice.load()
    content = SuperResRun(inputs, model, options, ProgressReporter(args.progress), token).execute()
    return end(args, content, _lines(content))


def _estimate(args: argparse.Namespace) -> int:
    from DicomSuiteSuperResLib.superres_estimate import estimate

    choice = _model_choice(args)
    choice.check()
    content = estimate(find_named_inputs(args.inputs), choice, _request(args))
    lines = []
    for entry in content["outputs"]:
        lines += [f"{entry['input']}: {entry['words']}", *(f"     note: {note}" for note in entry["warnings"])]
    lines += [f"refused: {entry['input']}: {entry['reason']}" for entry in content["refused"]]
    write_result(args.progress, content, lines)
    return EXIT_SOME_REFUSED if content["refused"] else 0


def _model_choice(args: argparse.Namespace) -> ModelChoice:
    from DicomSuiteSuperResLib.chosen_model import ModelChoice, parse_arguments

    arguments = parse_arguments(args.argument) or None
    return ModelChoice(args.model, args.architecture, arguments, args.allow_torchscript)


def _request(args: argparse.Namespace) -> SuperResRequest:
    from DicomSuiteSuperResLib.back_projection import MOST_ROUNDS
    from DicomSuiteSuperResLib.super_resolution import Device, SuperResRequest
    from DicomSuiteSuperResLib.tiling import SMALLEST_SIDE

    if not 0 <= args.back_projections <= MOST_ROUNDS:
        raise UsageError(f"--back-projections {args.back_projections}: from 0 to {MOST_ROUNDS}; 3 are usually enough.")
    if args.tile is not None and args.tile < SMALLEST_SIDE:
        raise UsageError(f"--tile {args.tile}: a tile has {SMALLEST_SIDE} or more voxels along each side.")
    axis = None if args.axis is None else "ijk".index(args.axis)
    return SuperResRequest(
        axis, args.spacing, args.factor, args.back_projections, Device(args.device), args.tile, args.fast
    )


def _options(args: argparse.Namespace) -> SuperResOptions:
    from DicomSuiteSuperResLib.references import References
    from DicomSuiteSuperResLib.superres_options import FileFormat, SuperResOptions

    if args.out is None:
        raise UsageError("--out is missing: name a new or empty folder for the results.")
    check_apart(args.out, args.inputs)
    return SuperResOptions(
        args.out,
        _request(args),
        args.format and FileFormat(args.format),
        args.compare and References(args.compare),
        args.dicom,
        args.report,
        args.resume,
    )


def _lines(content: dict[str, Any]) -> list[str]:
    lines = []
    for output in content["outputs"]:
        lines.append(f"{output['number']}. {output['input']}: {output['file']}, {output['seconds']:.1f} s")
        lines += [f"     {method}: {_figures(figures)}" for method, figures in output["metrics"].items()]
        lines += [f"     note: {warning}" for warning in output["warnings"]]
    return lines


def _figures(figures: dict[str, Any]) -> str:
    return ", ".join(f"{name} {number:.4g}" for name, number in figures.items() if number is not None)
