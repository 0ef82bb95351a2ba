"""Every regular file below some paths, each once: link loops end, and what cannot be read is said."""

from __future__ import annotations

import os
from collections import namedtuple
from collections.abc import Iterable, Iterator
from pathlib import Path


class UnreadablePath(namedtuple("UnreadablePath", ("path", "reason"))):
    """A file or folder that could not be read, and why; the reason quotes nothing out of the file."""

    __slots__ = ()
    path: Path
    reason: str


def walk_files(paths: Iterable[str | os.PathLike[str]]) -> Iterator[Path | UnreadablePath]:
    """Yield the files at and below `paths` in sorted order, and what cannot be read as `UnreadablePath`.

    Symbolic links are followed; a folder or file reached twice (overlapping paths, link loops) is given once.
    """
    seen: set[str] = set()
    for path in paths:
        yield from _walk_any(os.fspath(path), seen)


def _walk_any(path: str, seen: set[str]) -> Iterator[Path | UnreadablePath]:
    yield from _walk_one(path, os.path.realpath(path), os.path.isdir(path), os.path.isfile(path), seen)


def _walk_one(
    path: str, real_path: str, is_folder: bool, is_file: bool, seen: set[str]
) -> Iterator[Path | UnreadablePath]:
    if real_path in seen:
        return
    seen.add(real_path)
    if is_folder:
        yield from _walk_folder(path, real_path, seen)
    elif is_file:
        yield Path(path)
    else:
        yield UnreadablePath(Path(path), _why_not_regular(path))


def _walk_folder(folder: str, real_folder: str, seen: set[str]) -> Iterator[Path | UnreadablePath]:
    try:
        with os.scandir(folder) as listing:
            entries = sorted(listing, key=lambda entry: entry.name)
            links = {entry.name for entry in entries if entry.is_symlink()}
            folders = {entry.name for entry in entries if entry.is_dir(follow_symlinks=False)}
            files = {entry.name for entry in entries if entry.is_file(follow_symlinks=False)}
    except OSError as error:
        yield UnreadablePath(Path(folder), reason_of(error))
        return
    for entry in entries:
        # The system is asked about links alone: what else an entry is, and where it lies, the listing has told.
        if entry.name in links:
            yield from _walk_any(entry.path, seen)
        else:
            real_path = os.path.join(real_folder, entry.name)
            yield from _walk_one(entry.path, real_path, entry.name in folders, entry.name in files, seen)


def _why_not_regular(path: str) -> str:
    try:
        os.stat(path)
    except OSError as error:
        return reason_of(error)
    return "not a regular file"


def reason_of(error: Exception) -> str:
    """Say what went wrong without quoting the error's text, which may hold values or paths of a patient."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return type(error).__name__
