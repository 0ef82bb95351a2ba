"""The panels of the module DicomSuiteRender."""
