"""The panels of the module DicomSuiteAnonymize, and what they show on top of DicomSuiteAnonymizeLib."""
