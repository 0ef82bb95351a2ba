"""Load a mask of any kind onto a volume: voxels from a file, RTSTRUCT, DICOM SEG."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import pydicom
from pydicom.uid import RTStructureSetStorage, SegmentationStorage

from DicomSuiteLib.file_walk import UnreadablePath, walk_files
from DicomSuiteLib.quiet_pydicom import quiet_pydicom
from DicomSuiteLib.series_files import START_LENGTH, looks_like_dicom
from DicomSuiteLib.volumes import Volume
from DicomSuiteRTOverlayLib.errors import OverlayError
from DicomSuiteRTOverlayLib.place_mask import place_mask
from DicomSuiteRTOverlayLib.placed_mask import PlacedMask
from DicomSuiteRTOverlayLib.read_mask_file import MASK_SUFFIXES, read_mask_file
from DicomSuiteRTOverlayLib.read_rtstruct import read_rtstruct
from DicomSuiteRTOverlayLib.read_seg import read_seg
from DicomSuiteRTOverlayLib.resample_mask import resample_mask

LABEL_MAP_SEGMENTATION_STORAGE = "1.2.840.10008.5.1.4.1.1.66.7"
"""PS3.4 B.5; pydicom 3.0 has no name for it yet."""

_SEGMENTATIONS = (SegmentationStorage, LABEL_MAP_SEGMENTATION_STORAGE)


def load_mask(path: Path, volume: Volume, *, smooth: bool = False) -> PlacedMask:
    """Read the mask at `path`, decide where it belongs on `volume`, and put it there.

    Parameters
    ----------
    path : an NRRD, NIfTI or MetaImage file, or a DICOM RTSTRUCT or SEG instance
    volume : what the mask is to lie on
    smooth : where voxels of another size have to be resampled, keep shapes smooth rather than take the nearest

    Raises
    ------
    OverlayError
        If the file is no mask or is damaged. A good file that cannot be placed is no error: its verdict says why.
    """
    if is_voxel_mask(path):
        mask = read_mask_file(path)
        placement = place_mask(mask, volume)
        if not placement.candidates:
            return PlacedMask(path, placement, None, mask)
        segmentation = resample_mask(mask, placement.candidates[0].geometry, volume.grid, smooth)
        return PlacedMask(path, placement, segmentation, mask)
    kind = _sop_class(path)
    if kind == RTStructureSetStorage:
        return read_rtstruct(path, volume)
    if kind in _SEGMENTATIONS:
        return read_seg(path, volume)
    raise OverlayError(
        f"{path} is a DICOM object, but neither RTSTRUCT nor SEG ({pydicom.uid.UID(kind).name}); name a mask."
    )


def find_masks(paths: Iterable[Path]) -> Iterator[Path]:
    """Every path that is a file as it is; of each folder the masks below it, in the order of their names.

    In a folder, files that are no masks are passed over; one that cannot be looked into is named, so that `load_mask`
    says why. Raises OverlayError where a folder holds none.
    """
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        files = [file.path if isinstance(file, UnreadablePath) else file for file in walk_files([path])]
        found = [file for file in files if _is_mask(file)]
        if not found:
            raise OverlayError(f"{path} holds no NRRD, NIfTI or MetaImage file, no RTSTRUCT and no SEG; name a mask.")
        yield from sorted(found)


def is_voxel_mask(path: Path) -> bool:
    """True if the file's name says that it holds voxels: NRRD, NIfTI, MetaImage."""
    return path.name.lower().endswith(MASK_SUFFIXES)


def _is_mask(path: Path) -> bool:
    if is_voxel_mask(path):
        return True
    try:
        return _looks_like_dicom(path) and _sop_class(path) in (RTStructureSetStorage, *_SEGMENTATIONS)
    except (OSError, OverlayError):
        return True


def _looks_like_dicom(path: Path) -> bool:
    with path.open("rb") as file:
        return looks_like_dicom(file.read(START_LENGTH))


def _sop_class(path: Path) -> str:
    """SOPClassUID of a DICOM file. Raises OverlayError where it is none, or has none."""
    try:
        with quiet_pydicom():
            header = pydicom.dcmread(path, stop_before_pixels=True, force=True, specific_tags=["SOPClassUID"])
            return str(header.get("SOPClassUID") or header.file_meta.MediaStorageSOPClassUID)
    except OSError as error:
        raise OverlayError(f"{path} cannot be read: {error.strerror}.") from error
    except Exception as error:  # whatever pydicom meets in a file that is no DICOM
        suffixes = ", ".join(MASK_SUFFIXES)
        raise OverlayError(
            f"{os.fspath(path)} is neither DICOM nor named like a mask ({suffixes}); is it damaged?"
        ) from error
