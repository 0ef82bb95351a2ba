"""Read a volume from whatever a user has: a DICOM file or folder, NRRD, NIfTI, MetaImage, a stack of pictures."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from DicomSuiteLib.dicom_volume import read_dicom_volume
from DicomSuiteLib.geometry import ImageGeometry, Vector3
from DicomSuiteLib.nifti_length import is_cut_short
from DicomSuiteLib.picture_stack import is_picture, pictures_in, read_picture_stack
from DicomSuiteLib.series import Series, find_series
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteLib.volumes import Volume, VolumeError

NIFTI_SUFFIXES = (".nii", ".nii.gz")
IMAGE_SUFFIXES = (".nrrd", ".nhdr", *NIFTI_SUFFIXES, ".mha", ".mhd")
"""File names that are read through ITK; pictures apart, any other file, and every folder, is taken for DICOM."""

_NO_SPACING = (
    "holds pictures, which do not say how large they are; give the spacing: mm between columns, rows and slices."
)


def read_volume(
    path: str | os.PathLike[str],
    choice: str | None = None,
    *,
    spacing: Vector3 | None = None,
    luminance: bool = False,
) -> Volume:
    """Read the one volume at `path`: an image file, a file or folder of DICOM images, or a stack of pictures.

    Parameters
    ----------
    path : a file or folder
    choice : which series to take where a folder holds several: its SeriesInstanceUID, or its number from 1 in the
        order of `find_series`, counting those with images
    spacing : for a folder of pictures, or a TIFF of several pages, and only for them: mm between columns, rows, slices
    luminance : whether of pictures in colour the brightness is taken

    Raises
    ------
    VolumeError
        If there is no volume, or more than one to choose from; if it has no single value a voxel, or no finite one.
    GeometryError
        If the spacing is not three positive lengths.
    """
    path = Path(path)
    if not path.exists():
        raise VolumeError(f"{path} does not exist; name a DICOM folder or an image file.")
    if spacing is not None:
        return _read_pictures(path, spacing, luminance)
    if path.name.lower().endswith(IMAGE_SUFFIXES):
        return _read_image(path)
    return _read_dicom(path, choice)


def read_listed_volume(paths: Sequence[str | os.PathLike[str]], choice: str | None = None) -> Volume:
    """Read the one volume that the DICOM files `paths` make up; `choice` and errors as for `read_volume`."""
    return read_dicom_volume(_chosen(_series(paths), "the list of files", choice))


def _read_pictures(path: Path, spacing: Vector3, luminance: bool) -> Volume:
    pictures = pictures_in(path) if path.is_dir() else tuple(filter(is_picture, [path]))
    if not pictures:
        raise VolumeError(f"{path} holds no PNG, JPEG or TIFF pictures, and any other volume has a spacing of its own.")
    return read_picture_stack(pictures, spacing, luminance)


def _read_dicom(path: Path, choice: str | None) -> Volume:
    if is_picture(path):
        raise VolumeError(f"{path} {_NO_SPACING}")
    found = _series([path])
    if not found and path.is_dir() and pictures_in(path):
        raise VolumeError(f"{path} {_NO_SPACING}")
    return read_dicom_volume(_chosen(found, str(path), choice))


def _series(paths: Sequence[str | os.PathLike[str]]) -> list[Series]:
    """The series with images, in the order of `find_series`."""
    return [series for series in find_series(paths).series if series.stacks]


def _chosen(found: Sequence[Series], name: str, choice: str | None) -> Series:
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
    if path.name.lower().endswith(NIFTI_SUFFIXES) and is_cut_short(path, image):
        raise VolumeError(f"{path} is cut short or damaged: it holds fewer voxels than it says; get it again.")
    if image.GetDimension() == 4 and image.GetSize()[3] == 1:
        image = image[:, :, :, 0]
    if image.GetDimension() != 3 or image.GetNumberOfComponentsPerPixel() != 1:
        raise VolumeError(
            f"{path} has {image.GetDimension()} dimensions and {image.GetNumberOfComponentsPerPixel()} values a voxel; "
            "a volume has 3 and 1. Save the volume that you mean in a file of its own."
        )
    voxels = sitk.GetArrayFromImage(image)
    grid = SliceGrid.from_geometry(ImageGeometry.from_sitk(image))
    return Volume(voxels, grid, files=(path,), notes=_notes_on_gaps(voxels, path))


def _notes_on_gaps(voxels: NDArray, path: Path) -> tuple[str, ...]:
    """How many voxels are no finite number, if there are any; VolumeError where none is."""
    if voxels.dtype.kind != "f":
        return ()
    gaps = voxels.size - np.count_nonzero(np.isfinite(voxels))
    if gaps == voxels.size:
        raise VolumeError(f"{path} holds no number: every voxel is NaN or infinite; write it again from its source.")
    return (f"{gaps:,} of {voxels.size:,} voxels are not finite (NaN or infinite)",) if gaps else ()
