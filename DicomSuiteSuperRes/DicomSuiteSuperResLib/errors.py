"""What DicomSuiteSuperRes cannot do."""

from DicomSuiteLib.errors import DicomSuiteError


class SuperResError(DicomSuiteError):
    """A volume, model or request cannot be used as asked; the message says why and what to do."""


class ModelError(SuperResError):
    """A file is no model that can be used safely; the message names it, says why and what to do."""
