"""Write segments as a DICOM RT Structure Set (PS3.3 A.19) that refers to the images of their volume."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

import numpy as np
from pydicom.charset import default_encoding
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.tag import Tag
from pydicom.uid import ImplicitVRLittleEndian, RTStructureSetStorage, generate_uid

from DicomSuiteLib.dicom_source import MANUFACTURER, SourceSlice, copy_patient_and_study, source_slices
from DicomSuiteLib.geometry import FloatArray
from DicomSuiteLib.output_file import output_file
from DicomSuiteLib.quiet_pydicom import quiet_pydicom
from DicomSuiteLib.segments import Segment, Segmentation
from DicomSuiteLib.version import VERSION
from DicomSuiteLib.volumes import Volume
from DicomSuiteRTOverlayLib.dicom_names import MODEL_NAME, dicom_name, name_notes
from DicomSuiteRTOverlayLib.errors import OverlayError
from DicomSuiteRTOverlayLib.half_level_contours import half_level_contours

DETACHED_STUDY_MANAGEMENT = "1.2.840.10008.3.1.2.3.1"
"""What RTReferencedStudySequence names as the class of a study; retired, and still what PS3.3 C.8.8.5 asks for."""

DECIMALS = 5
"""Digits behind the point of a contour's mm: 10 nm, far below any voxel, and at most 16 characters (PS3.5, VR DS)."""

CONTOUR_DATA = Tag("ContourData")


def write_rtstruct(path: Path, segmentation: Segmentation, volume: Volume) -> tuple[str, ...]:
    """Write every segment as an ROI whose contours run half-way between the voxels inside and outside.

    Each contour lies in the plane of its own slice, so a tilted gantry and uneven slices are kept. Who reads by
    voxel centres gets the same voxels back.

    Parameters
    ----------
    path : file to write; appears when it is complete
    segmentation : on the grid of `volume`
    volume : read from DICOM; patient, study and frame of reference are its own

    Returns
    -------
    tuple of str
        What was changed or left out, in words.

    Raises
    ------
    OverlayError
        If the volume is not DICOM, has no frame of reference, or is not the one that the segments lie on.
    """
    if segmentation.grid != volume.grid:
        raise OverlayError(f"{path} was not written: the segments lie on another grid of voxels than the volume.")
    slices = source_slices(volume, "RTSTRUCT")
    with quiet_pydicom():
        dataset = _structure_set(slices, volume)
        dataset.StructureSetROISequence = [
            _roi(number, segment, volume.frame_of_reference_uid) for number, segment in _numbered(segmentation)
        ]
        dataset.ROIContourSequence = [
            _roi_contour(number, segment, slices, volume) for number, segment in _numbered(segmentation)
        ]
        dataset.RTROIObservationsSequence = [_observation(number) for number, _ in _numbered(segmentation)]
        with output_file(path) as partial:
            dataset.save_as(partial, enforce_file_format=True)
    return tuple(_notes(segmentation.segments))


def _numbered(segmentation: Segmentation) -> Iterator[tuple[int, Segment]]:
    return enumerate(segmentation.segments, start=1)


def _notes(segments: Sequence[Segment]) -> Iterator[str]:
    yield from name_notes(segments)
    for segment in segments:
        if segment.is_empty:
            yield f"{segment.name!r} has no voxel and is written as an ROI without contours"


def _structure_set(slices: Sequence[SourceSlice], volume: Volume) -> FileDataset:
    """All that does not depend on the segments.

    Implicit VR, because a contour of more than 65,534 characters has no place in the length of an explicit DS.
    """
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ImplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = RTStructureSetStorage
    meta.MediaStorageSOPInstanceUID = generate_uid()
    dataset = FileDataset(None, {}, preamble=b"\0" * 128, file_meta=meta)
    copy_patient_and_study(slices[0].header, dataset)
    now = datetime.now()
    dataset.SOPClassUID = meta.MediaStorageSOPClassUID
    dataset.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    dataset.InstanceCreationDate = dataset.StructureSetDate = now.strftime("%Y%m%d")
    dataset.InstanceCreationTime = dataset.StructureSetTime = now.strftime("%H%M%S")
    dataset.Modality = "RTSTRUCT"
    dataset.SeriesInstanceUID = generate_uid()
    dataset.SeriesNumber = 1
    dataset.OperatorsName = None
    dataset.Manufacturer = MANUFACTURER
    dataset.ManufacturerModelName = MODEL_NAME
    dataset.SoftwareVersions = VERSION
    dataset.FrameOfReferenceUID = volume.frame_of_reference_uid
    dataset.PositionReferenceIndicator = slices[0].header.get("PositionReferenceIndicator")
    dataset.StructureSetLabel = MANUFACTURER
    dataset.ReferencedFrameOfReferenceSequence = [_frame_of_reference(slices, volume)]
    dataset.ApprovalStatus = "UNAPPROVED"
    return dataset


def _frame_of_reference(slices: Sequence[SourceSlice], volume: Volume) -> Dataset:
    series = Dataset()
    series.SeriesInstanceUID = volume.series_uid
    series.ContourImageSequence = [image.reference() for image in slices]
    study = Dataset()
    study.ReferencedSOPClassUID = DETACHED_STUDY_MANAGEMENT
    study.ReferencedSOPInstanceUID = slices[0].header.StudyInstanceUID
    study.RTReferencedSeriesSequence = [series]
    frame = Dataset()
    frame.FrameOfReferenceUID = volume.frame_of_reference_uid
    frame.RTReferencedStudySequence = [study]
    return frame


def _roi(number: int, segment: Segment, frame_of_reference_uid: str) -> Dataset:
    item = Dataset()
    item.ROINumber = number
    item.ReferencedFrameOfReferenceUID = frame_of_reference_uid
    item.ROIName = dicom_name(segment)
    item.ROIGenerationAlgorithm = None  # a person or a program drew the voxels: nobody knows any more which
    item.ROIGenerationDescription = "Contours of a voxel mask"
    return item


def _observation(number: int) -> Dataset:
    item = Dataset()
    item.ObservationNumber = number
    item.ReferencedROINumber = number
    item.RTROIInterpretedType = None
    item.ROIInterpreter = None
    return item


def _roi_contour(number: int, segment: Segment, slices: Sequence[SourceSlice], volume: Volume) -> Dataset:
    item = Dataset()
    item.ROIDisplayColor = [round(255 * channel) for channel in segment.colour]
    contours = [
        _contour(points, slices[k], contour_number)
        for contour_number, (k, points) in enumerate(_placed_contours(segment, volume), start=1)
    ]
    if contours:
        item.ContourSequence = contours
    item.ReferencedROINumber = number
    return item


def _placed_contours(segment: Segment, volume: Volume) -> Iterator[tuple[int, FloatArray]]:
    """The slice number and the LPS points, mm, of every contour."""
    first_k, first_j, first_i = segment.offset
    for k, plane in enumerate(segment.voxels, start=first_k):
        for polygon in half_level_contours(plane):
            ijk = np.column_stack([polygon + (first_i, first_j), np.full(len(polygon), k)])
            yield k, volume.grid.lps_from_ijk(ijk)


def _contour(points: FloatArray, image: SourceSlice, number: int) -> Dataset:
    item = Dataset()
    item.ContourNumber = number
    item.ContourImageSequence = [image.reference()]
    item.ContourGeometricType = "CLOSED_PLANAR"
    item.NumberOfContourPoints = len(points)
    text = "\\".join(map(repr, points.round(DECIMALS).ravel().tolist())).encode("ascii")
    text += b" " * (len(text) % 2)
    # As bytes that need no conversion: pydicom would make an object of every number, which takes most of the time.
    item[CONTOUR_DATA] = RawDataElement(CONTOUR_DATA, "DS", len(text), text, 0, True, True)
    item.set_original_encoding(is_implicit_vr=True, is_little_endian=True, character_encoding=default_encoding)
    return item
