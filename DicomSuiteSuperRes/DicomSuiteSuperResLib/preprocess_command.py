"""`dicomsuite preprocess`: brain extraction, bias field, intensities, registration and pairs, each on request."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from DicomSuiteLib.errors import UsageError
from DicomSuiteLib.listed_files import STANDARD_INPUT, read_listed_files
from DicomSuiteLib.printable import printable

if TYPE_CHECKING:
    from DicomSuiteSuperResLib.find_inputs import FoundInputs
    from DicomSuiteSuperResLib.pairs import PairRequest
    from DicomSuiteSuperResLib.preprocess_options import PreprocessOptions

SUMMARY = (
    "Prepare MRI volumes for super-resolution and research: find the brain, even out the brightness, bring intensities "
    "to a common scale, register to MNI space, make pairs of fine and coarse volumes. Each step is optional, and they "
    "are done in this order. Sources are never changed."
)
EXIT_SOME_REFUSED = 3
BUNDLED_TEMPLATE = ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Define the command's arguments."""
    parser.add_argument(
        "inputs", nargs="+", metavar="IN",
        help="DICOM folder; NRRD, NIfTI or MetaImage file; folder of them; - reads the files that standard input names",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="new or empty folder for the results")
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
    parser.add_argument("--format", choices=("nrrd", "nifti"), help="of results (default: NIfTI for NIfTI, else NRRD)")
    parser.add_argument("--resume", action="store_true", help="go on with an interrupted run in DIR")
    parser.add_argument(
        "--progress", choices=("bar", "json", "none"), default="bar", help="how to show progress (default: %(default)s)"
    )


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
        content = PreprocessRun(_inputs(args), options, ProgressReporter(args.progress), token).execute()
    sys.stdout.write(json.dumps({"result": content}) + "\n" if args.progress == "json" else _summary(content, args.out))
    return EXIT_SOME_REFUSED if content["refused"] else 0


def _options(args: argparse.Namespace) -> PreprocessOptions:
    from DicomSuiteSuperResLib.brain_mask import BrainMethod
    from DicomSuiteSuperResLib.intensity_normalisation import NormalisationMethod
    from DicomSuiteSuperResLib.preprocess_options import PreprocessOptions
    from DicomSuiteSuperResLib.superres_options import FileFormat

    _check_apart(args.out, args.inputs)
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


def _inputs(args: argparse.Namespace) -> FoundInputs:
    from DicomSuiteSuperResLib.find_inputs import find_inputs

    named = [path for path in args.inputs if path != STANDARD_INPUT]
    listed = read_listed_files(sys.stdin.buffer) if STANDARD_INPUT in args.inputs else []
    return find_inputs([*named, *listed])


def _check_apart(out: Path, inputs: list[str]) -> None:
    """Results inside a folder of inputs would be inputs of the next run."""
    for path in inputs:
        if path != STANDARD_INPUT and out.resolve().is_relative_to(Path(path).resolve()):
            raise UsageError(f"{out} lies inside {path}; name an output folder elsewhere.")


def _summary(content: dict[str, Any], folder: Path) -> str:
    lines = []
    for output in content["outputs"]:
        lines.append(f"{output['number']}. {output['input']}:")
        lines += [f"     {file['kind']}: {file['file']}" for file in output["files"]]
        lines += [f"     note: {warning}" for warning in output["warnings"]]
    lines += [f"refused: {entry['input']}: no {entry['what']}: {entry['reason']}" for entry in content["refused"]]
    return "".join(f"{printable(line)}\n" for line in (*lines, f"results: {folder}"))
