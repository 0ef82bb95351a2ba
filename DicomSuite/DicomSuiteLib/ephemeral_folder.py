"""A private folder that lives as long as this process: removed at its end, or by the next one if it was killed."""

import atexit
import getpass
import shutil
import tempfile
import uuid
from functools import cache
from pathlib import Path

from DicomSuiteLib.instance_lock import InstanceLock, is_held
from DicomSuiteLib.private_folder import make_private

_LOCK_SUFFIX = ".lock"


@cache
def _own() -> "tuple[InstanceLock, Path]":
    # The lock is held before its folder exists, so that no other process takes it for a dead one's.
    root = _root()
    remove_leftovers()
    name = uuid.uuid4().hex
    lock = InstanceLock(root / (name + _LOCK_SUFFIX))
    lock.hold()
    atexit.register(remove_ephemeral_folder)
    return lock, make_private(root / name)


def ephemeral_folder() -> Path:
    """Return this process's own folder, made on first use; raises DicomSuiteError where that is refused."""
    return _own()[1]


def remove_ephemeral_folder() -> None:
    """Remove the folder and all that is in it; nothing happens where there is none."""
    if _own.cache_info().currsize:
        lock, folder = _own()
        _own.cache_clear()
        shutil.rmtree(folder, ignore_errors=True)  # what another program holds open goes at the next start
        lock.release()


def remove_leftovers() -> None:
    """Remove the folders of this user's processes that were killed."""
    for folder in _root().iterdir():
        lock = folder.with_name(folder.name + _LOCK_SUFFIX)
        if folder.is_dir() and not is_held(lock):
            shutil.rmtree(folder, ignore_errors=True)
            lock.unlink(missing_ok=True)


def _root() -> Path:
    return make_private(Path(tempfile.gettempdir(), f"dicomsuite-{getpass.getuser()}"))
