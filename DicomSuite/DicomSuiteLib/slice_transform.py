"""Moves each slice of a volume node to its ImagePositionPatient where the node's one matrix cannot."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from DicomSuiteLib.geometry import RAS_SIGNS, FloatArray, ImageGeometry, slice_position_tolerance
from DicomSuiteLib.slice_grid import SliceGrid

MOVES_SLICES = "DicomSuiteRTOverlay.MovesSlices"
"""The attribute of the transform node, ours or Slicer's own, that was found to put a volume's slices in their place."""


def slice_transform_of(volume_node: Any) -> Any:
    """The transform node that puts the volume's slices in their place; None where its own matrix does."""
    parent = volume_node.GetParentTransformNode()
    return parent if parent is not None and parent.GetAttribute(MOVES_SLICES) else None


def slice_grid_of(volume_node: Any) -> SliceGrid:
    """Where the voxels of a volume node lie in the patient: by its matrix and, where there is one, slice transform.

    Other transforms, such as a registration, are left out.
    """
    geometry = ImageGeometry.from_volume_node(volume_node)
    grid = SliceGrid.from_geometry(geometry)
    mover = slice_transform_of(volume_node)
    if mover is None:
        return grid
    positions = np.array(grid.positions) + _moved_by(mover, geometry, len(grid.positions))
    return replace(grid, positions=tuple(map(tuple, positions.tolist())))


def slice_displacements(geometry: ImageGeometry, positions: ArrayLike) -> FloatArray:
    """How far (LPS mm, (n, 3)) each slice must be moved from its place on `geometry`.

    `positions` are the LPS mm of the centre of voxel (0, 0) of every slice, (n, 3), in the order of the node's voxels.
    """
    places = np.asarray(positions, dtype=float)
    return places - _first_voxels(geometry, len(places))


def are_slices_in_place(geometry: ImageGeometry, positions: ArrayLike, transform_node: Any = None) -> bool:
    """Whether every slice lies where it should, as seen by the parent of `transform_node` (None: no transform)."""
    tolerance = slice_position_tolerance(geometry.spacing[2])
    moved = slice_displacements(geometry, positions)
    if transform_node is not None:
        moved = moved - _moved_by(transform_node, geometry, len(moved))
    return bool(np.linalg.norm(moved, axis=1).max() <= tolerance)


def set_slice_transform(transform_node: Any, geometry: ImageGeometry, positions: ArrayLike) -> None:
    """Let a vtkMRMLGridTransformNode move the slices of a volume on `geometry` to `positions` (LPS mm, (n, 3)).

    Between two slices, points move linearly; beyond the first and the last they go on as at the end.
    """
    import slicer
    import vtk
    from vtk.util.numpy_support import numpy_to_vtk

    displacements = _with_one_more_at_each_end(slice_displacements(geometry, positions)) * RAS_SIGNS
    columns, rows, _ = geometry.size
    # A slice is moved as a whole, so its four corners say everything.
    grid = vtk.vtkImageData()
    grid.SetDimensions(2, 2, len(displacements))
    grid.SetOrigin(geometry.lps_from_ijk((0, 0, -1)) * RAS_SIGNS)
    grid.SetSpacing(geometry.spacing[0] * columns, geometry.spacing[1] * rows, geometry.spacing[2])
    corners = np.repeat(displacements, 4, axis=0)
    grid.GetPointData().SetScalars(numpy_to_vtk(np.ascontiguousarray(corners), deep=True))
    directions = vtk.vtkMatrix4x4()
    directions.DeepCopy(_directions_ras(geometry).ravel().tolist())
    transform = slicer.vtkOrientedGridTransform()
    transform.SetGridDirectionMatrix(directions)
    transform.SetDisplacementGridData(grid)
    transform.SetInterpolationModeToLinear()
    transform_node.SetAndObserveTransformToParent(transform)


def _first_voxels(geometry: ImageGeometry, count: int) -> FloatArray:
    """LPS mm of voxel (0, 0) of the first `count` slices."""
    return geometry.lps_from_ijk([(0, 0, k) for k in range(count)])


def _with_one_more_at_each_end(displacements: FloatArray) -> FloatArray:
    """A voxel reaches half a slice beyond its centre, where a grid alone would stop changing."""
    if len(displacements) == 1:
        return np.repeat(displacements, 3, axis=0)
    before = 2 * displacements[0] - displacements[1]
    after = 2 * displacements[-1] - displacements[-2]
    return np.vstack([before, displacements, after])


def _directions_ras(geometry: ImageGeometry) -> FloatArray:
    matrix = np.eye(4)
    matrix[:3, :3] = np.array(geometry.directions) * RAS_SIGNS[:, None]
    return matrix


def _moved_by(transform_node: Any, geometry: ImageGeometry, count: int) -> FloatArray:
    """How far (LPS mm) the node's transform to its parent moves voxel (0, 0) of each slice."""
    transform = transform_node.GetTransformToParent()
    ras = _first_voxels(geometry, count) * RAS_SIGNS
    return (np.array([transform.TransformPoint(point) for point in ras]) - ras) * RAS_SIGNS
