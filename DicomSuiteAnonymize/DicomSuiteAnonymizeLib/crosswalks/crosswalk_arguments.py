"""Arguments about the way back from de-identified files, and about pseudonyms that the user gives."""

import argparse
from pathlib import Path

from DicomSuiteAnonymizeLib.crosswalks.given_pseudonyms import KEYED, UNKNOWN_PATIENTS, GivenPseudonyms, read_pseudonyms
from DicomSuiteAnonymizeLib.keys import default_key_file
from DicomSuiteAnonymizeLib.sources import Sources
from DicomSuiteLib.errors import UsageError

TYPE_CHECKING = False  # typing is not imported: see the start-up budget in test_cli.py
if TYPE_CHECKING:
    from DicomSuiteAnonymizeLib.crosswalks.crosswalk import CrosswalkPlace

_BESIDE_THE_KEY = Path()


def add_crosswalk(parser: argparse.ArgumentParser) -> None:
    """--crosswalk and --encrypt-crosswalk, for `crosswalk_of`."""
    parser.add_argument(
        "--crosswalk", type=Path, nargs="?", const=_BESIDE_THE_KEY, metavar="FILE",
        help="store which original stands behind each pseudonym, UID and shifted date, for 'dicomsuite reidentify'; "
        "without FILE beside the key",
    )  # fmt: skip
    parser.add_argument(
        "--encrypt-crosswalk", action="store_true", help="encrypt a new crosswalk under the key (needs cryptography)"
    )


def crosswalk_of(args: argparse.Namespace, sources: Sources) -> "CrosswalkPlace | None":
    """Where the crosswalk is to be written; None for nowhere.

    Raises UsageError where it would lie in a source, which is never written, or in the output, which is handed on.
    """
    if args.crosswalk is None and not args.encrypt_crosswalk:
        return None
    from DicomSuiteAnonymizeLib.crosswalks.crosswalk import CrosswalkPlace, default_crosswalk_file

    path = args.crosswalk
    if path is None or path == _BESIDE_THE_KEY:
        path = default_crosswalk_file(args.key_file)
    check_crosswalk_place(path, (*map(Path, sources.places), args.target))
    return CrosswalkPlace(path.resolve(), args.encrypt_crosswalk)


def check_crosswalk_place(path: Path, others: tuple[Path, ...]) -> None:
    """Raise UsageError where the crosswalk is a folder, or is or lies in one of the other places."""
    if path.is_dir():
        raise UsageError(f"--crosswalk {path} is a folder: name a file.")
    for other in others:
        if other.resolve() in (path.resolve(), *path.resolve().parents):
            raise UsageError(f"The crosswalk {path} lies in {other}, where nothing that names patients may be written.")


def add_existing_key_file(parser: argparse.ArgumentParser) -> None:
    """--key-file, of a key that a run has used."""
    parser.add_argument(
        "--key-file", type=Path, metavar="FILE", default=default_key_file(),
        help="the secret with which the files were de-identified (default: %(default)s)",
    )  # fmt: skip


def add_pseudonyms(parser: argparse.ArgumentParser) -> None:
    """--pseudonyms and --unknown-patients, for `pseudonyms_of`."""
    parser.add_argument(
        "--pseudonyms", type=Path, metavar="CSV",
        help="pseudonyms for patients: columns id_old,id_new and, where wanted, date_offset in days",
    )  # fmt: skip
    parser.add_argument(
        "--unknown-patients", choices=UNKNOWN_PATIENTS, default=KEYED,
        help="patients that the table lacks get a keyed pseudonym, or their files are refused (default: %(default)s)",
    )  # fmt: skip


def pseudonyms_of(args: argparse.Namespace) -> GivenPseudonyms | None:
    """The table of given pseudonyms, None without one. Raises AnonymizeError where it cannot be used."""
    if args.pseudonyms is None:
        if args.unknown_patients != KEYED:
            raise UsageError("--unknown-patients says what to do about patients that the table of --pseudonyms lacks.")
        return None
    return read_pseudonyms(args.pseudonyms, args.unknown_patients)
