"""The panels of the module DicomSuiteRTOverlay, and what they show on top of DicomSuiteRTOverlayLib."""
