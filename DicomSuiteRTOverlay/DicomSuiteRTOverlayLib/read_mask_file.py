"""Read a mask from any file of voxels: NRRD, NIfTI, MetaImage."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from DicomSuiteLib.missing_package import MissingPackageError
from DicomSuiteRTOverlayLib.errors import OverlayError
from DicomSuiteRTOverlayLib.mask_file import MaskFile
from DicomSuiteRTOverlayLib.mask_layers import StoredVoxels, labelled_mask
from DicomSuiteRTOverlayLib.metaimage_mask import read_metaimage_mask
from DicomSuiteRTOverlayLib.nifti_mask import read_nifti_mask
from DicomSuiteRTOverlayLib.nrrd_mask import read_nrrd_mask

_READERS: dict[str, Callable[[Path], StoredVoxels]] = {
    ".nrrd": read_nrrd_mask,
    ".nhdr": read_nrrd_mask,
    ".nii": read_nifti_mask,
    ".nii.gz": read_nifti_mask,
    ".mha": read_metaimage_mask,
    ".mhd": read_metaimage_mask,
}

MASK_SUFFIXES = tuple(_READERS)
"""The file names that `read_mask_file` reads, in lower case."""

PROBABLE = 0.5
"""From this probability on a voxel is inside, unless asked otherwise."""


def read_mask_file(path: str | os.PathLike[str], threshold: float = PROBABLE) -> MaskFile:
    """Read the mask in a file of voxels, and what its header says about its place.

    Parameters
    ----------
    path : its suffix tells the format
    threshold : voxels of at least this probability are inside, where the file holds probabilities

    Raises
    ------
    OverlayError
        If it is no file, of no known format, damaged, no volume, an image, or without any segment.
    """
    path = Path(path)
    suffix = next((suffix for suffix in MASK_SUFFIXES if path.name.lower().endswith(suffix)), None)
    try:
        _check_file(path)
        if suffix is None:
            raise OverlayError(f"its name ends in none of {', '.join(MASK_SUFFIXES)}; choose a mask in one of them")
        return labelled_mask(path, _READERS[suffix](path), threshold)
    except (OverlayError, MissingPackageError) as error:
        raise OverlayError(f"{path} cannot be read as a mask: {str(error).rstrip('.')}.") from error
    except OSError as error:
        raise OverlayError(f"{path} cannot be read: {error.strerror}; check that it can be opened.") from error


def _check_file(path: Path) -> None:
    if path.is_dir():
        raise OverlayError("it is a folder; choose the mask file in it")
    if path.stat().st_size == 0:
        raise OverlayError("it is empty (0 bytes); copy or save it again")
