"""What interpolation alone makes of a volume: the measure of what super-resolution adds."""

from __future__ import annotations

from dataclasses import replace

from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteLib.volumes import Volume
from DicomSuiteSuperResLib.degrade import along_axis
from DicomSuiteSuperResLib.even_slices import even_slices
from DicomSuiteSuperResLib.slice_profile import cubic_matrix


def cubic_volume(volume: Volume, grid: SliceGrid) -> Volume:
    """Interpolate `volume` by cubic splines to the `grid` of its super-resolved self: the same box, more voxels.

    Values are float32 and may lie a little beyond the volume's.
    """
    voxels = even_slices(volume.grid).of(volume.voxels)
    for axis, count in enumerate(grid.shape):
        if voxels.shape[axis] != count:
            voxels = along_axis(cubic_matrix(voxels.shape[axis], count), voxels, axis)
    return replace(volume, voxels=voxels, grid=grid, series_uid="", files=(), notes=())
