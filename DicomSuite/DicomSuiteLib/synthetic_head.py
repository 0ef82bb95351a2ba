"""A head of nobody, as a T1-weighted MRI would show it: folds, ventricles, skull and scalp, in thin slices."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteLib.volumes import Volume

SPACING_MM = 1.25
SIZE = (128, 152, 128)
"""Voxels along i, j, k; the slices are axial."""

_HALF_AXES_MM = (66.0, 82.0, 66.0)
"""Of the outside of the brain, x, y, z."""
_LAYERS = ((0.74, 900.0), (0.87, 620.0), (0.93, 180.0), (1.0, 90.0), (1.1, 1000.0))
"""White matter, grey matter, fluid, skull, scalp: up to which distance from the centre (brain = 0.93), and how bright.

The brightness is of the usual T1 order, in no unit.
"""
_FOLD_DEPTH, _FOLD_MM = 0.3, 3.0
"""How far folds reach, as a share of the distance from the centre, and how smooth they are (standard deviation)."""
_VENTRICLES = ((-11.0, 0.0, 4.0), (11.0, 0.0, 4.0))
_VENTRICLE_HALF_AXES_MM = (6.0, 30.0, 9.0)
_FLUID = 180.0
_BLUR_VOXELS = 0.6
_NOISE = 15.0


def synthetic_head(seed: int = 1) -> Volume:
    """Draw the head: int16 voxels, shape (128, 152, 128), 1.25 mm, no modality's unit; the same for the same seed."""
    from scipy import ndimage

    generator = np.random.default_rng(seed)
    x, y, z = _coordinates()
    distance = 0.93 * np.sqrt(sum((p / a) ** 2 for p, a in zip((x, y, z), _HALF_AXES_MM, strict=True)))
    folds = ndimage.gaussian_filter(generator.standard_normal(distance.shape, np.float32), _FOLD_MM / SPACING_MM)
    folded = distance + _FOLD_DEPTH / 2 * folds / folds.std() * np.clip((0.93 - distance) * 4, 0, 1)
    values = np.zeros(distance.shape, np.float32)
    for edge, brightness in reversed(_LAYERS):
        values[(folded if edge < 0.93 else distance) <= edge] = brightness
    for centre in _VENTRICLES:
        offsets = zip((x, y, z), centre, _VENTRICLE_HALF_AXES_MM, strict=True)
        values[sum(((p - c) / a) ** 2 for p, c, a in offsets) <= 1] = _FLUID
    values = ndimage.gaussian_filter(values, _BLUR_VOXELS)
    return Volume(_with_noise(values, generator), SliceGrid.from_geometry(_geometry()), modality="MR")


def _with_noise(values: NDArray[np.float32], generator: np.random.Generator) -> NDArray[np.int16]:
    """As the magnitude of a complex signal has it (Rician)."""
    real, imaginary = generator.standard_normal((2, *values.shape), np.float32) * _NOISE
    return np.hypot(values + real, imaginary).round().astype(np.int16)


def _geometry() -> ImageGeometry:
    origin = tuple(-SPACING_MM * (count - 1) / 2 for count in SIZE)
    return ImageGeometry(SIZE, (SPACING_MM,) * 3, origin, ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)))


def _coordinates() -> tuple[NDArray[np.float32], ...]:
    """LPS mm of the voxels, x, y, z, which broadcast to [k, j, i]."""
    x, y, z = ((np.arange(count, dtype=np.float32) - (count - 1) / 2) * SPACING_MM for count in SIZE)
    return x, y[:, None], z[:, None, None]
