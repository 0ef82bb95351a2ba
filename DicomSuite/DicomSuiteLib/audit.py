"""The audit trail: one JSON line per processed file, there whole or not at all.

By contract a record holds no patient data: digests, attribute paths, actions and rules, never a value or a
path of the source. This file cannot check that; whoever builds the records answers for it.
"""

from __future__ import annotations

import os

from DicomSuiteLib.errors import DicomSuiteError

TYPE_CHECKING = False  # typing is not imported: see the start-up budget in test_cli.py
if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType
    from typing import Self


class AuditError(DicomSuiteError):
    """The audit trail cannot be written."""


class AuditTrail:
    """Writes records to `path` as JSON lines; the file appears when the trail is closed.

    Until then the lines are in a hidden ".part" file, which a repeated run overwrites. The text is
    canonical (sorted keys, no spaces, ASCII, "\\n"), so that equal records give equal bytes everywhere.
    As a context manager it leaves nothing behind when its body raises. Raises AuditError if the disk refuses.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        import json

        self._path = os.fspath(path)
        folder, name = os.path.split(self._path)
        self._part = os.path.join(folder, f".{name}.part")
        self._encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False).encode
        try:
            self._stream = open(self._part, "w", encoding="ascii", newline="\n")  # noqa: SIM115 (closed in close())
        except OSError as error:
            raise self._refusal(error) from error

    def write(self, record: Mapping[str, object]) -> None:
        """Add one record, which by contract holds no patient data."""
        line = self._encode(dict(record)) + "\n"
        try:
            self._stream.write(line)
        except OSError as error:
            raise self._refusal(error) from error

    def close(self) -> None:
        """Put the complete file in its place, or leave none if the disk refuses; may be called again."""
        if self._stream.closed:
            return
        try:
            self._stream.flush()
            os.fsync(self._stream.fileno())
            self._stream.close()
            os.replace(self._part, self._path)
        except OSError as error:
            self.discard()
            raise self._refusal(error) from error

    def discard(self) -> None:
        """Give the trail up and leave no file behind."""
        import contextlib

        with contextlib.suppress(OSError):  # a full disk refuses the last flush; the file goes anyway
            self._stream.close()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._part)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.discard()

    def _refusal(self, error: OSError) -> AuditError:
        return AuditError(
            f"{self._path}: the audit trail cannot be written ({error.strerror}); "
            "free some space or choose an output folder that can be written"
        )


def file_sha256(path: str | os.PathLike[str]) -> str:
    """Return the SHA-256 of a file as 64 hex digits, read in pieces; raises OSError if it cannot be read."""
    import hashlib

    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
