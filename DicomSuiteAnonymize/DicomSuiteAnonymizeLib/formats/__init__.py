"""Files that are no DICOM but belong to images: NIfTI, NRRD, pictures and sidecars, without what identifies."""
