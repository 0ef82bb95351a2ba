"""Crop a volume to a box, which may be turned in the patient; and the box as an ROI in the scene."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from DicomSuiteLib.geometry import LPS_FROM_RAS
from DicomSuiteLib.scene import mrml_scene
from DicomSuiteLib.segments import BoolArray, smallest_box
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteLib.volumes import Volume
from DicomSuiteRenderLib.errors import RenderError
from DicomSuiteRenderLib.measured_box import MeasuredBox

IndexBox = tuple[slice, slice, slice]


def box_around(grid: SliceGrid) -> MeasuredBox:
    """The box around all voxels up to their edges: along the grid's axes, or the patient's where those are aslant."""
    geometry = grid.geometry
    if geometry is not None and not geometry.is_sheared:
        axes = np.array(geometry.directions)
        size = tuple(np.multiply(geometry.size, geometry.spacing).tolist())
        return MeasuredBox(tuple(geometry.corners.mean(axis=0).tolist()), axes, size)
    i, j = ((-0.5, count - 0.5) for count in (grid.columns, grid.rows))
    k = np.arange(-0.5, len(grid.positions))
    edges = grid.lps_from_ijk(np.stack(np.meshgrid(i, j, k), axis=-1).reshape(-1, 3))
    low, high = edges.min(axis=0), edges.max(axis=0)
    return MeasuredBox(tuple(((low + high) / 2).tolist()), np.eye(3), tuple((high - low).tolist()))


def inside_box(grid: SliceGrid, box: MeasuredBox) -> BoolArray:
    """Which voxels (k, j, i) of a grid have their centres in the box."""
    mask = np.zeros(grid.shape, bool)
    for k, rows, columns, inside in box.voxels(grid):
        mask[k, rows, columns] = inside
    return mask


def cropped(volume: Volume, box: MeasuredBox) -> Volume:
    """The smallest part of the volume that holds every voxel whose centre is in the box.

    Voxels of this part outside the box, where it is turned against the volume, get the part's lowest value.

    Raises
    ------
    RenderError
        If no voxel is in the box.
    """
    inside = inside_box(volume.grid, box)
    part = smallest_box(inside)
    inside, voxels = inside[part], volume.voxels[part].copy()
    if not voxels.size:
        raise RenderError("The crop box holds no voxel of the volume; move it onto the volume, or make it larger.")
    voxels[~inside] = np.nanmin(voxels) if np.any(voxels == voxels) else np.nan
    files = volume.files[part[0]] if len(volume.files) == len(volume.voxels) else volume.files
    return replace(volume, voxels=voxels, grid=_part(volume.grid, part), files=files)


def roi_of_box(box: MeasuredBox, name: str) -> Any:
    """Put a box into the scene as a vtkMRMLMarkupsROINode; `markups_measurements.box_of_roi` reads it back.

    Raises
    ------
    MissingPackageError
        As for `mrml_scene`.
    """
    import vtk

    scene = mrml_scene()
    node = scene.AddNewNodeByClass("vtkMRMLMarkupsROINode", scene.GenerateUniqueName(name))
    object_to_lps = np.eye(4)
    object_to_lps[:3, :3] = box.axes
    if np.linalg.det(box.axes) < 0:  # an ROI turns like a right hand; a box is the same with an axis reversed
        object_to_lps[:3, 2] *= -1
    object_to_lps[:3, 3] = box.centre
    matrix = vtk.vtkMatrix4x4()
    matrix.DeepCopy((LPS_FROM_RAS @ object_to_lps).ravel().tolist())
    node.SetAndObserveObjectToNodeMatrix(matrix)
    node.SetSize(box.size)
    return node


def _part(grid: SliceGrid, box: IndexBox) -> SliceGrid:
    k, j, i = box
    corner = i.start * np.array(grid.row_step) + j.start * np.array(grid.column_step)
    positions = np.array(grid.positions[k]) + corner
    through = np.diff(grid.lps_from_ijk([(0, 0, k.start - 0.5), (0, 0, k.start + 0.5)]), axis=0)[0]
    return SliceGrid(
        i.stop - i.start,
        j.stop - j.start,
        grid.row_step,
        grid.column_step,
        tuple(map(tuple, positions.tolist())),
        tuple(through.tolist()),
    )
