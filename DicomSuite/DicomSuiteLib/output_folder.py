"""A folder of its own for the result of a command."""

from __future__ import annotations

from pathlib import Path

from DicomSuiteLib.errors import UsageError


def claim_folder(folder: Path, mode: int = 0o777) -> None:
    """Make a folder, which must hold nothing: what lies there is never overwritten.

    `mode` is that of a new folder, as for Path.mkdir; one that is there keeps its own.

    Raises
    ------
    UsageError
        If it holds something or cannot be made.
    """
    try:
        folder.mkdir(mode, parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise UsageError(f"{folder} is not empty; name a folder that does not exist yet.")
    except OSError as error:
        raise UsageError(f"{folder} cannot be used for the result: {error.strerror}; name another folder.") from error
