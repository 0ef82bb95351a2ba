"""Isosurfaces and their decimation against VTK's usual filters, and removal of the table, at 512 x 512 x 300.

    python Testing/benchmarks/render_surfaces.py

Needs slicer-core or Slicer's own Python.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from scipy import ndimage
from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
from vtkmodules.vtkCommonCore import reference
from vtkmodules.vtkCommonDataModel import vtkImageData, vtkPolyData, vtkStaticCellLocator
from vtkmodules.vtkFiltersCore import vtkContourFilter, vtkDecimatePro

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "DicomSuite"), str(ROOT / "DicomSuiteRender")]

from DicomSuiteLib.geometry import ImageGeometry  # noqa: E402
from DicomSuiteLib.slice_grid import SliceGrid  # noqa: E402
from DicomSuiteLib.volumes import Volume  # noqa: E402
from DicomSuiteRenderLib.isosurface import SurfaceDetail, extracted, isosurface  # noqa: E402
from DicomSuiteRenderLib.surface_reduction import reduced, smoothed  # noqa: E402
from DicomSuiteRenderLib.table_removal import without_table  # noqa: E402

SHAPE = (300, 512, 512)
SPACING = (0.7, 0.7, 1.0)
"""mm along i, j, k."""
BONE_HU = 175
ROUNDS = 3
SAMPLES = 5000
"""Vertices whose distance is measured."""


def measure() -> Iterator[tuple[str, float, str]]:
    """What was compared, the ratio or figure, and its target."""
    volume = torso_on_table()
    extraction, contour = best_of(
        ROUNDS, lambda: extracted(volume.voxels, BONE_HU), lambda: contoured(volume.voxels, BONE_HU)
    )
    yield "isosurface / vtkContourFilter", extraction / contour, "<= 0.45"
    whole, contour = best_of(ROUNDS, lambda: isosurface(volume, BONE_HU), lambda: contoured(volume.voxels, BONE_HU))
    yield "isosurface, thinned out, smoothed, with normals / vtkContourFilter", whole / contour, ""

    full, detail = extracted(volume.voxels, BONE_HU), SurfaceDetail()
    light = reduced(full, detail.bin_size)
    reduction = 1 - light.GetNumberOfCells() / full.GetNumberOfCells()
    yield "triangles that decimation takes away, share", reduction, ""
    binned, progressive = best_of(1, lambda: reduced(full, detail.bin_size), lambda: decimated(full, reduction))
    yield "decimation / vtkDecimatePro to as many triangles", binned / progressive, "<= 0.2"
    yield "decimation, 99th percentile of distances, voxels", far_distance(full, light), "<= 0.5"
    smooth = smoothed(light, detail.iterations)
    yield "decimation and smoothing, 99th percentile of distances, voxels", far_distance(full, smooth), "<= 0.5"

    (removal,) = best_of(2, lambda: without_table(volume))
    yield "removal of the table / vtkContourFilter", removal / contour, ""


def best_of(rounds: int, *calls: Callable[[], Any]) -> list[float]:
    """The least seconds of each call, taken in turns."""
    seconds = [[] for _ in calls]
    for _ in range(rounds):
        for call, own in zip(calls, seconds, strict=True):
            start = time.perf_counter()
            call()
            own.append(time.perf_counter() - start)
    return [min(own) for own in seconds]


def torso_on_table() -> Volume:
    """A torso with ribs and spine, noise, and below it a table of foam between two shells."""
    z, y, x = (
        (np.arange(size, dtype=np.float32) / size * 2 - 1).reshape([-1 if axis == other else 1 for other in range(3)])
        for axis, size in enumerate(SHAPE)
    )
    radius = np.sqrt((x / 0.8) ** 2 + ((y + 0.15) / 0.6) ** 2) + 0 * z
    voxels = np.where(radius < 1, np.float32(40), np.float32(-1000))
    voxels[(np.abs(radius - 0.9) < 0.03) & (np.sin(z * 30 + 4 * y) > 0.2)] = 600
    voxels[(x**2 + (y - 0.2) ** 2 < 0.02) & (np.sin(z * 40) > -0.7)] = 400
    below = y - 0.55 + 0.15 * x**2 + 0 * z
    voxels[(below > 0) & (below < 0.2)] = -900
    voxels[(np.abs(below - 0.006) < 0.006) | (np.abs(below - 0.194) < 0.006)] = 180
    voxels = ndimage.gaussian_filter(voxels, 0.8)
    voxels += np.random.default_rng(0).normal(0, 12, SHAPE).astype(np.float32)
    geometry = ImageGeometry.from_axes(SHAPE[::-1], np.diag(SPACING), (0, 0, 0))
    return Volume(voxels.astype(np.int16), SliceGrid.from_geometry(geometry), "CT")


def contoured(voxels: np.ndarray, value: float) -> vtkPolyData:
    image = vtkImageData()
    image.SetDimensions(voxels.shape[::-1])
    image.GetPointData().SetScalars(numpy_to_vtk(voxels.ravel()))
    contour = vtkContourFilter()
    contour.SetInputData(image)
    contour.SetValue(0, value)
    contour.ComputeNormalsOff()
    contour.Update()
    return contour.GetOutput()


def decimated(mesh: vtkPolyData, reduction: float) -> vtkPolyData:
    progressive = vtkDecimatePro()
    progressive.SetInputData(mesh)
    progressive.SetTargetReduction(reduction)
    progressive.PreserveTopologyOff()
    progressive.Update()
    return progressive.GetOutput()


def far_distance(mesh: vtkPolyData, other: vtkPolyData) -> float:
    """The larger of the 99th percentiles of the distances of either mesh's vertices to the other."""
    return max(np.percentile(_distances(mesh, other), 99), np.percentile(_distances(other, mesh), 99))


def _distances(mesh: vtkPolyData, other: vtkPolyData) -> list[float]:
    locator = vtkStaticCellLocator()
    locator.SetDataSet(other)
    locator.BuildLocator()
    points = vtk_to_numpy(mesh.GetPoints().GetData())
    chosen = points[np.random.default_rng(1).integers(len(points), size=SAMPLES)]
    nearest, cell, part, square = [0.0, 0.0, 0.0], reference(0), reference(0), reference(0.0)
    found = []
    for point in chosen:
        locator.FindClosestPoint(point, nearest, cell, part, square)
        found.append(float(square) ** 0.5)
    return found


if __name__ == "__main__":
    for what, figure, target in measure():
        print(f"{what:<70} {figure:7.3f}  {target}", flush=True)
