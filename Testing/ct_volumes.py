"""Small CT series on disk, valid as DICOM and placed as a test wants them, and segments that lie on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, EnhancedCTImageStorage, ExplicitVRLittleEndian, generate_uid

from DicomSuiteLib.read_volume import read_volume
from DicomSuiteLib.segment_colours import segment_colour
from DicomSuiteLib.segments import Segment, Segmentation
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteLib.volumes import Volume

AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
OBLIQUE = (0.9, 0.3, np.sqrt(0.1), -0.3, 0.9539392014169457, 0.0)
"""Rows and columns turned out of the axes; made perpendicular in `write_ct_series`."""

UIDS = ("StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID")
"""What the images of one series share."""

UNEVEN_HEIGHTS = (0.0, 2.0, 4.0, 7.0, 10.0, 13.0, 18.0, 23.0, 25.0, 27.0)
"""Positions along the normal, mm: three spacings in one series, as head CT has them."""


def write_ct_series(
    folder: Path,
    shape: tuple[int, int, int],
    *,
    pixel_spacing: tuple[float, float] = (1.0, 1.0),
    heights: Sequence[float] | None = None,
    orientation: Sequence[float] = AXIAL,
    tilt: float = 0.0,
    **attributes: object,
) -> list[Path]:
    """Write one CT image for each slice, shape (slices, rows, columns); air with the slice's number as its HU.

    Parameters
    ----------
    pixel_spacing : mm between rows, between columns
    heights : mm of every slice along the normal; 2 mm apart if not given
    tilt : how far slices shift along the columns per mm of height, as a gantry that tilts makes them
    attributes : by keyword, added to or put over those of every image
    """
    folder.mkdir(parents=True, exist_ok=True)
    row, column = _perpendicular(orientation)
    heights = heights or [2.0 * k for k in range(shape[0])]
    series = {keyword: generate_uid() for keyword in UIDS}
    paths = []
    for k, height in enumerate(heights):
        position = np.array((-30.25, 12.5, -100.0)) + height * (np.cross(row, column) + tilt * column)
        image = _ct_image(shape[1:], k, {**series, **attributes})
        image.ImageOrientationPatient = [round(float(x), 8) for x in (*row, *column)]
        image.ImagePositionPatient = [round(float(x), 6) for x in position]
        image.PixelSpacing = list(pixel_spacing)
        image.SliceThickness = 2
        paths.append(folder / f"{k:03}.dcm")
        image.save_as(paths[-1], enforce_file_format=True)
    return paths


def ct_volume(folder: Path, shape: tuple[int, int, int], **options: object) -> Volume:
    """Write a series as `write_ct_series` does and read it as a volume."""
    write_ct_series(folder, shape, **options)
    return read_volume(folder)


def multi_frame_ct_volume(path: Path, shape: tuple[int, int, int], *, shares_orientation: bool = True) -> Volume:
    """Write an enhanced CT of one file, its frames from head to feet, and read it; slices are 2 mm apart.

    Orientation and spacing stand among what the frames share, or in every frame.
    """
    slices, rows, columns = shape
    image = _ct_image((rows, columns), 0, {keyword: generate_uid() for keyword in UIDS})
    image.SOPClassUID = image.file_meta.MediaStorageSOPClassUID = EnhancedCTImageStorage
    image.PixelData = np.arange(slices, dtype=np.int16).repeat(rows * columns).tobytes()
    image.NumberOfFrames = slices
    orientation, measures = Dataset(), Dataset()
    orientation.ImageOrientationPatient = list(AXIAL)
    measures.PixelSpacing, measures.SliceThickness = [1.0, 1.0], 2
    shared = Dataset()
    image.SharedFunctionalGroupsSequence = [shared]
    image.PerFrameFunctionalGroupsSequence = []
    for k in range(slices):
        position, frame = Dataset(), Dataset()
        position.ImagePositionPatient = [-30.0, 12.0, -2.0 * k]
        frame.PlanePositionSequence = [position]
        image.PerFrameFunctionalGroupsSequence.append(frame)
    for group in [shared] if shares_orientation else image.PerFrameFunctionalGroupsSequence:
        group.PlaneOrientationSequence, group.PixelMeasuresSequence = [orientation], [measures]
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save_as(path, enforce_file_format=True)
    return read_volume(path)


def segmentation_of(grid: SliceGrid, masks: Mapping[str, np.ndarray]) -> Segmentation:
    """Segments from masks of the whole grid, numbered from 1."""
    segments = [
        Segment.from_mask(name, segment_colour(number), number + 1, mask)
        for number, (name, mask) in enumerate(masks.items())
    ]
    return Segmentation(tuple(segments), grid)


def shapes(shape: tuple[int, int, int]) -> dict[str, np.ndarray]:
    """What contours can look like, in voxels of a grid of at least 10 x 24 x 32.

    A large and a small ball, a ring with an island in its hole, two holes side by side, single voxels, voxels that
    touch at corners, and one that reaches every border of the grid.
    """
    slices, rows, columns = shape
    centre = np.array(shape) // 2
    k, j, i = np.indices(shape) - centre[:, None, None, None]
    radius = np.hypot(j, i)
    ball = (k / slices) ** 2 + (j / rows) ** 2 + (i / columns) ** 2 < 0.16
    ring = (np.abs(radius - 8) < 2.5) & (np.abs(k) < 3)
    two_holes = (np.abs(k) < 4) & (radius < 11) & (np.hypot(j, i - 5) >= 3) & (np.hypot(j, i + 5) >= 3)
    border = np.ones(shape, bool)
    border[1:-1, 1:-1, 1:-1] = False
    return {
        "ball": ball,
        "small ball": (k * 2) ** 2 + j**2 + i**2 < 16,
        "ring": ring,
        "ring with island": ring | (radius < 3) & (np.abs(k) < 3),
        "two holes": two_holes,
        "single voxel": (k == 0) & (j == 0) & (i == 0),
        "corner to corner": (np.abs(k) < 2) & ((j + i) % 2 == 0) & (radius < 4),
        "border": border,
    }


def _ct_image(shape: tuple[int, int], k: int, attributes: Mapping[str, object]) -> Dataset:
    image = Dataset()
    image.file_meta = FileMetaDataset()
    image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    image.SpecificCharacterSet = "ISO_IR 100"
    image.SOPClassUID = image.file_meta.MediaStorageSOPClassUID = CTImageStorage
    image.SOPInstanceUID = image.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    image.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    image.Modality = "CT"
    image.PatientName = "Müller^Zoë"
    image.PatientID = "P-17"
    image.PatientBirthDate = "19610203"
    image.PatientSex = "F"
    image.PatientIdentityRemoved = "NO"
    image.StudyDate = "20240305"
    image.StudyTime = "101500"
    image.StudyID = "4"
    image.AccessionNumber = "A-9"
    image.ReferringPhysicianName = None
    image.SeriesNumber = 2
    image.InstanceNumber = k + 1
    image.Manufacturer = "Phantoms"
    image.PositionReferenceIndicator = None
    image.PatientPosition = "HFS"
    image.BodyPartExamined = "CHEST"
    image.AcquisitionNumber = 1
    image.KVP = 120
    for keyword, value in attributes.items():
        setattr(image, keyword, value)
    image.Rows, image.Columns = shape
    image.SamplesPerPixel = 1
    image.PhotometricInterpretation = "MONOCHROME2"
    image.BitsAllocated = image.BitsStored = 16
    image.HighBit = 15
    image.PixelRepresentation = 1
    image.RescaleIntercept, image.RescaleSlope = -1000, 1
    image.RescaleType = "HU"
    image.PixelData = np.full(shape, k, np.int16).tobytes()
    return image


def _perpendicular(orientation: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
    row = np.array(orientation[:3]) / np.linalg.norm(orientation[:3])
    column = np.array(orientation[3:]) - row * (row @ orientation[3:])
    return row, column / np.linalg.norm(column)
