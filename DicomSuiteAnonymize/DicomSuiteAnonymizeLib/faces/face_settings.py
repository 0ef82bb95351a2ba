"""What a user decides about faces, series by series, on the command line."""

import argparse

from DicomSuiteAnonymizeLib.errors import AnonymizeError
from DicomSuiteAnonymizeLib.faces.face_order import FaceSettings


def add_face_arguments(parser: argparse.ArgumentParser) -> None:
    """--faces-refused and --faces-absent, for `face_settings_for`."""
    parser.add_argument(
        "--faces-refused", nargs="+", action="extend", default=[], metavar="TARGET",
        help="series, by the targets that `dicomsuite faces` lists, whose faces are not taken out well enough: their "
        "files are quarantined",
    )  # fmt: skip
    parser.add_argument(
        "--faces-absent", nargs="+", action="extend", default=[], metavar="TARGET",
        help="series in which you looked and which show no face: they pass as they are",
    )  # fmt: skip


def face_settings_for(args: argparse.Namespace, cleans_faces: bool) -> FaceSettings | None:
    """The user's decisions; None where faces stay. Raises AnonymizeError where decisions are made about nothing."""
    if cleans_faces:
        return FaceSettings(tuple(sorted(set(args.faces_refused))), tuple(sorted(set(args.faces_absent))))
    if args.faces_refused or args.faces_absent:
        raise AnonymizeError(
            "--faces-refused and --faces-absent belong to the option Clean Recognizable Visual Features: add "
            "--clean recognizable-visual-features."
        )
    return None
