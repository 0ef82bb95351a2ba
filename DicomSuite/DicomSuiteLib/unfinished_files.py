"""What a command that was killed leaves behind: hidden files and folders that end in ".part", as of `new_file`."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

PART_SUFFIX = ".part"


def remove_unfinished_files(folder: str | os.PathLike[str]) -> None:
    """Remove what DicomSuite had begun to write below `folder`; what cannot be removed is still marked as a part."""
    for parent, folders, names in os.walk(folder):
        for name in filter(is_unfinished, names):
            with contextlib.suppress(OSError):
                Path(parent, name).unlink()
        for name in filter(is_unfinished, folders):
            import shutil  # takes long for something that is hardly ever there

            shutil.rmtree(Path(parent, name), ignore_errors=True)


def is_unfinished(name: str) -> bool:
    """Whether a file or folder of this name was being written."""
    return name.startswith(".") and name.endswith(PART_SUFFIX)
