"""Arguments that several commands share: what to read, which key, how to show progress."""

import argparse
import sys
from pathlib import Path

from DicomSuiteAnonymizeLib.keys import default_key_file
from DicomSuiteAnonymizeLib.sources import STANDARD_INPUT, FolderSources, Sources, read_list
from DicomSuiteLib.errors import UsageError


def add_sources(parser: argparse.ArgumentParser) -> None:
    """SRC…, for `sources_of`."""
    parser.add_argument(
        "source", nargs="+", metavar="SRC",
        help="folder or file to read; - reads the files that standard input names, one a line or separated by NUL",
    )  # fmt: skip


def sources_of(args: argparse.Namespace) -> Sources:
    """What SRC names. Raises UsageError where it names nothing that can be read."""
    if args.source == [STANDARD_INPUT]:
        return read_list(sys.stdin.buffer)
    if STANDARD_INPUT in args.source:
        raise UsageError(f"{STANDARD_INPUT} (a list on standard input) cannot be combined with folders or files.")
    return FolderSources([Path(word) for word in args.source])


def add_key_file(parser: argparse.ArgumentParser) -> None:
    """--key-file."""
    parser.add_argument(
        "--key-file", type=Path, metavar="FILE", default=default_key_file(),
        help="secret that all pseudonyms depend on; created where absent (default: %(default)s)",
    )  # fmt: skip


def add_progress(parser: argparse.ArgumentParser) -> None:
    """--progress."""
    parser.add_argument(
        "--progress",
        choices=("bar", "json", "none"),
        default="bar",
        help="how to show progress (default: %(default)s)",
    )
