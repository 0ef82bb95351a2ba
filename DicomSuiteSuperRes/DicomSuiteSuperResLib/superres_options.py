"""What a run of `dicomsuite superres` is asked to do, apart from the inputs and the model."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from pathlib import Path

from DicomSuiteSuperResLib.references import References
from DicomSuiteSuperResLib.super_resolution import SuperResRequest


class FileFormat(enum.StrEnum):
    """Of the results."""

    NRRD = "nrrd"
    NIFTI = "nifti"

    @property
    def suffix(self) -> str:
        """How the names of its files end."""
        return ".nii.gz" if self is FileFormat.NIFTI else ".nrrd"


@dataclass(frozen=True)
class SuperResOptions:
    """What is written, and where.

    Parameters
    ----------
    folder : new or empty, unless `resumes`
    request : how volumes are super-resolved
    file_format : None: NIfTI for NIfTI, NRRD for everything else
    references : what the results are compared with; None: nothing
    writes_dicom : whether a derived DICOM series is written, too
    has_report : whether pictures and a page for people are written
    resumes : whether what an interrupted run in the folder has finished is kept
    """

    folder: Path
    request: SuperResRequest = SuperResRequest()
    file_format: FileFormat | None = None
    references: References | None = None
    writes_dicom: bool = False
    has_report: bool = False
    resumes: bool = False
