"""What commands of `dicomsuite` show: progress while they run, and at their end what they have made."""

from __future__ import annotations

import json
import sys

from DicomSuiteLib.printable import printable

TYPE_CHECKING = False  # typing is not imported: see the start-up budget in test_cli.py
if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Mapping
    from typing import Any

EXIT_SOME_REFUSED = 3
"""Done, but for something that was asked for and could not be made."""


def add_progress(parser: argparse.ArgumentParser) -> None:
    """--progress, for `ProgressReporter` and `write_result`."""
    parser.add_argument(
        "--progress", choices=("bar", "json", "none"), default="bar", help="how to show progress (default: %(default)s)"
    )


def write_result(progress: str, result: Mapping[str, Any], lines: Iterable[str]) -> None:
    """Write to standard output: with `--progress json` the result on one line of JSON, else `lines` for people."""
    shown = [json.dumps({"result": result})] if progress == "json" else map(printable, lines)
    sys.stdout.writelines(f"{line}\n" for line in shown)
