"""The user's private folder: the only place where DicomSuite keeps what may name patients or is secret."""

import os
import stat
from pathlib import Path

from DicomSuiteLib.errors import DicomSuiteError


def private_folder() -> Path:
    """Return ~/.dicomsuite, made if absent and closed to other users (mode 0700).

    Raises DicomSuiteError where it cannot be made or belongs to somebody else.
    """
    return make_private(Path.home() / ".dicomsuite")


def make_private(folder: Path) -> Path:
    """Return `folder`, made if absent, readable by this user alone (POSIX; on Windows a profile is private).

    Raises DicomSuiteError where it cannot be made, is a link or a file, or belongs to another user.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _require_own(folder)
        if os.name == "posix" and stat.S_IMODE(folder.stat().st_mode) & 0o077:
            folder.chmod(0o700)
    except OSError as error:
        raise DicomSuiteError(f"{folder}: {error.strerror}. This folder must be yours and writable.") from error
    return folder


def _require_own(folder: Path) -> None:
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode):
        raise DicomSuiteError(f"{folder} is no folder. Remove it, so that a private one can be made.")
    if os.name == "posix" and found.st_uid != os.getuid():
        raise DicomSuiteError(f"{folder} belongs to another user. Remove it, so that a private one can be made.")
