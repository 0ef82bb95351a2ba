"""The surface through all points of one value: extracted, thinned out, smoothed, with normals for its lighting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from DicomSuiteLib.missing_package import missing_package
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteLib.volumes import Volume
from DicomSuiteRenderLib.errors import RenderError
from DicomSuiteRenderLib.surface_reduction import reduced, smoothed

if TYPE_CHECKING:
    from vtkmodules.vtkCommonDataModel import vtkImageData, vtkPolyData


@dataclass(frozen=True)
class SurfaceDetail:
    """How much of an isosurface is kept.

    Parameters
    ----------
    bin_size : voxels; the vertices in a cube of this size become one. 0 keeps them all; above 1, thin bone tears
    iterations : of the low-pass filter; 0 leaves the surface as it is
    """

    bin_size: float = 1.0
    iterations: int = 15


def isosurface(volume: Volume, value: float, detail: SurfaceDetail = SurfaceDetail()) -> vtkPolyData:
    """Make the surface of everything of at least `value`; open where it leaves the volume.

    Voxels that are NaN count as the lowest. Slices lie where the grid puts them, tilted or unevenly spaced.

    Parameters
    ----------
    value : in the volume's units; HU for CT

    Returns
    -------
    Triangles, LPS mm, counter-clockwise seen from lower values, with a normal at every point that points there; none
    where nothing in the volume has this value.

    Raises
    ------
    RenderError
        If the value is no number, or the volume is flat.
    MissingPackageError
        If VTK is missing.
    """
    if not np.isfinite(value):
        raise RenderError(f"An isosurface needs a value that is a number, not {value}.")
    if min(volume.voxels.shape) < 2:
        raise RenderError("A single slice has no surface; take a volume of at least two voxels along every axis.")
    mesh = extracted(volume.voxels, value)
    if detail.bin_size:
        mesh = reduced(mesh, detail.bin_size)
    if detail.iterations:
        mesh = smoothed(mesh, detail.iterations)
    return _with_normals(_placed(mesh, volume.grid))


def extracted(voxels: NDArray, value: float) -> vtkPolyData:
    """Every triangle of the isosurface, in voxel indices (i, j, k)."""
    try:
        from vtkmodules.vtkFiltersCore import vtkFlyingEdges3D
    except ImportError as error:
        raise missing_package("vtk", "Isosurfaces", "slicer") from error
    edges = vtkFlyingEdges3D()
    edges.SetInputData(_image(voxels))
    edges.SetValue(0, value)
    edges.ComputeNormalsOff()
    edges.ComputeScalarsOff()
    edges.Update()
    return edges.GetOutput()


def _image(voxels: NDArray) -> vtkImageData:
    """The voxels in index space; they are shared, unless VTK does not know their type."""
    from vtkmodules.util.numpy_support import numpy_to_vtk
    from vtkmodules.vtkCommonDataModel import vtkImageData

    image = vtkImageData()
    image.SetDimensions(voxels.shape[::-1])
    image.GetPointData().SetScalars(numpy_to_vtk(_for_vtk(voxels).ravel()))
    return image


def _for_vtk(voxels: NDArray) -> NDArray:
    if voxels.dtype == bool:
        voxels = voxels.view(np.uint8)
    elif voxels.dtype == np.float16:
        voxels = voxels.astype(np.float32)
    if voxels.dtype.kind == "f" and not np.isfinite(voxels.sum()):
        lowest = np.min(voxels, initial=np.finfo(voxels.dtype).max, where=np.isfinite(voxels))
        voxels = np.nan_to_num(voxels, nan=lowest, neginf=lowest)
    return np.ascontiguousarray(voxels, voxels.dtype.newbyteorder("="))


def _placed(mesh: vtkPolyData, grid: SliceGrid) -> vtkPolyData:
    """The mesh in LPS mm, its triangles still counter-clockwise seen from lower values."""
    from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
    from vtkmodules.vtkCommonCore import vtkPoints
    from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkPolyData

    placed, points, triangles = vtkPolyData(), vtkPoints(), vtkCellArray()
    if mesh.GetNumberOfCells():
        lps = _lps(vtk_to_numpy(mesh.GetPoints().GetData()), grid)
        points.SetData(numpy_to_vtk(lps.astype(np.float32), deep=True))
        corners = vtk_to_numpy(mesh.GetPolys().GetConnectivityArray()).reshape(-1, 3)
        if grid.nominal_geometry.is_left_handed:
            corners = np.ascontiguousarray(corners[:, ::-1])
        triangles.SetData(3, numpy_to_vtk(corners.ravel(), deep=True))
    placed.SetPoints(points)
    placed.SetPolys(triangles)
    return placed


def _lps(ijk: NDArray, grid: SliceGrid) -> NDArray[np.float64]:
    return grid.lps_from_ijk(ijk) if grid.geometry is None else grid.geometry.lps_from_ijk(ijk)


def _with_normals(mesh: vtkPolyData) -> vtkPolyData:
    from vtkmodules.vtkFiltersCore import vtkTriangleMeshPointNormals

    normals = vtkTriangleMeshPointNormals()
    normals.SetInputData(mesh)
    normals.Update()
    return normals.GetOutput()
