"""The volumes of a series in which a head is looked for: even, no finer than needed, no taller than a head and neck."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from DicomSuiteLib.affine_resampling import even_geometry
from DicomSuiteLib.dicom_volume import read_dicom_volume
from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.head_mask import head_mask
from DicomSuiteLib.resampled_volume import resampled
from DicomSuiteLib.series import Series
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteLib.volumes import Volume

FINEST_MM = 1.5
"""Smaller pixels are averaged: heads are matched at 3 mm."""
TALLEST_MM = 320.0
"""What is taller is looked at in parts."""
PART_MM, STEP_MM = 280.0, 110.0
"""Height of a part, which holds a head wherever it begins between two of them; and from part to part."""
AIR_HU, METAL_HU = -1000, 1000
"""Between them lies what tells heads apart; padding and metal lie beyond."""
NARROWEST_BODY_MM = 280.0
"""A head with a coil or cushions around its ears is not as wide."""
_THICK_MM = 80.0
"""Tables and cushions are thinner, trunks thicker."""
_LEAST_TISSUE = 0.01
"""Share of a plane that is body where the body begins."""


def largest_volume(series: Series) -> Volume:
    """The volume of most images in a series; the first of several that are as large, as in a time series.

    Raises what `read_dicom_volume` raises.
    """
    stack = max(series.stacks, key=lambda stack: len(stack.frames), default=None)
    volume = read_dicom_volume(series if stack is None else replace(series, stacks=(stack,)))
    if volume.modality == "CT":
        volume = replace(volume, voxels=np.clip(volume.voxels, AIR_HU, METAL_HU))
    return _evened(_coarse(volume))


def parts_for_a_head(volume: Volume) -> Iterator[Volume]:
    """The volume, or where it is taller than a head and neck, parts of it from the top of the body downwards."""
    geometry = even_geometry(volume)
    axis = _upright_axis(geometry)
    planes = geometry.size[axis]
    step = geometry.axes[2, axis]
    if planes * abs(step) <= TALLEST_MM:
        yield volume
        return
    part, stride = (max(round(length / abs(step)), 1) for length in (PART_MM, STEP_MM))
    top = _highest_tissue(volume.voxels, axis, upwards=step > 0)
    for start in range(0, max(planes - top - part, 0) + stride, stride):
        first = top + start
        low = planes - first - part if step > 0 else first
        cropped = _cropped(volume, axis, max(low, 0), min(low + part, planes))
        if cropped is not None:
            yield cropped


def is_wide_everywhere(volume: Volume) -> bool:
    """Whether the body is at every height, from left to right, wider than a head can be.

    What is thin, as the table below a head, does not count, nor does noise around one.
    """
    geometry = even_geometry(volume)
    axis, across = _upright_axis(geometry), int(np.argmax(np.abs(geometry.axes[0])))
    mask = head_mask(volume.voxels)
    if axis == across or mask.all():
        return False
    upright = np.moveaxis(mask, (2 - axis, 2 - across), (0, 2))
    spacing = geometry.spacing[3 - axis - across], geometry.spacing[across]
    return min(_thick_width(plane, spacing) for plane in upright) >= NARROWEST_BODY_MM


def _thick_width(plane: NDArray[np.bool_], spacing: tuple[float, float]) -> float:
    """Extent in mm, along the columns, of what is thicker than `_THICK_MM` in all directions."""
    depths = ndimage.distance_transform_edt(np.pad(plane, 1), sampling=spacing)
    inside = np.flatnonzero((depths >= _THICK_MM / 2).any(axis=0))
    return float(np.ptp(inside) * spacing[1] + _THICK_MM) if len(inside) else 0.0


def _upright_axis(geometry: ImageGeometry) -> int:
    """The index (0: i, 1: j, 2: k) that goes most along the body."""
    return int(np.argmax(np.abs(np.array(geometry.directions)[2])))


def _highest_tissue(voxels: NDArray, axis: int, upwards: bool) -> int:
    """How many planes above the body are empty."""
    mask = head_mask(voxels)
    shares = mask.mean(axis=tuple({0, 1, 2} - {2 - axis}))
    inside = np.flatnonzero(shares >= _LEAST_TISSUE)
    if not len(inside):
        return 0
    return len(shares) - 1 - int(inside[-1]) if upwards else int(inside[0])


def _cropped(volume: Volume, axis: int, start: int, stop: int) -> Volume | None:
    geometry = even_geometry(volume)
    if stop <= start:
        return None
    size = list(geometry.size)
    size[axis] = stop - start
    origin = np.array(geometry.origin) + start * geometry.axes[:, axis]
    index = [slice(None)] * 3
    index[2 - axis] = slice(start, stop)
    grid = SliceGrid.from_geometry(ImageGeometry.from_axes(size, geometry.axes, origin))
    return replace(volume, voxels=volume.voxels[tuple(index)], grid=grid, files=())


def _coarse(volume: Volume) -> Volume:
    """The volume with pixels averaged in blocks; what fills no block at the end of a row or column is left out."""
    grid = volume.grid
    steps = [np.array(grid.row_step), np.array(grid.column_step)]
    factors = [max(int(FINEST_MM / np.linalg.norm(step)), 1) for step in steps]
    if max(factors) == 1:
        return volume
    columns, rows = (size // factor for size, factor in zip(grid.size, factors, strict=False))
    shift = sum((factor - 1) / 2 * step for step, factor in zip(steps, factors, strict=True))
    coarse = SliceGrid(
        columns,
        rows,
        tuple((steps[0] * factors[0]).tolist()),
        tuple((steps[1] * factors[1]).tolist()),
        tuple(tuple((np.array(position) + shift).tolist()) for position in grid.positions),
        grid.lone_step,
    )
    voxels = np.stack([_block_means(plane, rows, columns, factors) for plane in volume.voxels])
    return replace(volume, voxels=voxels, grid=coarse)


def _block_means(plane: NDArray, rows: int, columns: int, factors: list[int]) -> NDArray[np.float32]:
    whole = plane[: rows * factors[1], : columns * factors[0]].astype(np.float32)
    return whole.reshape(rows, factors[1], columns, factors[0]).mean(axis=(1, 3))


def _evened(volume: Volume) -> Volume:
    if volume.grid.geometry is not None:
        return volume
    grid = SliceGrid.from_geometry(volume.grid.nominal_geometry)
    voxels = resampled(volume, grid)
    return replace(volume, voxels=np.where(np.isnan(voxels), np.nanmin(voxels), voxels), grid=grid)
