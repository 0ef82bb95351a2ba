"""Isosurfaces: in the right place in every geometry, the right way out, close to the values, and not torn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteLib.volumes import Volume
from DicomSuiteRenderLib.errors import RenderError
from DicomSuiteRenderLib.isosurface import SurfaceDetail, extracted, isosurface
from DicomSuiteRenderLib.surface_reduction import reduced, smoothed
from mesh_checks import is_closed_and_oriented, signed_volume
from placed_volumes import TURN, placed_volumes, voxel_centres

pytest.importorskip("vtkmodules", reason="needs 'pip install .[slicer]'")

from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkCommonDataModel import vtkPolyData
from vtkmodules.vtkFiltersCore import vtkImplicitPolyDataDistance

UPHILL = np.array((0.48, -0.6, 0.64))
"""LPS unit vector, along no axis of any volume."""

EVERYTHING = SurfaceDetail(bin_size=0, iterations=0)


def points_of(mesh: vtkPolyData) -> np.ndarray:
    return vtk_to_numpy(mesh.GetPoints().GetData()).astype(float)


def triangles_of(mesh: vtkPolyData) -> np.ndarray:
    return vtk_to_numpy(mesh.GetPolys().GetConnectivityArray()).reshape(-1, 3)


def distances(mesh: vtkPolyData, other: vtkPolyData) -> np.ndarray:
    """Of the vertices of one mesh to the other."""
    distance = vtkImplicitPolyDataDistance()
    distance.SetInput(other)
    return np.abs([distance.EvaluateFunction(point) for point in points_of(mesh)])


def ramp_in(volume: Volume) -> Volume:
    """A volume whose value is how far (mm) a voxel lies along `UPHILL` from the middle."""
    heights = voxel_centres(volume) @ UPHILL
    return replace(volume, voxels=(heights - heights.mean()).astype(np.float32))


def blob(size: int = 40, seed: int = 3) -> np.ndarray:
    """A smooth lump with noise, in voxels (k, j, i)."""
    k, j, i = np.indices((size,) * 3) - (size - 1) / 2
    radius = np.sqrt(k**2 + (j / 0.8) ** 2 + (i / 1.1) ** 2) + 1.5 * np.sin(i / 4) * np.cos(j / 5)
    noise = np.random.default_rng(seed).normal(0, 5, radius.shape)
    return (40 * (0.3 * size - radius) + noise).astype(np.int16)


@pytest.mark.parametrize("name", [name for name in placed_volumes() if name != "one slice"])
def test_surface_lies_where_the_slices_say_and_faces_lower_values(name: str) -> None:
    volume = ramp_in(placed_volumes()[name])
    middle = (voxel_centres(volume) @ UPHILL).mean()
    mesh = isosurface(volume, 1.5, EVERYTHING)
    points = points_of(mesh)
    assert len(points) > 50
    assert points @ UPHILL - middle == pytest.approx(1.5, abs=1e-3)
    assert vtk_to_numpy(mesh.GetPointData().GetNormals()) @ UPHILL == pytest.approx(-1, abs=1e-3)
    first, second, third = points[triangles_of(mesh)].transpose(1, 0, 2)
    assert (np.cross(second - first, third - first) @ UPHILL).max() < 1e-4


@pytest.mark.parametrize("directions", [np.eye(3), TURN, TURN * (1, 1, -1)], ids=["upright", "oblique", "left-handed"])
def test_surface_of_a_lump_is_closed_and_counter_clockwise_from_outside(directions: np.ndarray) -> None:
    voxels = blob(20)
    geometry = ImageGeometry.from_axes((20, 20, 20), directions * (0.7, 0.8, 1.5), (5, 6, 7))
    mesh = isosurface(Volume(voxels, SliceGrid.from_geometry(geometry)), 30)
    points = points_of(mesh)
    assert is_closed_and_oriented(triangles_of(mesh))
    volume = (voxels > 30).sum() * 0.7 * 0.8 * 1.5
    assert signed_volume(points - points.mean(axis=0), triangles_of(mesh)) == pytest.approx(volume, rel=0.05)


def test_fewer_and_smoother_triangles_stay_within_half_a_voxel() -> None:
    full = extracted(blob(), 175)
    light = smoothed(reduced(full, SurfaceDetail().bin_size), SurfaceDetail().iterations)
    assert light.GetNumberOfCells() < 0.9 * full.GetNumberOfCells()
    assert np.percentile(distances(full, light), 99) <= 0.5
    assert np.percentile(distances(light, full), 99) <= 0.5


@pytest.mark.parametrize("value", [300, 600])
def test_walls_one_voxel_thick_keep_both_sides(value: int) -> None:
    """Where the sides fell together, more than two triangles would meet at an edge."""
    voxels = np.full((24, 24, 24), -1000, np.int16)
    voxels[:, 5, :] = voxels[:, :, 12] = voxels[17, :, :] = value
    full = extracted(voxels, 175)
    light = reduced(full, SurfaceDetail().bin_size)
    edges = np.sort(triangles_of(light)[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), axis=1)
    assert np.unique(edges, axis=0, return_counts=True)[1].max() == 2
    assert np.percentile(distances(full, light), 99) <= 0.5


@pytest.mark.parametrize(
    "kind",
    [
        lambda voxels: voxels.astype(">i2"),
        lambda voxels: voxels.astype(np.float16),
        lambda voxels: voxels.astype(np.int64),
        lambda voxels: np.asfortranarray(voxels),
        lambda voxels: voxels[::-1][::-1],
    ],
    ids=["big-endian", "half", "int64", "fortran", "view"],
)
def test_kind_of_numbers_does_not_matter(kind: Callable[[np.ndarray], np.ndarray]) -> None:
    voxels = blob(20)
    assert np.allclose(points_of(extracted(kind(voxels), 100)), points_of(extracted(voxels, 100)), atol=0.02)


def test_mask_has_a_surface_at_one_half() -> None:
    assert np.array_equal(points_of(extracted(blob(20) > 0, 0.5)), points_of(extracted((blob(20) > 0) * 1.0, 0.5)))


def test_voxels_that_are_no_numbers_are_outside() -> None:
    voxels = blob(20).astype(np.float32)
    broken = np.where(voxels < -80, np.nan, voxels)
    broken[0, 0, 0] = -np.inf
    assert np.array_equal(triangles_of(extracted(broken, 30)), triangles_of(extracted(voxels, 30)))
    assert np.isfinite(points_of(extracted(broken, -79.9))).all()


@pytest.mark.parametrize("voxels", [np.zeros((3, 4, 5), np.int16), np.full((3, 4, 5), np.nan)], ids=["constant", "NaN"])
def test_where_nothing_has_the_value_there_is_no_triangle(voxels: np.ndarray) -> None:
    volume = placed_volumes()["upright"]
    grid = replace(volume.grid, columns=5, rows=4, positions=volume.grid.positions[:3])
    assert isosurface(replace(volume, voxels=voxels, grid=grid), 175).GetNumberOfCells() == 0


def test_source_voxels_are_not_changed() -> None:
    volume = ramp_in(placed_volumes()["upright"])
    before = volume.voxels.copy()
    isosurface(volume, 0.0)
    assert np.array_equal(volume.voxels, before)


def test_flat_volumes_and_values_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(RenderError, match="single slice"):
        isosurface(placed_volumes()["one slice"], 0)
    with pytest.raises(RenderError, match="number"):
        isosurface(placed_volumes()["upright"], float("nan"))
