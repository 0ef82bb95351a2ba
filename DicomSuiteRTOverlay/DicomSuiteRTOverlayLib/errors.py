"""The error of this library."""

from DicomSuiteLib.errors import DicomSuiteError


class OverlayError(DicomSuiteError):
    """A mask, its placement or an export cannot be made; the message names the file, what is wrong and what to do."""
