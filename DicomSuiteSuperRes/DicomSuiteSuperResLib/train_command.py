"""`dicomsuite train-superres`: a super-resolution model from fine volumes of one's own."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from DicomSuiteLib.command_output import add_progress
from DicomSuiteLib.errors import UsageError

SUMMARY = (
    "Train a super-resolution model on fine volumes of your own: thick or coarse ones are made from them, and a small "
    "network learns what cubic interpolation of those lacks. Ten minutes on two processor cores suffice."
)
SMALLEST_FACTOR, LARGEST_FACTOR = 2, 6
SUFFIX = ".safetensors"
LARGEST_SEED = 2**32 - 1
"""That every generator of random numbers takes."""
_PARTS = 1000
"""Into which progress is divided."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Define the command's arguments."""
    parser.add_argument(
        "folder", type=Path, metavar="FOLDER", help="of NIfTI, NRRD, MetaImage files or DICOM series, each one subject"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="MODEL", help=f"model file to write, *{SUFFIX}")
    budget = parser.add_mutually_exclusive_group()
    budget.add_argument("--minutes", type=float, default=10.0, metavar="N", help="to train (default: %(default)g)")
    budget.add_argument("--steps", type=int, metavar="N", help="to train instead, which can be repeated exactly")
    parser.add_argument(
        "--kind", choices=("through-plane", "isotropic"), default="through-plane",
        help="whether slices get thinner, or voxels finer in all directions (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--factors", type=int, nargs="+", metavar="F",
        help="times as many slices, from 2 to 6 (default: all of them; isotropic: 2)",
    )  # fmt: skip
    parser.add_argument(
        "--hold-out", action="append", default=[], metavar="NAME",
        help="do not learn from subjects whose file name contains this, but measure the model on them; may be repeated",
    )  # fmt: skip
    parser.add_argument("--data", default="", metavar="TEXT", help="what the subjects are, for the model's card")
    parser.add_argument("--licence", default="", metavar="TEXT", help="of the model, for its card")
    parser.add_argument("--seed", type=int, default=0, help="of all that is random (default: %(default)s)")
    parser.add_argument("--resume", action="store_true", help="go on with an interrupted training of MODEL")
    parser.add_argument(
        "--device", choices=("auto", "cpu", "cuda", "mps"), default="auto", help="where to compute (default: auto)"
    )
    add_progress(parser)


def run(args: argparse.Namespace) -> int:
    """Run the command; 0 where the model has been written."""
    from DicomSuiteLib.progress import ProgressReporter
    from DicomSuiteLib.tasks import CancelToken, cancel_on_signals
    from DicomSuiteSuperResLib.training_run import train

    request = _request(args)
    token = CancelToken()
    reporter = ProgressReporter(args.progress)
    with cancel_on_signals(token):
        card = train(request, lambda spent: reporter.update(int(spent * _PARTS), _PARTS), token)
    reporter.finish()
    sys.stdout.write(_summary(request.out, card))
    return 0


def _request(args: argparse.Namespace):
    """The request that the arguments make; UsageError where they are none."""
    import math

    from DicomSuiteSuperResLib.models import Upsampling
    from DicomSuiteSuperResLib.super_resolution import Device
    from DicomSuiteSuperResLib.training_run import FACTORS, TrainingRequest

    upsampling = Upsampling(args.kind)
    factors = tuple(sorted(set(args.factors or FACTORS[upsampling])))
    if not all(SMALLEST_FACTOR <= factor <= LARGEST_FACTOR for factor in factors):
        raise UsageError(f"--factors go from {SMALLEST_FACTOR} to {LARGEST_FACTOR}; larger ones add nothing seen.")
    if args.out.suffix != SUFFIX:
        raise UsageError(f"--out {args.out}: a model file is called *{SUFFIX}; choose such a name.")
    if not args.folder.is_dir():
        raise UsageError(f"{args.folder} is no folder; name the folder that holds the volumes to learn from.")
    if not 0 < args.minutes < math.inf or (args.steps is not None and args.steps < 1):
        raise UsageError("A training takes more than no time, and ends; give --minutes or --steps above 0.")
    if not 0 <= args.seed <= LARGEST_SEED:
        raise UsageError(f"--seed {args.seed}: a seed is a whole number from 0 to {LARGEST_SEED}.")
    return TrainingRequest(
        args.folder,
        args.out,
        upsampling,
        factors,
        seconds=args.minutes * 60 if args.steps is None else math.inf,
        steps=math.inf if args.steps is None else args.steps,
        data=args.data,
        licence=args.licence,
        held_out=tuple(args.hold_out),
        seed=args.seed,
        resume=args.resume,
        device=Device(args.device),
    )


def _summary(path: Path, card: dict[str, Any]) -> str:
    """What was made, and how good it is, for people."""
    training = card["training"]
    lines = [f"{path}: {training['steps']} steps in {training['seconds']} s on {card['subjects']} subjects"]
    lines += [
        f"  factor {gain['factor']}, noise {gain['noise']:.0%}: {gain['decibels']:+.2f} dB over cubic, on a held-out "
        "subject"
        for gain in card["gain_over_cubic_db"]
    ]
    return "\n".join(lines) + "\n"
