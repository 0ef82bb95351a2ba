"""``DICOMLib``: helpers around the DICOM database."""
