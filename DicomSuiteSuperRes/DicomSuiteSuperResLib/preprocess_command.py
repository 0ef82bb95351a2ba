"""`dicomsuite preprocess`: brain extraction, bias field, intensities, registration and pairs, each on request."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from DicomSuiteSuperResLib.batch_command import (
    INPUT_HELP,
    OUT_HELP,
    add_run_arguments,
    check_apart,
    end,
    find_named_inputs,
)

if TYPE_CHECKING:
    from DicomSuiteSuperResLib.pairs import PairRequest
    from DicomSuiteSuperResLib.preprocess_options import PreprocessOptions

SUMMARY = (
    "Prepare MRI volumes for super-resolution and research: find the brain, even out the brightness, bring intensities "
    "to a common scale, register to MNI space, make pairs of fine and coarse volumes. Each step is optional, and they "
    "are done in this order. Sources are never changed."
)
BUNDLED_TEMPLATE = ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Define the command's arguments."""
    parser.add_argument("inputs", nargs="+", metavar="IN", help=INPUT_HELP)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help=OUT_HELP)
    parser.add_argument(
        "--brain", choices=("auto", "deepbet", "atlas", "hd-bet", "synthstrip"), metavar="METHOD",
        help="keep the brain only, and write its mask: auto (deepbet where installed, else atlas), deepbet, atlas, or "
        "your own installation of hd-bet or synthstrip",
    )  # fmt: skip
    parser.add_argument("--bias-field", action="store_true", help="even out the brightness (N4)")
    parser.add_argument(
        "--normalise", choices=("percentile", "z-score", "white-stripe", "white-stripe-t2"), metavar="METHOD",
        help="common scale of intensities: percentile (0 to 1), z-score, or by white matter: white-stripe for T1, "
        "white-stripe-t2 for T2 and FLAIR",
    )  # fmt: skip
    parser.add_argument(
        "--register", nargs="?", const=BUNDLED_TEMPLATE, metavar="TEMPLATE",
        help="also lay the volume over a template by an affine map, and write the map (default: MNI space); a template "
        "of your own must show what the volume does: with --brain, the brain alone",
    )  # fmt: skip
    _add_pair_arguments(parser)
    parser.add_argument(
        "--anonymize", action="store_true", help="leave names of files and free text of headers out of all results"
    )
    add_run_arguments(parser)


def _add_pair_arguments(parser: argparse.ArgumentParser) -> None:
    pairs = parser.add_argument_group("pairs of fine and coarse volumes")
    pairs.add_argument("--pairs", type=float, metavar="FACTOR", help="make a counterpart, so many times as coarse")
    pairs.add_argument(
        "--axis", choices=("i", "j", "k", "all"), default="k", help="along which it is coarse (default: %(default)s)"
    )
    pairs.add_argument(
        "--profile", choices=("gaussian", "box", "k-space"), default="gaussian",
        help="slices as a weighted mean of thin ones, or fewer spatial frequencies (default: %(default)s)",
    )  # fmt: skip
    pairs.add_argument(
        "--fwhm", type=float, default=1.0, metavar="N",
        help="full width of the profile at half maximum, in coarse slice distances (default: %(default)s)",
    )  # fmt: skip
    pairs.add_argument(
        "--noise", type=float, default=0.0, metavar="PERCENT", help="Rician noise, per cent of the range (default: 0)"
    )
    pairs.add_argument("--seed", type=int, default=0, metavar="N", help="of the noise (default: %(default)s)")


def run(args: argparse.Namespace) -> int:
    """Run the command; 0 all done, 3 if an input was refused or something that was asked for could not be made."""
    from DicomSuiteLib.progress import ProgressReporter
    from DicomSuiteLib.tasks import CancelToken, cancel_on_signals
    from DicomSuiteSuperResLib.preprocess_run import PreprocessRun

    token = CancelToken()
    with cancel_on_signals(token):
        options = _options(args)
        inputs = find_named_inputs(args.inputs)
        content = PreprocessRun(inputs, options, ProgressReporter(args.progress), token).execute()
    return end(args, content, _lines(content))


def _options(args: argparse.Namespace) -> PreprocessOptions:
    from DicomSuiteSuperResLib.brain_mask import BrainMethod
    from DicomSuiteSuperResLib.intensity_normalisation import NormalisationMethod
    from DicomSuiteSuperResLib.preprocess_options import PreprocessOptions
    from DicomSuiteSuperResLib.superres_options import FileFormat

    check_apart(args.out, args.inputs)
    return PreprocessOptions(
        args.out,
        args.brain and BrainMethod(args.brain),
        args.bias_field,
        args.normalise and NormalisationMethod(args.normalise),
        args.register is not None,
        Path(args.register) if args.register else None,
        None if args.pairs is None else _pair_request(args),
        args.anonymize,
        args.format and FileFormat(args.format),
        args.resume,
    )


def _pair_request(args: argparse.Namespace) -> PairRequest:
    from DicomSuiteSuperResLib.pairs import Degradation, PairRequest
    from DicomSuiteSuperResLib.slice_profile import ProfileShape, SliceProfile

    axis = None if args.axis == "all" else "ijk".index(args.axis)
    if args.profile == "k-space":
        return PairRequest(args.pairs, axis, Degradation.K_SPACE, noise=args.noise / 100, seed=args.seed)
    profile = SliceProfile(ProfileShape(args.profile), args.fwhm)
    return PairRequest(args.pairs, axis, Degradation.SLICE_PROFILE, profile, args.noise / 100, args.seed)


def _lines(content: dict[str, Any]) -> list[str]:
    lines = []
    for output in content["outputs"]:
        lines.append(f"{output['number']}. {output['input']}:")
        lines += [f"     {file['kind']}: {file['file']}" for file in output["files"]]
        lines += [f"     note: {warning}" for warning in output["warnings"]]
    return lines
