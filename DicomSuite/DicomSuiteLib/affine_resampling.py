"""Look up the voxels of one even grid at those of another, through an affine map; sheared axes are no obstacle."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from DicomSuiteLib.geometry import FloatArray, GeometryError, ImageGeometry
from DicomSuiteLib.volumes import Volume

LINEAR, CUBIC = 1, 3
"""Orders of the splines between voxels."""


def even_geometry(volume: Volume) -> ImageGeometry:
    """The even grid of `volume`; GeometryError where its slices lie unevenly."""
    geometry = volume.grid.geometry
    if geometry is None:
        raise GeometryError("The slices do not lie evenly on a line; resample the volume to an even grid first.")
    return geometry


def resample_affine(
    voxels: NDArray,
    source: ImageGeometry,
    target: ImageGeometry,
    source_from_target: FloatArray,
    order: int = LINEAR,
) -> NDArray[np.float32]:
    """Give the values (k, j, i) of `voxels`, which lie at `source`, at the voxels of `target`; 0 outside.

    Parameters
    ----------
    source_from_target : 4x4, takes LPS points (mm) of the target's space to those of the source's
    order : `LINEAR`, or `CUBIC`, which never leaves the range of `voxels`
    """
    matrix = np.linalg.inv(source.ijk_to_lps) @ source_from_target @ target.ijk_to_lps
    values = np.asarray(voxels, dtype=np.float32)
    result = ndimage.affine_transform(
        values,
        matrix[2::-1, 2::-1],  # from i, j, k to the array's k, j, i
        matrix[2::-1, 3],
        output_shape=target.size[::-1],
        order=order,
        mode="constant",
    )
    return result if order == LINEAR else np.clip(result, min(values.min(), 0), max(values.max(), 0), out=result)
