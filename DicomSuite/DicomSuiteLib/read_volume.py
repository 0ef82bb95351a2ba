"""Read a volume from whatever a user has: a DICOM file or folder, NRRD, NIfTI, MetaImage."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import SimpleITK as sitk

from DicomSuiteLib.dicom_volume import read_dicom_volume
from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.series import Series, find_series
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteLib.volumes import Volume, VolumeError

IMAGE_SUFFIXES = (".nrrd", ".nhdr", ".nii", ".nii.gz", ".mha", ".mhd")
"""File names that are read through ITK; any other file, and every folder, is taken for DICOM."""


def read_volume(path: str | os.PathLike[str], choice: str | None = None) -> Volume:
    """Read the one volume at `path`: an image file, or a file or folder of DICOM images.

    Parameters
    ----------
    path : a file or folder
    choice : which series to take where a folder holds several: its SeriesInstanceUID, or its number from 1 in the
        order of `find_series`, counting those with images

    Raises
    ------
    VolumeError
        If there is no volume, or more than one to choose from.
    """
    path = Path(path)
    if not path.exists():
        raise VolumeError(f"{path} does not exist; name a DICOM folder or an image file.")
    if path.name.lower().endswith(IMAGE_SUFFIXES):
        return _read_image(path)
    return read_dicom_volume(_one_series([path], str(path), choice))


def read_listed_volume(paths: Sequence[str | os.PathLike[str]], choice: str | None = None) -> Volume:
    """Read the one volume that the DICOM files `paths` make up; `choice` and errors as for `read_volume`."""
    return read_dicom_volume(_one_series(paths, "the list of files", choice))


def _one_series(paths: Sequence[str | os.PathLike[str]], name: str, choice: str | None) -> Series:
    found = [series for series in find_series(paths).series if series.stacks]
    names = [(str(number), series.series_uid) for number, series in enumerate(found, start=1)]
    chosen = [series for series, own in zip(found, names, strict=True) if choice is None or choice in own]
    if len(chosen) != 1:
        raise VolumeError(_not_one(name, found, choice))
    return chosen[0]


def _not_one(name: str, found: Sequence[Series], choice: str | None) -> str:
    if not found:
        return f"{name} holds no DICOM images, and is no NRRD, NIfTI or MetaImage file; name a volume."
    listed = "; ".join(
        f"{number}: {series.modality or 'no modality'}, {sum(len(stack.frames) for stack in series.stacks)} images"
        for number, series in enumerate(found, start=1)
    )
    what = "which of them is meant is not said" if choice is None else "the one that was chosen is not among them"
    return f"{name} holds {len(found)} series with images, and {what}; choose one by its number ({listed}) or UID."


def _read_image(path: Path) -> Volume:
    try:
        image = sitk.ReadImage(os.fspath(path))
    except RuntimeError as error:
        raise VolumeError(
            f"{path} cannot be read as a volume: it is damaged, cut short, or NIfTI with sheared axes; save it as "
            "NRRD, or name another file."
        ) from error
    if image.GetDimension() != 3 or image.GetNumberOfComponentsPerPixel() != 1:
        raise VolumeError(
            f"{path} has {image.GetDimension()} dimensions and {image.GetNumberOfComponentsPerPixel()} values a voxel; "
            "a volume has 3 and 1. Save the volume that you mean in a file of its own."
        )
    grid = SliceGrid.from_geometry(ImageGeometry.from_sitk(image))
    return Volume(sitk.GetArrayFromImage(image), grid, files=(path,))
