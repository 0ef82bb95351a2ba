"""A file that cannot be used, and why: with its name for who started the work, without it for a report."""

from pathlib import Path

from DicomSuiteLib.errors import DicomSuiteError


class UnusableFileError(DicomSuiteError):
    """A file is damaged or of another format than asked for; `reason` says so without its name or any value of it."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.reason = reason
