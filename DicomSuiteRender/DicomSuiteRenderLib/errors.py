"""What DicomSuiteRender cannot do."""

from DicomSuiteLib.errors import DicomSuiteError


class RenderError(DicomSuiteError):
    """A volume cannot be shown, measured or exported as asked; the message says why and what to do."""
