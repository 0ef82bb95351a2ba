"""What a command that was killed leaves behind: hidden files and folders that end in ".part", as of `new_file`."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path

PART_SUFFIX = ".part"


def remove_unfinished_files(folder: str | os.PathLike[str]) -> None:
    """Remove what DicomSuite had begun to write below `folder`; what cannot be removed is still marked as a part."""
    for parent, folders, names in os.walk(folder):
        for name in filter(_is_unfinished, names):
            with contextlib.suppress(OSError):
                Path(parent, name).unlink()
        for name in filter(_is_unfinished, folders):
            shutil.rmtree(Path(parent, name), ignore_errors=True)


def _is_unfinished(name: str) -> bool:
    return name.startswith(".") and name.endswith(PART_SUFFIX)
