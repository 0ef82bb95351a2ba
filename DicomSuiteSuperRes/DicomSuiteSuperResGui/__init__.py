"""The panels of DicomSuiteSuperRes."""
