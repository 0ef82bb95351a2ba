"""Look up the values of one volume at the voxel centres of another, linearly."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from DicomSuiteLib.geometry import FloatArray, ImageGeometry
from DicomSuiteLib.plane_sampling import plane_indices, sampled
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteLib.volumes import Volume


def resampled(volume: Volume, grid: SliceGrid) -> NDArray[np.float32]:
    """Values (slices, rows, columns) of a volume at the voxels of `grid`; NaN where it has none.

    Every slice of both is taken to lie where its own position says, so tilted and uneven ones are right. Outside its
    outermost voxel centres, a volume goes on for half a voxel. What lies between a voxel and NaN is NaN.
    """
    if (source := _for_itk(volume.grid)) and (target := _for_itk(grid)):
        return _resampled_by_itk(volume.voxels, source, target)
    result = np.empty(grid.shape, np.float32)
    for k, plane in enumerate(result):
        plane[...] = _plane_values(volume, grid, k)
    return result


def _for_itk(grid: SliceGrid) -> ImageGeometry | None:
    """The grid's geometry if ITK can hold it."""
    return None if grid.geometry is None or grid.geometry.is_sheared else grid.geometry


def _resampled_by_itk(voxels: NDArray, source: ImageGeometry, target: ImageGeometry) -> NDArray[np.float32]:
    """The same, several times faster where the axes of the two are not along each other."""
    image = sitk.GetImageFromArray(voxels if voxels.dtype.kind in "iu" else voxels.astype(np.float32))
    source.set_on_sitk(image)
    filter_ = sitk.ResampleImageFilter()
    filter_.SetSize(target.size)
    filter_.SetOutputSpacing(target.spacing)
    filter_.SetOutputOrigin(target.origin)
    filter_.SetOutputDirection([value for row in target.directions for value in row])
    filter_.SetInterpolator(sitk.sitkLinear)
    filter_.SetOutputPixelType(sitk.sitkFloat32)
    filter_.SetDefaultPixelValue(float("nan"))
    return sitk.GetArrayFromImage(filter_.Execute(image))


def _plane_values(volume: Volume, grid: SliceGrid, k: int) -> NDArray[np.float32]:
    left, top = _edges(grid, k)
    indices = plane_indices(left, top, volume.grid)
    inside = np.ones((), bool)
    for index, length in zip(indices, volume.voxels.shape, strict=True):
        inside = inside & (index >= -0.5) & (index <= length - 0.5)
    if not inside.any():
        return np.full(grid.shape[1:], np.nan, np.float32)
    kept = tuple(np.clip(index, 0, length - 1) for index, length in zip(indices, volume.voxels.shape, strict=True))
    return np.where(inside, sampled(volume.voxels, kept), np.float32(np.nan))


def _edges(grid: SliceGrid, k: int) -> tuple[FloatArray, FloatArray]:
    """LPS mm of the voxel centres in the first column (rows, 3) and in the first row (columns, 3) of a slice."""
    corner = np.array(grid.positions[k])
    return (
        corner + np.arange(grid.rows)[:, None] * grid.column_step,
        corner + np.arange(grid.columns)[:, None] * grid.row_step,
    )
