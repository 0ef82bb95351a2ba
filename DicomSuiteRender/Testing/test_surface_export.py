"""Surfaces for export: closed, and holding the volume of their voxels, in every geometry."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from DicomSuiteLib.closed_surface import mesh_volume
from DicomSuiteLib.volumes import Volume
from DicomSuiteLib.write_surface import write_surface
from DicomSuiteRenderLib.crop_box import box_around, inside_box
from DicomSuiteRenderLib.errors import RenderError
from DicomSuiteRenderLib.measured_box import MeasuredBox
from DicomSuiteRenderLib.surface_export import threshold_surface
from mesh_checks import is_closed_and_oriented
from placed_volumes import placed_volumes

pytest.importorskip("vtkmodules", reason="needs 'pip install .[slicer]'")

TOLERANCE = 1e-3
"""Of the voxels' volume."""


def noisy(volume: Volume) -> Volume:
    """A lump that touches the volume's border, with holes and islands of single voxels."""
    k, j, i = np.indices(volume.voxels.shape, sparse=True)
    values = (
        300 - 60 * np.hypot(np.hypot(k - 2, j - 3), i - 4) + np.random.default_rng(2).normal(0, 60, volume.voxels.shape)
    )
    return replace(volume, voxels=values.astype(np.int16))


def volume_between(volume: Volume, low: float, high: float, mask: np.ndarray | bool = True) -> float:
    inside = (volume.voxels >= low) & (volume.voxels <= high) & mask
    return float(inside.sum(axis=(1, 2)) @ volume.grid.voxel_volumes)


@pytest.mark.parametrize("name", placed_volumes())
@pytest.mark.parametrize(("low", "high"), [(100, np.inf), (-50, 150)])
def test_surface_is_closed_and_holds_its_voxels(name: str, low: float, high: float) -> None:
    volume = noisy(placed_volumes()[name])
    surface = threshold_surface(volume, low, high)
    assert is_closed_and_oriented(surface.triangles)
    assert mesh_volume(surface) == pytest.approx(volume_between(volume, low, high), rel=TOLERANCE)


@pytest.mark.parametrize("name", ["upright", "oblique", "uneven and tilted"])
def test_surface_in_a_turned_box_is_closed_and_holds_its_voxels(name: str) -> None:
    volume = noisy(placed_volumes()[name])
    whole = box_around(volume.grid)
    turn = np.array(((0.8, 0.6, 0), (-0.6, 0.8, 0), (0, 0, 1)))
    box = MeasuredBox(whole.centre, whole.axes @ turn, tuple(np.array(whole.size) * 0.6))
    surface = threshold_surface(volume, -50, np.inf, box)
    inside = inside_box(volume.grid, box)
    assert is_closed_and_oriented(surface.triangles)
    assert mesh_volume(surface) == pytest.approx(volume_between(volume, -50, np.inf, inside), rel=TOLERANCE)
    assert 0 < inside.sum() < 0.5 * inside.size


def test_written_stl_is_closed_when_it_is_read_back(tmp_path: Path) -> None:
    from vtkmodules.util.numpy_support import vtk_to_numpy
    from vtkmodules.vtkFiltersCore import vtkMassProperties
    from vtkmodules.vtkIOGeometry import vtkSTLReader

    volume = noisy(placed_volumes()["oblique"])
    path = tmp_path / "bone.stl"
    write_surface(path, threshold_surface(volume, 100, np.inf), "Bone", (1, 1, 1))
    reader = vtkSTLReader()
    reader.SetFileName(str(path))
    reader.Update()
    triangles = vtk_to_numpy(reader.GetOutput().GetPolys().GetConnectivityArray()).reshape(-1, 3)
    edges, counts = np.unique(
        np.sort(triangles[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), axis=1), axis=0, return_counts=True
    )
    assert np.count_nonzero(counts == 1) == 0
    mass = vtkMassProperties()
    mass.SetInputData(reader.GetOutput())
    assert mass.GetVolume() == pytest.approx(volume_between(volume, 100, np.inf), rel=TOLERANCE)


def test_voxels_that_are_no_numbers_are_outside() -> None:
    volume = noisy(placed_volumes()["upright"])
    voxels = volume.voxels.astype(float)
    voxels[:, :2] = np.nan
    surface = threshold_surface(replace(volume, voxels=voxels), -50, np.inf)
    expected = volume_between(replace(volume, voxels=np.nan_to_num(voxels, nan=-1e6)), -50, np.inf)
    assert mesh_volume(surface) == pytest.approx(expected, rel=TOLERANCE)


def test_empty_range_and_box_beside_the_volume_are_refused() -> None:
    volume = noisy(placed_volumes()["upright"])
    with pytest.raises(RenderError, match="at or above 5000"):
        threshold_surface(volume, 5000, np.inf)
    with pytest.raises(RenderError, match="larger box"):
        threshold_surface(volume, -50, np.inf, MeasuredBox((900.0, 0.0, 0.0), np.eye(3), (10.0, 10.0, 10.0)))
