"""Write a super-resolved volume as a DICOM series of its own, beside the series that it was made from."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom.charset import default_encoding
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset
from pydicom.tag import BaseTag, Tag
from pydicom.uid import ExplicitVRLittleEndian, generate_uid
from pydicom.valuerep import format_number_as_ds

from DicomSuiteLib.dicom_headers import header_number
from DicomSuiteLib.dicom_source import (
    MANUFACTURER,
    SourceSlice,
    copy_patient_and_study,
    set_type_2,
    source_slices,
    usable_value,
)
from DicomSuiteLib.output_file import OutputError
from DicomSuiteLib.quiet_pydicom import quiet_pydicom
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteLib.tasks import CancelToken
from DicomSuiteLib.version import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME, VERSION
from DicomSuiteLib.volumes import Volume
from DicomSuiteSuperResLib.derived_attributes import (
    SOP_CLASSES,
    SOURCE_PURPOSE,
    code,
    copy_acquisition,
    derivation,
    third_image_type,
)
from DicomSuiteSuperResLib.errors import SuperResError
from DicomSuiteSuperResLib.super_resolution import SuperResResult

MODEL_NAME = "DicomSuite SuperRes"
"""ManufacturerModelName of what made the images."""

SERIES_OFFSET = 1000
"""Added to the number of the series that was acquired: near it in every list, and unlikely to be taken."""

LARGEST_NUMBER = 2**31 - 1
"""Of an IS (PS3.5 section 6.2)."""

STORED_BITS = 16

SOURCE_IMAGES = Tag("SourceImageSequence")
_SEQUENCE_HEADER = 12
"""Bytes before the items of a sequence in explicit VR: tag, VR, reserved, length."""


@dataclass(frozen=True, eq=False)
class StoredVoxels:
    """Voxels as 16-bit integers; value = stored * slope + intercept, both as decimal strings say them."""

    voxels: NDArray
    slope: str = "1"
    intercept: str = "0"

    @property
    def is_rescaled(self) -> bool:
        """Whether stored numbers are others than the values."""
        return (self.slope, self.intercept) != ("1", "0")


def write_derived_series(
    result: SuperResResult, source: Volume, folder: Path, token: CancelToken | None = None
) -> tuple[Path, ...]:
    """Write one DICOM image for every slice of a result, in the study and the frame of reference of its source.

    The images say that they were derived (ImageType, DerivationDescription), from which images, and by what; their
    UIDs are new. Whole numbers of 16 bits are stored as they are, other values rounded to a 65,535th of their range.

    Parameters
    ----------
    result : of an MR or CT series
    source : the series, as read from its files
    folder : is made; appears when all files are complete
    token : stops it between two images

    Returns
    -------
    tuple of Path
        The files, in the order of the slices.

    Raises
    ------
    SuperResError
        If the source is neither MR nor CT.
    DicomSourceError
        If the source is not DICOM, has no study or frame of reference, or its files cannot be read again.
    OutputError
        If the folder is there already, or cannot be written.
    Cancelled
        If the token says so.
    """
    if source.is_dicom and source.modality not in SOP_CLASSES:
        raise SuperResError(
            f"A derived series is written of MR and CT, and the images are {source.modality or 'of no modality'}; "
            "export another format."
        )
    slices = source_slices(source, "A derived DICOM series")
    with quiet_pydicom():
        template = _template(result, source, slices)
        stored = _stored(result.volume.voxels)
        _describe_values(template, stored)
        nearest = _nearest_slices(result.volume.grid, source.grid)
        with _new_folder(folder) as partial:
            acquired = None
            for k, pixels in enumerate(stored.voxels):
                if token is not None:
                    token.raise_if_cancelled()
                _add_slice(template, k, result.volume.grid, pixels)
                if acquired is not slices[nearest[k]].header:
                    acquired = slices[nearest[k]].header
                    copy_acquisition(acquired, template)
                template.save_as(partial / _file_name(k), enforce_file_format=True)
    return tuple(folder / _file_name(k) for k in range(len(stored.voxels)))


def _file_name(k: int) -> str:
    return f"{k + 1:05}.dcm"


@contextmanager
def _new_folder(folder: Path) -> Iterator[Path]:
    """Give a hidden folder that takes the name of `folder` when the block ends well, and else is removed."""
    if folder.exists():
        raise OutputError(f"{folder} is there already; name a folder that does not exist yet.")
    partial = folder.with_name(f".{folder.name}.part")
    try:
        partial.mkdir(parents=True)
        yield partial
        partial.rename(folder)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise OutputError(f"{folder} cannot be written: {reason}; make room or choose another folder.") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)  # there is none any more where all went well


def _template(result: SuperResResult, source: Volume, slices: Sequence[SourceSlice]) -> FileDataset:
    """All that the images of the series share."""
    header = slices[0].header
    dataset = _empty(SOP_CLASSES[source.modality])
    copy_patient_and_study(header, dataset)
    now = datetime.now()
    dataset.InstanceCreationDate = dataset.SeriesDate = dataset.ContentDate = now.strftime("%Y%m%d")
    dataset.InstanceCreationTime = dataset.SeriesTime = dataset.ContentTime = now.strftime("%H%M%S")
    dataset.Modality = source.modality
    dataset.ImageType = ["DERIVED", "SECONDARY", third_image_type(header, source.modality)]
    dataset.SeriesInstanceUID = generate_uid()
    dataset.SeriesNumber = _series_number(header)
    dataset.Manufacturer = MANUFACTURER
    dataset.ManufacturerModelName = MODEL_NAME
    dataset.SoftwareVersions = VERSION
    dataset.FrameOfReferenceUID = source.frame_of_reference_uid
    set_type_2(dataset, "PositionReferenceIndicator", usable_value(header, "PositionReferenceIndicator"))
    dataset.update(derivation(result, header))
    _place(dataset, result.volume.grid, source.modality)
    dataset[SOURCE_IMAGES] = _encoded_sequence(SOURCE_IMAGES, [_source_item(image) for image in slices])
    dataset.set_original_encoding(is_implicit_vr=False, is_little_endian=True, character_encoding=default_encoding)
    return dataset


def _empty(sop_class: str) -> FileDataset:
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = sop_class
    meta.ImplementationClassUID = IMPLEMENTATION_CLASS_UID.decode()
    meta.ImplementationVersionName = IMPLEMENTATION_VERSION_NAME.decode()
    dataset = FileDataset(None, {}, preamble=b"\0" * 128, file_meta=meta)
    dataset.SOPClassUID = sop_class
    return dataset


def _series_number(header: Dataset) -> int:
    acquired = header_number(header, "SeriesNumber")
    return int(min((acquired or 0) + SERIES_OFFSET, LARGEST_NUMBER))


def _source_item(image: SourceSlice) -> Dataset:
    item = image.reference()
    item.PurposeOfReferenceCodeSequence = [code(*SOURCE_PURPOSE)]
    return item


def _encoded_sequence(tag: BaseTag, items: Sequence[Dataset]) -> RawDataElement:
    """A sequence as the bytes that it is in a file: hundreds of items are encoded once, not once for each image."""
    only = Dataset()
    only.add_new(tag, "SQ", items)
    file = DicomBytesIO()
    file.is_implicit_VR, file.is_little_endian = False, True
    write_dataset(file, only)
    content = file.getvalue()[_SEQUENCE_HEADER:]
    return RawDataElement(tag, "SQ", len(content), content, 0, False, True)


def _place(dataset: Dataset, grid: SliceGrid, modality: str) -> None:
    """What of the images' place they share."""
    steps = np.array(grid.row_step), np.array(grid.column_step)
    lengths = [float(np.linalg.norm(step)) for step in steps]
    directions = np.concatenate([step / length for step, length in zip(steps, lengths, strict=True)])
    distance = float(grid.slice_distances.mean())
    dataset.ImageOrientationPatient = [_decimal(cosine) for cosine in directions]
    dataset.PixelSpacing = [_decimal(lengths[1]), _decimal(lengths[0])]
    dataset.SliceThickness = _decimal(distance)
    if modality == "MR":
        dataset.SpacingBetweenSlices = _decimal(distance)
    dataset.Rows, dataset.Columns = grid.rows, grid.columns


def _decimal(number: float) -> str:
    """The decimal string (at most 16 characters) that comes nearest to a number."""
    return format_number_as_ds(float(number) + 0.0)


def _add_slice(dataset: FileDataset, k: int, grid: SliceGrid, pixels: NDArray) -> None:
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    dataset.InstanceNumber = k + 1
    dataset.ImagePositionPatient = [_decimal(coordinate) for coordinate in grid.positions[k]]
    dataset.PixelData = pixels.astype(pixels.dtype.newbyteorder("<")).tobytes()
    dataset["PixelData"].VR = "OW"


def _describe_values(dataset: Dataset, stored: StoredVoxels) -> None:
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.BitsAllocated = dataset.BitsStored = STORED_BITS
    dataset.HighBit = STORED_BITS - 1
    dataset.PixelRepresentation = int(stored.voxels.dtype.kind == "i")
    if stored.is_rescaled or dataset.Modality == "CT":
        dataset.RescaleSlope, dataset.RescaleIntercept = stored.slope, stored.intercept
        dataset.RescaleType = "HU" if dataset.Modality == "CT" else "US"  # unspecified


def _stored(voxels: NDArray) -> StoredVoxels:
    low, high = voxels.min(), voxels.max()
    if voxels.dtype.kind in "iu":
        for dtype in (np.int16, np.uint16):
            if np.iinfo(dtype).min <= low and high <= np.iinfo(dtype).max:
                return StoredVoxels(voxels.astype(dtype, copy=False))
    largest = 2**STORED_BITS - 1
    span = float(high) - float(low)
    slope, intercept = _decimal(span / largest or 1.0), _decimal(float(low))
    steps = np.rint((voxels - float(intercept)) / float(slope))
    return StoredVoxels(np.clip(steps, 0, largest).astype(np.uint16), slope, intercept)


def _nearest_slices(derived: SliceGrid, acquired: SliceGrid) -> NDArray[np.intp]:
    """The number of the source's slice in which each slice of the result lies, (n,): their middles are compared."""
    counts = np.arange(len(derived.positions))
    middles = np.column_stack(np.broadcast_arrays((derived.columns - 1) / 2, (derived.rows - 1) / 2, counts))
    slices = acquired.ijk_from_lps(derived.lps_from_ijk(middles))[:, 2]
    return np.clip(np.rint(slices), 0, len(acquired.positions) - 1).astype(int)
