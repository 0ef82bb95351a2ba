"""The DICOM images that a volume was read from, for objects that are derived from them and refer to them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from DicomSuiteLib.errors import DicomSuiteError
from DicomSuiteLib.file_walk import reason_of
from DicomSuiteLib.quiet_pydicom import quiet_pydicom
from DicomSuiteLib.series_files import UNUSABLE_VALUE, Instance, read_instance
from DicomSuiteLib.volumes import Volume

MANUFACTURER = "DicomSuite"
"""What derived objects name as the equipment that made them (PS3.3 C.7.5.1)."""

PATIENT_AND_STUDY_TYPE_2 = (
    *("PatientName", "PatientID", "PatientBirthDate", "PatientSex"),
    *("StudyDate", "StudyTime", "ReferringPhysicianName", "StudyID", "AccessionNumber"),
)
"""PS3.3 C.7.1.1 and C.7.2.1: stand in every object, empty where unknown."""

PATIENT_AND_STUDY_OPTIONAL = (
    *("IssuerOfPatientID", "PatientComments", "EthnicGroup", "PatientSpeciesDescription"),
    *("PatientIdentityRemoved", "DeidentificationMethod"),
    *("StudyDescription", "PatientAge", "PatientSize", "PatientWeight"),
    *("ClinicalTrialSponsorName", "ClinicalTrialProtocolID", "ClinicalTrialProtocolName", "ClinicalTrialSiteID"),
    *("ClinicalTrialSiteName", "ClinicalTrialSubjectID", "ClinicalTrialSubjectReadingID"),
    *("ClinicalTrialTimePointID", "ClinicalTrialTimePointDescription", "LongitudinalTemporalInformationModified"),
)
"""What else of the patient and the study (PS3.3 C.7.1, C.7.2) holds for objects derived from its images."""

PATIENT_AND_STUDY_SEQUENCES: Mapping[str, tuple[str, ...]] = {
    "OtherPatientIDsSequence": ("PatientID", "IssuerOfPatientID", "TypeOfPatientID"),
    "DeidentificationMethodCodeSequence": (
        *("CodeValue", "LongCodeValue", "URNCodeValue", "CodingSchemeDesignator", "CodingSchemeVersion"),
        "CodeMeaning",
    ),
}
"""Sequences that hold, too, and which attributes of their items."""


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
        If the volume is not DICOM, has no study or frame of reference, or a file can no longer be read.
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
    if not usable_value(headers[volume.files[0]], "StudyInstanceUID"):
        raise DicomSourceError(
            f"{purpose} needs the study of the images, and {volume.files[0]} has no StudyInstanceUID; export another "
            "format."
        )
    return tuple(
        SourceSlice(headers[path], number) for path, number in zip(volume.files, _frame_numbers(volume), strict=True)
    )


def copy_patient_and_study(source: Dataset, target: Dataset) -> None:
    """Give `target` the patient and the study of `source`, and text in UTF-8; nothing private comes with them."""
    target.SpecificCharacterSet = "ISO_IR 192"
    target.StudyInstanceUID = source.StudyInstanceUID
    for keyword in PATIENT_AND_STUDY_TYPE_2:
        set_type_2(target, keyword, usable_value(source, keyword))
    for keyword in PATIENT_AND_STUDY_OPTIONAL:
        set_usable(target, keyword, usable_value(source, keyword))
    for keyword, kept in PATIENT_AND_STUDY_SEQUENCES.items():
        set_usable(target, keyword, _copied_items(usable_value(source, keyword), kept))


def usable_value(header: Dataset, keyword: str) -> Any:
    """The value of an attribute; None where it is absent or breaks its VR."""
    try:
        return header.get(keyword)
    except UNUSABLE_VALUE:
        return None


def set_usable(target: Dataset, keyword: str, value: object) -> None:
    """Set an attribute; `target` is left without it where the value is None or breaks its VR."""
    target.pop(keyword, None)
    if value is not None:
        with contextlib.suppress(*UNUSABLE_VALUE):  # what one file says wrongly of itself, the next need not repeat
            setattr(target, keyword, value)


def set_type_2(target: Dataset, keyword: str, value: object) -> None:
    """Set an attribute that must stand there; it is empty where the value is None or breaks its VR."""
    set_usable(target, keyword, value)
    if keyword not in target:
        setattr(target, keyword, None)


def _copied_items(items: object, keywords: Iterable[str]) -> list[Dataset] | None:
    """The items with these attributes alone, decoded: as bytes they would stand in another character set."""
    if not isinstance(items, Sequence):
        return None
    copies = [Dataset() for _ in items]
    for item, copy in zip(items, copies, strict=True):
        for keyword in keywords:
            set_usable(copy, keyword, usable_value(item, keyword))
    return copies


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
