"""Writing a new file so that it appears complete or not at all."""

import os
from collections.abc import Iterator
from functools import lru_cache
from hashlib import sha256

from DicomSuiteAnonymizeLib.elements import FileRange
from DicomSuiteAnonymizeLib.errors import AnonymizeError
from DicomSuiteAnonymizeLib.source_file import SourceFile
from DicomSuiteLib.errors import DicomSuiteError

_COPY_CHUNK = 1 << 20
_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0)
_buffer = bytearray(_COPY_CHUNK)
"""What is copied unread passes through it. (Letting the kernel copy costs more: the pages of source and target are not
aligned to each other, because the new header has another length.)"""
_known_folders: set[str] = set()


class TargetError(DicomSuiteError):
    """The output folder takes no more files: the run has to stop, and can go on later."""


def write_parts(source: SourceFile, parts: list[bytes | FileRange], path: str) -> None:
    """Write the parts to `path` under a temporary name beside it, then rename; ranges are copied from `source`.

    Raises TargetError where the target refuses (disk full, no permission); AnonymizeError where the source got
    shorter meanwhile. In both cases nothing is left behind.
    """
    folder, name = path.rsplit("/", 1)
    partial = f"{folder}/.{name}.{_process_name(os.getpid())}.part"
    try:
        if folder not in _known_folders:
            os.makedirs(folder, exist_ok=True)
            _known_folders.add(folder)
        try:
            descriptor = os.open(partial, _FLAGS, 0o666)
        except FileNotFoundError:  # somebody removed the folder
            os.makedirs(folder, exist_ok=True)
            descriptor = os.open(partial, _FLAGS, 0o666)
    except OSError as error:
        raise _target_error(folder, error) from error
    try:
        try:
            _write(descriptor, source, parts)
        finally:
            os.close(descriptor)
        os.replace(partial, path)
    except OSError as error:
        _remove(partial)
        raise _target_error(folder, error) from error
    except BaseException:
        _remove(partial)
        raise


def holds_parts(path: str, source: SourceFile, parts: list[bytes | FileRange]) -> bool:
    """Whether a file exists that holds exactly the parts. Raises AnonymizeError as `write_parts` does."""
    try:
        with open(path, "rb") as file:
            same = all(file.read(len(piece)) == piece for part in parts for piece in _pieces(source, part))
            return same and not file.read(1)
    except FileNotFoundError:
        return False


def _pieces(source: SourceFile, part: bytes | FileRange) -> Iterator[bytes | memoryview]:
    """The bytes of a part; what comes of the source is valid until the next piece."""
    if type(part) is bytes:
        yield part
        return
    offset, end = part.offset, part.offset + part.length
    while offset < end:
        chunk = _read(source, offset, min(end - offset, _COPY_CHUNK))
        yield chunk
        offset += len(chunk)


@lru_cache(maxsize=1)
def _process_name(_process_id: int) -> str:
    """A name that no other process has, be it on another computer: two may write the same file at the same time."""
    return os.urandom(8).hex()


def parts_sha256(parts: list[bytes | FileRange]) -> str:
    """SHA-256 (hexadecimal) of all but the ranges copied unread."""
    digest = sha256()
    for part in parts:
        if type(part) is bytes:
            digest.update(part)
    return digest.hexdigest()


def _write(descriptor: int, source: SourceFile, parts: list[bytes | FileRange]) -> None:
    pending: list[bytes] = []
    for part in parts:
        if type(part) is bytes:
            pending.append(part)
            continue
        for chunk in _pieces(source, part):
            _write_all(descriptor, b"".join(pending), chunk)
            pending = []
    if pending:
        _write_all(descriptor, b"".join(pending))


def _write_all(descriptor: int, *pieces: bytes | memoryview) -> None:
    written = os.writev(descriptor, pieces) if hasattr(os, "writev") else 0
    for piece in pieces:
        rest = piece[written:]
        written -= len(piece) - len(rest)
        while rest:
            rest = rest[os.write(descriptor, rest) :]


def _read(source: SourceFile, offset: int, count: int) -> memoryview:
    """Bytes of the source, in the one buffer: valid until the next call."""
    chunk = memoryview(_buffer)[:count]
    try:
        read = source.read_into(chunk, offset)
    except OSError as error:  # the source's, so that the target is not blamed and the run goes on
        raise AnonymizeError(f"cannot be read: {error.strerror}") from error
    if not read:
        raise AnonymizeError("the file became shorter while it was read")
    return chunk[:read]


def _remove(path: str) -> None:
    try:
        os.unlink(path)
    except FileNotFoundError:
        return


def _target_error(folder: str, error: OSError) -> TargetError:
    return TargetError(f"{folder}: {error.strerror}. Make room or choose another folder; --resume finishes the run.")
