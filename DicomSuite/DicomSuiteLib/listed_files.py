"""A list of files on standard input: one path a line, or each ended by NUL as `find -print0` does."""

import os

TYPE_CHECKING = False  # typing is not imported: see the start-up budget in test_cli.py
if TYPE_CHECKING:
    from typing import BinaryIO

STANDARD_INPUT = "-"
"""What stands for the list on a command line."""


def read_listed_files(stream: "BinaryIO") -> list[str]:
    """The paths, in the order of the list; empty lines are passed over."""
    content = stream.read()
    lines = content.split(b"\0") if b"\0" in content else content.splitlines()
    return [os.fsdecode(line) for line in lines if line]
