"""Read the voxels of a DICOM series, each slice where its ImagePositionPatient puts it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

import numpy as np
import pydicom
import SimpleITK as sitk
from numpy.typing import NDArray

from DicomSuiteLib.file_walk import reason_of
from DicomSuiteLib.geometry import GeometryError
from DicomSuiteLib.quiet_pydicom import quiet_pydicom
from DicomSuiteLib.series import Series
from DicomSuiteLib.series_files import Frame
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteLib.stacks import Stack
from DicomSuiteLib.volumes import Volume, VolumeError

INT16 = np.iinfo(np.int16)


def read_dicom_volume(series: Series) -> Volume:
    """Read the largest volume of a series; smaller ones (localizers) are left out, with a note.

    Raises
    ------
    VolumeError
        If the series has no images, none of its volumes is the largest, a slice has no place in the patient, or
        pixels cannot be decoded.
    """
    stack, notes = _largest_stack(series)
    try:
        grid = SliceGrid.from_stack(stack)
    except GeometryError as error:
        raise VolumeError(f"The series of {stack.frames[0].path} makes no volume: {error}") from error
    notes += tuple(irregularity.message for irregularity in stack.irregularities)
    with quiet_pydicom():
        voxels = _voxels(stack.frames)
    return Volume(
        voxels,
        grid,
        series.modality,
        stack.frames[0].frame_of_reference_uid,
        series.series_uid,
        tuple(frame.path for frame in stack.frames),
        notes,
    )


def _largest_stack(series: Series) -> tuple[Stack, tuple[str, ...]]:
    by_size = sorted(series.stacks, key=lambda stack: len(stack.frames), reverse=True)
    if not by_size:
        raise VolumeError(f"The series of {series.files[0]} holds no images; choose one that does.")
    largest, others = by_size[0], by_size[1:]
    if others and len(others[0].frames) == len(largest.frames):
        count = sum(len(stack.frames) == len(largest.frames) for stack in by_size)
        raise VolumeError(
            f"The series of {series.files[0]} holds {count} volumes of {len(largest.frames)} slices; "
            "write the one you mean into a file of its own."
        )
    if not others:
        return largest, ()
    left_out = sum(len(stack.frames) for stack in others)
    return largest, (f"{left_out} images of the series do not belong to its largest volume and are left out",)


def _voxels(frames: Sequence[Frame]) -> NDArray:
    pictures = _rescaled_frames(frames)
    first = next(pictures)
    voxels = np.empty((len(frames), *first.shape), first.dtype)
    voxels[0] = first
    for index, pixels in enumerate(pictures, start=1):
        if pixels.shape != first.shape:
            sizes = f"{pixels.shape[::-1]} pixels, others of its series {first.shape[::-1]}"
            raise VolumeError(f"{frames[index].path} has {sizes}; take it out of the folder.")
        if pixels.dtype != voxels.dtype:
            voxels = voxels.astype(np.float32)
        voxels[index] = pixels
    return voxels


def _rescaled_frames(frames: Sequence[Frame]) -> Iterator[NDArray]:
    """Pixels of each frame, in the order given; frames of one file follow each other, and it is decoded once."""
    for path, of_file in groupby(frames, key=lambda frame: frame.path):
        stored = _stored_values(path)
        for frame in of_file:
            yield _rescaled(stored[frame.number - 1] if stored.ndim == 3 else stored, frame.rescale)


def _rescaled(pixels: NDArray, rescale: tuple[float, float] | None) -> NDArray:
    """Pixels in the units of their modality: int16 where they fit, else float32."""
    slope, intercept = rescale or (1.0, 0.0)
    if slope == 1 and intercept == int(intercept) and pixels.dtype.kind in "iu":
        low, high = int(pixels.min()) + intercept, int(pixels.max()) + intercept
        if INT16.min <= low and high <= INT16.max:
            return (pixels.astype(np.int32) + int(intercept)).astype(np.int16)
    return (pixels * slope + intercept).astype(np.float32)


def _stored_values(path: Path) -> NDArray:
    """Stored values of one file, (rows, columns) or (frames, rows, columns)."""
    try:
        dataset = pydicom.dcmread(path)
        if dataset.get("SamplesPerPixel", 1) != 1:
            raise VolumeError(f"{path} holds colour pictures, which make no scalar volume; choose another series.")
        return dataset.pixel_array
    except (RuntimeError, NotImplementedError) as error:  # no decoder for this transfer syntax
        return _decoded_by_gdcm(path, error)
    except VolumeError:
        raise
    except Exception as error:  # damaged pixel data can raise anything
        raise VolumeError(f"The pixels of {path} cannot be read: {reason_of(error)}; is the file complete?") from error


def _decoded_by_gdcm(path: Path, missing: Exception) -> NDArray:
    """Stored values through SimpleITK, whose own decoders Slicer always has."""
    try:
        image = sitk.ReadImage(str(path), imageIO="GDCMImageIO")
    except RuntimeError as error:
        raise VolumeError(f"The pixels of {path} cannot be decoded: {reason_of(missing)}.") from error
    dataset = pydicom.dcmread(path, stop_before_pixels=True)
    slope, intercept = float(dataset.get("RescaleSlope", 1) or 1), float(dataset.get("RescaleIntercept", 0) or 0)
    array = sitk.GetArrayFromImage(image)
    stored = (array - intercept) / slope  # SimpleITK has applied the rescale
    return stored[0] if len(stored) == 1 else stored
