"""DICOM series of heads of nobody in particular, whose brain, eyes and nose are known."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.uid import EnhancedMRImageStorage
from scipy.spatial.transform import Rotation

from DicomSuiteLib.geometry import FloatArray, ImageGeometry
from moved_heads import moved_brain, moved_head
from thick_series import write_thick_series

EYES_AND_NOSE = np.array([(-32, -66, -36), (32, -66, -36), (0, -86, -52)], dtype=float)
"""LPS mm of the template: in the front of both eyes and in the nose."""
PIXEL_MM, SLICE_MM = 3.0, 4.0
SIZE = (70, 80, 48)


def small_move() -> FloatArray:
    """4x4 from template to patient (LPS mm): a head of nine tenths of the size, nodding and turned."""
    move = np.eye(4)
    move[:3, :3] = Rotation.from_euler("xyz", (9, -4, 6), degrees=True).as_matrix() * (0.92, 0.93, 0.9)
    move[:3, 3] = (4, -10, 12)
    return move


def head_grid(tilt_mm: float = 0.0) -> ImageGeometry:
    """Thick axial slices around the head; each is moved by `tilt_mm` against the one below, as by a tilted gantry."""
    axes = np.diag((PIXEL_MM, PIXEL_MM, SLICE_MM))
    axes[1, 2] = tilt_mm
    return ImageGeometry.from_axes(SIZE, axes, np.array((4, -5, 25)) - axes @ ((np.array(SIZE) - 1) / 2))


def head_voxels(grid: ImageGeometry, modality: str = "MR") -> NDArray[np.int16]:
    """Stored values: bright scalp in MR; in CT bright bone, and air of -1000 HU stored as 24."""
    voxels = moved_head(grid, small_move()).voxels
    return voxels if modality == "MR" else np.where(voxels < 60, 24, 1064 + (400 - voxels) // 4).astype(np.int16)


def write_head(folder: Path, grid: ImageGeometry, modality: str = "MR", **attributes: object) -> Path:
    """Write the head as a series; of CT with a rescale intercept of -1024."""
    own = {"Modality": modality} | ({"RescaleIntercept": "-1024", "RescaleSlope": "1"} if modality == "CT" else {})
    return write_thick_series(folder, grid, head_voxels(grid, modality), **(own | attributes))


def as_enhanced(folder: Path, file: Path) -> Path:
    """One enhanced MR object of the slices of a series, in the order of their names' numbers backwards."""
    slices = [pydicom.dcmread(path) for path in sorted(folder.glob("*.dcm"), reverse=True)]
    whole = slices[0]
    whole.SOPClassUID = whole.file_meta.MediaStorageSOPClassUID = EnhancedMRImageStorage
    whole.NumberOfFrames = len(slices)
    whole.PixelData = b"".join(one.PixelData for one in slices)
    measures, orientation, shared = Dataset(), Dataset(), Dataset()
    measures.PixelSpacing, measures.SliceThickness = whole.PixelSpacing, whole.SliceThickness
    orientation.ImageOrientationPatient = whole.ImageOrientationPatient
    shared.PixelMeasuresSequence, shared.PlaneOrientationSequence = [measures], [orientation]
    whole.SharedFunctionalGroupsSequence = [shared]
    whole.PerFrameFunctionalGroupsSequence = [_frame_groups(one.ImagePositionPatient) for one in slices]
    for keyword in ("PixelSpacing", "SliceThickness", "ImageOrientationPatient", "ImagePositionPatient"):
        del whole[keyword]
    whole.save_as(file, enforce_file_format=True)
    return file


def _frame_groups(position: Sequence[float]) -> Dataset:
    place, groups = Dataset(), Dataset()
    place.ImagePositionPatient = position
    groups.PlanePositionSequence = [place]
    return groups


def brain_of(grid: ImageGeometry) -> NDArray[np.bool_]:
    """Where the brain is in the head's voxels."""
    return moved_brain(grid, small_move())


def face_indices(grid: ImageGeometry) -> NDArray[np.int64]:
    """(3, 3) k, j, i of the eyes and the nose."""
    points = EYES_AND_NOSE @ small_move()[:3, :3].T + small_move()[:3, 3]
    return np.rint(grid.ijk_from_lps(points)[:, ::-1]).astype(int)
