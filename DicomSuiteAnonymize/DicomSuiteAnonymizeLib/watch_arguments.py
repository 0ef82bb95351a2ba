"""Arguments that make a run follow its folders: --watch, --settle, --idle."""

import argparse

from DicomSuiteLib.errors import UsageError

TYPE_CHECKING = False  # typing is not imported: see the start-up budget in test_cli.py
if TYPE_CHECKING:
    from DicomSuiteAnonymizeLib.watch import WatchOptions

SETTLE_S = 5.0
"""Longer than senders pause within a file on a network at work."""


def add_watch(parser: argparse.ArgumentParser) -> None:
    """--watch, --settle and --idle, for `watch_of`."""
    parser.add_argument(
        "--watch", action="store_true",
        help="go on with what arrives in the folders SRC, until Ctrl-C; started again, it goes on where it was",
    )  # fmt: skip
    parser.add_argument(
        "--settle", type=float, default=SETTLE_S, metavar="SECONDS",
        help="with --watch: a file that has not changed for so long is complete (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--idle", type=float, metavar="SECONDS", help="with --watch: end after so long without anything new"
    )


def watch_of(args: argparse.Namespace) -> "WatchOptions | None":
    """How the folders are followed, None where they are not. Raises UsageError for what is no time."""
    if args.watch:
        from DicomSuiteAnonymizeLib.watch import WatchOptions

        return WatchOptions(args.settle, args.idle)
    if args.idle is not None:
        raise UsageError("--idle says when --watch ends: add --watch.")
    return None
