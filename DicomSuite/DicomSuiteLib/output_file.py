"""Write a file completely or not at all, and say in words why it cannot be written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from DicomSuiteLib.errors import DicomSuiteError
from DicomSuiteLib.new_file import new_file


class OutputError(DicomSuiteError):
    """A result cannot be written; the message names the file and says why."""


@contextmanager
def output_file(path: Path) -> Iterator[Path]:
    """Give a temporary path to write to, as `new_file`.

    Raises
    ------
    OutputError
        If the file cannot be written: no room, no right, a name that is too long.
    """
    try:
        with new_file(path) as partial:
            yield partial
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise OutputError(f"{path} cannot be written: {reason}; make room or choose another folder.") from error


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8 with the line ends it has, the same on every system; raises OutputError."""
    with output_file(path) as partial:
        partial.write_text(text, encoding="utf-8", newline="\n")


def write_json(path: Path, content: Any) -> None:
    """Write `content` as JSON for programs and people; raises OutputError."""
    write_text(path, json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n")
