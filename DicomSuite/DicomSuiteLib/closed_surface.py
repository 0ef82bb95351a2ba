"""The closed surface of a segment: smooth, watertight, and holding the volume of its voxels.

The mask's half-level surface is smoothed by a low-pass filter, kept between the voxel centres that it separates, and
then moved along its normals until every connected piece holds again what its voxels do. Low-pass filters alone, and
Slicer's default among them, shrink what is small.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from DicomSuiteLib.geometry import FloatArray
from DicomSuiteLib.missing_package import missing_package
from DicomSuiteLib.segments import BoolArray, Segment
from DicomSuiteLib.slice_grid import SliceGrid

IntArray = NDArray[np.int64]

ITERATIONS = 40
PASS_BAND = 0.02
"""Of the windowed sinc filter (Taubin, Zhang and Golub 1996).

Triangles of balls of 4, 8, 25 and 100 voxels are then 9, 4, 2 and 2 degrees (root mean square) off the true normals.
A wider band leaves the large ones rougher (0.05: 3 degrees); a narrower one shrinks the small ones past repair.
"""

FARTHEST = 0.4
"""Voxels that a vertex may move across the wall it stands for; at 0.5 it would lie on a voxel's centre, and what is
one voxel thick would have no thickness left."""

SHRUNKEN = 0.5
"""A piece that keeps less than this part of its volume is too small to be smoothed, and is left as it is."""

VOLUME_TOLERANCE = 1e-4
"""Part of its volume by which a piece may be off."""

LARGEST_NUMBER_OF_MOVES = 12
"""Moves along the normals; two or three are enough for anything but single voxels."""


@dataclass(frozen=True, eq=False)
class Surface:
    """A closed mesh of triangles; seen from outside, their vertices run counter-clockwise.

    Parameters
    ----------
    points : (n, 3) LPS mm
    triangles : (m, 3) indices into `points`; every edge belongs to exactly two triangles
    """

    points: FloatArray
    triangles: IntArray


def closed_surface(segment: Segment, grid: SliceGrid) -> Surface:
    """Make the surface of a segment of `grid`; one of no points where the segment is empty.

    The volume inside equals that of the voxels. Voxels are as thick as `SliceGrid.slice_thicknesses`, so tilted and
    unevenly spaced slices are kept; at the border of the grid the surface closes half a voxel beyond the centres.

    Raises
    ------
    MissingPackageError
        If VTK is missing.
    """
    if segment.is_empty:
        return Surface(np.empty((0, 3)), np.empty((0, 3), np.int64))
    padded = np.pad(segment.voxels, 1)
    walls, triangles = _half_level_surface(padded)
    pieces = _pieces(triangles, len(walls))
    ijk = walls + segment.offset[::-1]
    targets = _piece_volumes(ijk, _wall_sides(walls, padded), pieces, grid)
    points = grid.lps_from_ijk(ijk)
    if mesh_volume(Surface(points, triangles)) < 0:
        triangles = triangles[:, ::-1]
    smoothed = grid.lps_from_ijk(_held_between_centres(ijk, _low_pass(ijk, triangles)))
    volumes = _signed_volumes(smoothed, triangles, _area_vectors(smoothed, triangles))
    is_kept = np.bincount(pieces[triangles[:, 0]], volumes) / targets >= SHRUNKEN
    points = np.where(is_kept[pieces][:, None], smoothed, points)
    return Surface(_with_volumes(points, triangles, pieces, targets), triangles)


def mesh_volume(surface: Surface) -> float:
    """Volume, mm³, that the surface encloses; cavities do not count."""
    vectors = _area_vectors(surface.points, surface.triangles)
    return float(_signed_volumes(surface.points, surface.triangles, vectors).sum())


def mesh_area(surface: Surface) -> float:
    """Area, mm², of the surface, cavities included."""
    return float(_areas(_area_vectors(surface.points, surface.triangles)).sum())


def _half_level_surface(padded: BoolArray) -> tuple[FloatArray, IntArray]:
    """Vertices (n, 3), each (i, j, k) half-way between a voxel inside and one outside, and triangles (m, 3).

    `padded` is the mask with one voxel outside around it; indices count from the mask's own first voxel.
    """
    try:
        from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
        from vtkmodules.vtkCommonDataModel import vtkImageData
        from vtkmodules.vtkFiltersCore import vtkFlyingEdges3D
    except ImportError as error:
        raise missing_package("vtk", "Surfaces") from error
    image = vtkImageData()
    image.SetDimensions(padded.shape[::-1])
    image.GetPointData().SetScalars(numpy_to_vtk(padded.view(np.uint8).ravel()))
    edges = vtkFlyingEdges3D()
    edges.SetInputData(image)
    edges.SetValue(0, 0.5)
    edges.ComputeNormalsOff()
    edges.Update()
    mesh = edges.GetOutput()
    points = vtk_to_numpy(mesh.GetPoints().GetData()).astype(float) - 1
    triangles = vtk_to_numpy(mesh.GetPolys().GetConnectivityArray()).reshape(-1, 3)
    return points, triangles.astype(np.int64)


def _low_pass(points: FloatArray, triangles: IntArray) -> FloatArray:
    """Vertices without the high frequencies of the mesh.

    All neighbours weigh the same, so that it makes no difference whether voxels or mm are filtered.
    """
    from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
    from vtkmodules.vtkCommonCore import vtkPoints
    from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkPolyData
    from vtkmodules.vtkFiltersCore import vtkWindowedSincPolyDataFilter

    mesh, vertices, cells = vtkPolyData(), vtkPoints(), vtkCellArray()
    vertices.SetData(numpy_to_vtk(np.ascontiguousarray(points)))
    cells.SetData(3, numpy_to_vtk(triangles.ravel()))
    mesh.SetPoints(vertices)
    mesh.SetPolys(cells)
    low_pass = vtkWindowedSincPolyDataFilter()
    low_pass.SetInputData(mesh)
    low_pass.SetNumberOfIterations(ITERATIONS)
    low_pass.SetPassBand(PASS_BAND)
    low_pass.NormalizeCoordinatesOn()
    low_pass.NonManifoldSmoothingOn()
    low_pass.Update()
    return vtk_to_numpy(low_pass.GetOutput().GetPoints().GetData()).astype(float)


def _across(walls: FloatArray) -> BoolArray:
    """(n, 3) True for the one axis along which a wall lies between two voxels."""
    return np.abs(walls - np.rint(walls)) > 0.25


def _held_between_centres(walls: FloatArray, moved: FloatArray) -> FloatArray:
    step = moved - walls
    return walls + np.where(_across(walls), np.clip(step, -FARTHEST, FARTHEST), step)


def _wall_sides(walls: FloatArray, padded: BoolArray) -> FloatArray:
    """(n,) For walls across i: +1 where the outside lies towards larger i, -1 where smaller; 0 for other walls."""
    is_across_i = _across(walls)[:, 0]
    i, j, k = np.floor(walls[is_across_i]).astype(np.int64).T + 1
    sides = np.zeros(len(walls))
    sides[is_across_i] = np.where(padded[k, j, i], 1, -1)
    return sides


def _pieces(triangles: IntArray, count: int) -> IntArray:
    """(n,) number of the connected piece of the mesh that each vertex belongs to."""
    ends = np.concatenate([triangles[:, :2], triangles[:, 1:]])
    graph = coo_array((np.ones(len(ends), np.int8), (ends[:, 0], ends[:, 1])), (count, count))
    return connected_components(graph, directed=False)[1]


def _piece_volumes(ijk: FloatArray, sides: FloatArray, pieces: IntArray, grid: SliceGrid) -> FloatArray:
    """Volume, mm³, of the voxels around which each piece closes; of a cavity, negative.

    By the divergence theorem, from the walls across i: each closes a row of voxels of one slice, from 0 to its own i.
    """
    slices = np.clip(np.rint(ijk[:, 2]).astype(np.int64), 0, len(grid.positions) - 1)
    return np.bincount(pieces, sides * ijk[:, 0] * grid.voxel_volumes[slices])


def _with_volumes(points: FloatArray, triangles: IntArray, pieces: IntArray, targets: FloatArray) -> FloatArray:
    """Move every piece along its normals, by the same length everywhere, until it holds its target volume."""
    owners = pieces[triangles[:, 0]]
    for _ in range(LARGEST_NUMBER_OF_MOVES):
        vectors = _area_vectors(points, triangles)
        missing = targets - np.bincount(owners, _signed_volumes(points, triangles, vectors))
        if np.all(np.abs(missing) <= VOLUME_TOLERANCE * np.abs(targets)):
            break
        lengths = missing / np.bincount(owners, _areas(vectors))
        points = points + lengths[pieces][:, None] * _normals(vectors, triangles, len(points))
    return points


def _signed_volumes(points: FloatArray, triangles: IntArray, area_vectors: FloatArray) -> FloatArray:
    """(m,) Signed volume, mm³, between each triangle and one point near the mesh."""
    near = points[:1].sum(axis=0)
    return np.einsum("ni,ni->n", points[triangles[:, 0]] - near, area_vectors) / 6


def _area_vectors(points: FloatArray, triangles: IntArray) -> FloatArray:
    """(m, 3) along the outward normal of each triangle, twice as long as its area in mm²."""
    first, second, third = (points[triangles[:, corner]] for corner in range(3))
    return np.cross(second - first, third - first)


def _areas(area_vectors: FloatArray) -> FloatArray:
    return np.linalg.norm(area_vectors, axis=1) / 2


def _normals(area_vectors: FloatArray, triangles: IntArray, count: int) -> FloatArray:
    """(n, 3) outward unit normals of the vertices, triangles weighing by their areas."""
    flat = triangles.ravel()
    sums = np.column_stack([np.bincount(flat, np.repeat(component, 3), count) for component in area_vectors.T])
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    return np.divide(sums, lengths, out=np.zeros_like(sums), where=lengths > 0)
