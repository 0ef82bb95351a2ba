"""The DICOM images that a volume was read from, for objects that are derived from them and refer to them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import Dataset

from DicomSuiteLib.errors import DicomSuiteError
from DicomSuiteLib.file_walk import reason_of
from DicomSuiteLib.quiet_pydicom import quiet_pydicom
from DicomSuiteLib.series_files import Instance, read_instance
from DicomSuiteLib.volumes import Volume

MANUFACTURER = "DicomSuite"
"""What derived objects name as the equipment that made them (PS3.3 C.7.5.1)."""

PATIENT_AND_STUDY_TYPE_2 = (
    *("PatientName", "PatientID", "PatientBirthDate", "PatientSex"),
    *("StudyDate", "StudyTime", "ReferringPhysicianName", "StudyID", "AccessionNumber"),
)
"""PS3.3 C.7.1.1 and C.7.2.1: stand in every object, empty where unknown."""

PATIENT_AND_STUDY_OPTIONAL = (
    *("IssuerOfPatientID", "OtherPatientIDsSequence", "PatientComments", "EthnicGroup", "PatientSpeciesDescription"),
    *("PatientIdentityRemoved", "DeidentificationMethod", "DeidentificationMethodCodeSequence"),
    *("StudyDescription", "PatientAge", "PatientSize", "PatientWeight"),
    *("ClinicalTrialSponsorName", "ClinicalTrialProtocolID", "ClinicalTrialProtocolName", "ClinicalTrialSiteID"),
    *("ClinicalTrialSiteName", "ClinicalTrialSubjectID", "ClinicalTrialSubjectReadingID"),
    *("ClinicalTrialTimePointID", "ClinicalTrialTimePointDescription", "LongitudinalTemporalInformationModified"),
)
"""What else of the patient and the study (PS3.3 C.7.1, C.7.2) holds for objects derived from its images."""


class DicomSourceError(DicomSuiteError):
    """A volume's DICOM images cannot be referred to; the message says why and what to do."""


@dataclass(frozen=True, eq=False)
class SourceSlice:
    """The image of one slice: its file's header, and which frame of the file it is; None for a single-frame file."""

    header: Dataset
    frame_number: int | None

    def reference(self) -> Dataset:
        """An item that refers to the image: PS3.3 table 10-3, Image SOP Instance Reference Macro."""
        item = Dataset()
        item.ReferencedSOPClassUID = self.header.SOPClassUID
        item.ReferencedSOPInstanceUID = self.header.SOPInstanceUID
        if self.frame_number is not None:
            item.ReferencedFrameNumber = self.frame_number
        return item


def source_slices(volume: Volume, purpose: str) -> tuple[SourceSlice, ...]:
    """Read the headers, without pixels, of the images of every slice, in the order of the slices.

    Parameters
    ----------
    volume : what the derived object refers to
    purpose : the kind of that object, for messages: "RTSTRUCT", "DICOM SEG"

    Raises
    ------
    DicomSourceError
        If the volume is not DICOM, has no frame of reference, or a file can no longer be read.
    """
    if not volume.is_dicom:
        raise DicomSourceError(
            f"{purpose} needs the DICOM images that it refers to, and the volume was not read from any; name the DICOM "
            "folder, or export another format."
        )
    if not volume.frame_of_reference_uid:
        raise DicomSourceError(
            f"{purpose} needs the frame of reference of the images, and {volume.files[0]} has no FrameOfReferenceUID; "
            "export another format."
        )
    headers = {path: _header(path) for path in dict.fromkeys(volume.files)}
    return tuple(
        SourceSlice(headers[path], number) for path, number in zip(volume.files, _frame_numbers(volume), strict=True)
    )


def copy_patient_and_study(source: Dataset, target: Dataset) -> None:
    """Give `target` the patient and the study of `source`, and text in UTF-8."""
    target.SpecificCharacterSet = "ISO_IR 192"
    target.StudyInstanceUID = source.StudyInstanceUID
    for keyword in PATIENT_AND_STUDY_TYPE_2:
        setattr(target, keyword, source.get(keyword))
    for keyword in PATIENT_AND_STUDY_OPTIONAL:
        if keyword in source:
            setattr(target, keyword, source.get(keyword))


def _header(path: Path) -> Dataset:
    try:
        with quiet_pydicom():
            return pydicom.dcmread(path, stop_before_pixels=True)
    except Exception as error:  # a file that has changed since the volume was read can raise anything
        raise DicomSourceError(f"{path}, an image of the volume, cannot be read again: {reason_of(error)}.") from error


def _frame_numbers(volume: Volume) -> Iterable[int | None]:
    """The number of each slice's frame in its file; the one nearest to the slice, for frames are found by place."""
    files = {path: read_instance(path) for path in dict.fromkeys(volume.files)}
    return [
        _frame_number(files[path], np.array(position))
        for path, position in zip(volume.files, volume.grid.positions, strict=True)
    ]


def _frame_number(instance: object, position: np.ndarray) -> int | None:
    if not isinstance(instance, Instance) or len(instance.frames) < 2:
        return None
    return min(instance.frames, key=lambda frame: np.linalg.norm(position - frame.position)).number
