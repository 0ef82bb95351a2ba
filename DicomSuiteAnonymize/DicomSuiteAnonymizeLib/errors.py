"""The error of the de-identification library."""

from DicomSuiteLib.errors import DicomSuiteError


class AnonymizeError(DicomSuiteError):
    """De-identification cannot go on; the message names the file or option, what is wrong, what to do."""
