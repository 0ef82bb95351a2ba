"""Heads of known place: the template that comes with DicomSuite, moved, and cut by a grid of any orientation."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from DicomSuiteLib.affine_resampling import even_geometry, resample_affine
from DicomSuiteLib.geometry import FloatArray, ImageGeometry
from DicomSuiteLib.head_template import bundled_template
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteLib.volumes import Volume

VOXEL_MM = 4.5


def known_move() -> FloatArray:
    """4x4 from template to patient (LPS mm): turned and stretched as heads differ, and shifted."""
    move = np.eye(4)
    move[:3, :3] = Rotation.from_euler("xyz", (12, -6, 9), degrees=True).as_matrix() * (0.95, 1.04, 0.92)
    move[:3, 3] = (7, -15, 22)
    return move


def sagittal_grid(shear: float = 0.0) -> ImageGeometry:
    """Slices from right to left, their rows from posterior to anterior: left-handed, and sheared where asked for."""
    directions = np.array(((0, 0, 1), (-1, 0, shear), (0, -1, 0)), dtype=float)
    axes = directions / np.linalg.norm(directions, axis=0) * VOXEL_MM
    size = np.array((56, 50, 45))
    return ImageGeometry.from_axes(size.tolist(), axes, np.array((5, 0, 20)) - axes @ ((size - 1) / 2))


def moved_head(geometry: ImageGeometry, patient_from_template: FloatArray) -> Volume:
    """The template's head as a patient's, 16 bit, on `geometry`."""
    template = bundled_template()
    back = np.linalg.inv(patient_from_template)
    voxels = resample_affine(template.head.voxels, even_geometry(template.head), geometry, back)
    return Volume(np.rint(voxels * 4).astype(np.int16), SliceGrid.from_geometry(geometry), modality="MR")


def moved_brain(geometry: ImageGeometry, patient_from_template: FloatArray) -> NDArray[np.bool_]:
    """Where the brain of that head is."""
    template = bundled_template()
    back = np.linalg.inv(patient_from_template)
    return resample_affine(template.brain, even_geometry(template.head), geometry, back) > 0.5


def dice(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    """Dice coefficient: 1 where both masks are the same."""
    return 2 * np.count_nonzero(one & other) / (np.count_nonzero(one) + np.count_nonzero(other))
