"""Pictures of a volume seen from the front in parallel projection, computed by numpy from its voxels: what is true.

Rows run from superior to inferior, columns from the patient's right to left; one value for each (k, i).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

from DicomSuiteRenderLib.render_mode import Technique, VolumeLook

FloatArray = NDArray[np.float64]


def cast(voxels: NDArray, look: VolumeLook) -> FloatArray:
    """Colours from 0 to 1 on black, (k, i, 3), of a cube of 1 mm voxels on the patient's axes."""
    rays = voxels.astype(float).transpose(0, 2, 1)[::-1]
    match look.technique:
        case Technique.MAXIMUM:
            return _one_value(rays.max(axis=-1), look)
        case Technique.MINIMUM:
            return _one_value(rays.min(axis=-1), look)
        case Technique.AVERAGE:
            return _one_value(rays.mean(axis=-1), look)
        case Technique.COMPOSITE:
            return _front_to_back(rays, look)


def lit_sphere(edge: int, radius: float) -> FloatArray:
    """Brightness from 0 to 1 of a white sphere in the middle of edge x edge pixels, lit from where it is seen from."""
    row, column = np.indices((edge, edge)) - (edge - 1) / 2
    return np.sqrt(np.clip(1 - (row**2 + column**2) / radius**2, 0, 1))


def enlarged(picture: FloatArray, edge: int) -> FloatArray:
    """The same as edge x edge pixels, of which each is looked up in the middle; nothing beyond the outermost voxels."""
    rows, columns = picture.shape[:2]
    row = (np.arange(edge) + 0.5) / edge * rows - 0.5
    column = (np.arange(edge) + 0.5) / edge * columns - 0.5
    places = np.meshgrid(row, column, indexing="ij")
    return np.stack([map_coordinates(channel, places, order=1) for channel in np.moveaxis(picture, -1, 0)], axis=-1)


def _one_value(values: FloatArray, look: VolumeLook) -> FloatArray:
    return _colours(values, look) * _opacities(values, look)[..., None]


def _front_to_back(rays: FloatArray, look: VolumeLook) -> FloatArray:
    """Along the last axis, whose first layer is the nearest; one sample every millimetre."""
    picture, passed = np.zeros((*rays.shape[:2], 3)), np.ones(rays.shape[:2])
    for layer in np.moveaxis(rays, -1, 0):
        opacity = _opacities(layer, look)
        picture += (passed * opacity)[..., None] * _colours(layer, look)
        passed *= 1 - opacity
    return picture


def _opacities(values: FloatArray, look: VolumeLook) -> FloatArray:
    return np.interp(values, *np.transpose(look.opacity))


def _colours(values: FloatArray, look: VolumeLook) -> FloatArray:
    at, *channels = np.transpose(look.colours)
    return np.stack([np.interp(values, at, channel) for channel in channels], axis=-1)
