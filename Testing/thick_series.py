"""Small DICOM series of thick slices, complete enough for validators, and what a model would make of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, MRImageStorage, generate_uid

from DicomSuiteLib.geometry import FloatArray, ImageGeometry
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteLib.volumes import Volume
from DicomSuiteSuperResLib.models import ModelIdentity
from DicomSuiteSuperResLib.output_plan import resized
from DicomSuiteSuperResLib.super_resolution import SuperResResult

SIZE = (12, 10, 5)
"""Columns, rows, slices."""
SPACING = (0.8, 0.9, 4.2)
"""mm along them."""

MODEL = ModelIdentity("thin-slices", "1.0", "ab" * 32)
SETTINGS = {"axis": "k", "factor": 4.0, "back-projections": 0}


def thick_geometry(directions: FloatArray | None = None, shear_mm: float = 0.0) -> ImageGeometry:
    """The place of a series: columns of `directions` are the axes; each slice is moved by `shear_mm` along j."""
    axes = (np.eye(3) if directions is None else np.asarray(directions)) * SPACING
    axes[:, 2] += axes[:, 1] / SPACING[1] * shear_mm
    return ImageGeometry.from_axes(SIZE, axes, (-31.7, 12.9, 104.3))


def write_thick_series(
    folder: Path, geometry: ImageGeometry, voxels: NDArray | None = None, **attributes: object
) -> Path:
    """Write an MR or, by `Modality="CT"`, CT series; attributes by keyword go before the usual ones, None leaves out.

    `voxels` (slices, rows, columns) are 16-bit integers, stored as they are.
    """
    folder.mkdir(parents=True)
    voxels = pattern(geometry.size) if voxels is None else voxels
    series_uid, study_uid, place_uid = generate_uid(), generate_uid(), generate_uid()
    for k, pixels in enumerate(voxels):
        dataset = _slice(geometry, k, pixels, str(attributes.get("Modality", "MR")))
        dataset.SeriesInstanceUID, dataset.StudyInstanceUID = series_uid, study_uid
        dataset.FrameOfReferenceUID = place_uid
        for keyword, value in attributes.items():
            if value is None:
                dataset.pop(keyword, None)
            else:
                setattr(dataset, keyword, value)
        dataset.save_as(folder / f"{k:03}.dcm", enforce_file_format=True)
    return folder


def pattern(size: tuple[int, int, int], dtype: type = np.int16) -> NDArray:
    """Voxels (slices, rows, columns) that all differ, for small sizes."""
    k, j, i = np.indices(size[::-1])
    return (i + 20 * j + 300 * k).astype(dtype)


def derived_result(volume: Volume, factor: int = 4, voxels: NDArray | None = None) -> SuperResResult:
    """What a model that repeats every slice `factor` times would give; or these voxels at their place."""
    columns, rows, slices = volume.grid.size
    geometry = resized(volume.grid.nominal_geometry, (columns, rows, factor * slices))
    values = np.repeat(volume.voxels, factor, axis=0) if voxels is None else voxels
    made = Volume(values, SliceGrid.from_geometry(geometry), volume.modality, volume.frame_of_reference_uid)
    return SuperResResult(made, MODEL, SETTINGS, ("the slices have gaps",))


def _slice(geometry: ImageGeometry, k: int, pixels: NDArray, modality: str) -> FileDataset:
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = {"MR": MRImageStorage, "CT": CTImageStorage}[modality]
    meta.MediaStorageSOPInstanceUID = generate_uid()
    dataset = FileDataset(None, {}, preamble=bytes(128), file_meta=meta)
    directions = np.array(geometry.directions)
    values = {
        "SpecificCharacterSet": "ISO_IR 100",
        "SOPClassUID": meta.MediaStorageSOPClassUID,
        "SOPInstanceUID": meta.MediaStorageSOPInstanceUID,
        "ImageType": ["ORIGINAL", "PRIMARY", {"MR": "OTHER", "CT": "AXIAL"}[modality]],
        "PatientName": "Müller^Jörg",
        "PatientID": "P1",
        "PatientBirthDate": "19700101",
        "PatientSex": "M",
        "StudyDate": "20200102",
        "StudyTime": "101112",
        "ReferringPhysicianName": "",
        "StudyID": "7",
        "AccessionNumber": "A7",
        "StudyDescription": "Head",
        "Modality": modality,
        "SeriesNumber": 3,
        "SeriesDescription": "t2 tra",
        "Manufacturer": "Maker",
        "ManufacturerModelName": "Scanner",
        "InstitutionName": "Hospital",
        "PositionReferenceIndicator": "",
        "BodyPartExamined": "HEAD",
        "PatientPosition": "HFS",
        "AcquisitionNumber": 1,
        "AcquisitionDate": "20200102",
        "AcquisitionTime": f"1012{k:02}",
        "InstanceNumber": k + 1,
        "ImagePositionPatient": [f"{x:.9g}" for x in geometry.lps_from_ijk((0, 0, k))],
        "ImageOrientationPatient": [f"{x:.12g}" for x in directions[:, :2].T.ravel()],
        "PixelSpacing": [geometry.spacing[1], geometry.spacing[0]],
        "SliceThickness": 4.0,
        "WindowCenter": 100 + k,
        "WindowWidth": 300,
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "Rows": geometry.size[1],
        "Columns": geometry.size[0],
        "BitsAllocated": 16,
        "BitsStored": 16,
        "HighBit": 15,
        "PixelRepresentation": int(pixels.dtype.kind == "i"),
        "PixelData": pixels.astype(pixels.dtype.newbyteorder("<")).tobytes(),
    }
    of_modality = {
        "MR": {
            "ScanningSequence": "SE",
            "SequenceVariant": "SK",
            "ScanOptions": "",
            "MRAcquisitionType": "2D",
            "EchoTime": 90.5 + k,
            "EchoTrainLength": 9,
            "RepetitionTime": 4000,
            "MagneticFieldStrength": 1.5,
        },
        "CT": {"KVP": 120, "RescaleSlope": 1, "RescaleIntercept": 0, "RescaleType": "HU"},
    }[modality]
    for keyword, value in (values | of_modality).items():
        setattr(dataset, keyword, value)
    return dataset
