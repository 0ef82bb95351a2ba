"""Small DICOM image files for tests: slices with exactly the attributes a test is about."""

from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

AXIAL = (1, 0, 0, 0, 1, 0)
STUDY_UID = generate_uid(entropy_srcs=["study"])
SERIES_UID = generate_uid(entropy_srcs=["series"])
FRAME_OF_REFERENCE_UID = generate_uid(entropy_srcs=["frame of reference"])


def write_slice(path: Path, **attributes: object) -> Path:
    """Write a CT slice of 4 columns and 3 rows; `attributes` by keyword override it, None leaves one out."""
    dataset = Dataset()
    uid = generate_uid(entropy_srcs=[str(path)])
    defaults = {
        "SOPClassUID": CTImageStorage,
        "SOPInstanceUID": uid,
        "StudyInstanceUID": STUDY_UID,
        "SeriesInstanceUID": SERIES_UID,
        "FrameOfReferenceUID": FRAME_OF_REFERENCE_UID,
        "Modality": "CT",
        "PatientID": "P1",
        "PatientName": "Doe^Jane",
        "ImageOrientationPatient": list(AXIAL),
        "PixelSpacing": [0.75, 0.5],
        "SliceThickness": 2,
        "Rows": 3,
        "Columns": 4,
        "BitsAllocated": 8,
        "BitsStored": 8,
        "HighBit": 7,
        "PixelRepresentation": 0,
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
    }
    for keyword, value in (defaults | attributes).items():
        if value is not None:
            setattr(dataset, keyword, value)
    if "Rows" in dataset:
        dataset.PixelData = bytes(
            int(dataset.Rows) * int(dataset.Columns) * int(dataset.get("NumberOfFrames", 1))
        )
        dataset["PixelData"].VR = "OB"
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.get("SOPInstanceUID", uid)
    path.parent.mkdir(parents=True, exist_ok=True)
    dataset.save_as(path, enforce_file_format=True)
    return path


def write_stack(folder: Path, heights: list[float], orientation=AXIAL, **attributes: object) -> list[Path]:
    """Write one slice for each height (mm along the normal); names and InstanceNumbers run the other way."""
    normal = np.cross(orientation[:3], orientation[3:])
    start = len(list(folder.glob("*"))) if folder.exists() else 0
    paths = []
    for number, height in enumerate(heights):
        own = {
            "ImagePositionPatient": [round(float(x), 6) for x in height * normal],
            "ImageOrientationPatient": list(orientation),
            "InstanceNumber": 1000 - start - number,
        }
        paths.append(write_slice(folder / f"{9999 - start - number}.dcm", **(own | attributes)))
    return paths
