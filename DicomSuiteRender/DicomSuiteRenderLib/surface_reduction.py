"""Make a mesh of an isosurface lighter and smoother, within a fraction of a voxel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from vtkmodules.vtkCommonDataModel import vtkPolyData

PASS_BAND = 0.1
"""Of the windowed sinc filter (Taubin, Zhang and Golub 1996), VTK's own default."""


def reduced(mesh: vtkPolyData, bin_size: float) -> vtkPolyData:
    """The mesh with the vertices in each cube of `bin_size`, in its own units, replaced by their mean.

    Cubes begin at whole numbers. So in voxel indices, with a size of 1, they have voxel centres at their corners, and
    the two sides of a wall that is one voxel thick do not fall together.
    """
    from vtkmodules.vtkFiltersCore import vtkBinnedDecimation

    if not mesh.GetNumberOfCells():
        return mesh
    decimation = vtkBinnedDecimation()
    decimation.SetInputData(mesh)
    decimation.AutoAdjustNumberOfDivisionsOff()
    decimation.SetDivisionOrigin(np.floor(mesh.GetBounds()[::2]))
    decimation.SetDivisionSpacing(bin_size, bin_size, bin_size)
    decimation.SetPointGenerationModeToBinAverages()
    decimation.Update()
    return decimation.GetOutput()


def smoothed(mesh: vtkPolyData, iterations: int) -> vtkPolyData:
    """The mesh without the high frequencies that noise and decimation have put on it; its borders stay in place."""
    from vtkmodules.vtkFiltersCore import vtkWindowedSincPolyDataFilter

    if not mesh.GetNumberOfCells():
        return mesh
    low_pass = vtkWindowedSincPolyDataFilter()
    low_pass.SetInputData(mesh)
    low_pass.SetNumberOfIterations(iterations)
    low_pass.SetPassBand(PASS_BAND)
    low_pass.NormalizeCoordinatesOn()
    low_pass.BoundarySmoothingOff()
    low_pass.FeatureEdgeSmoothingOff()
    low_pass.NonManifoldSmoothingOff()
    low_pass.Update()
    return low_pass.GetOutput()
