"""Mesh files: read by VTK and by Slicer's own model storage at the right place, closed, and in mm."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from DicomSuiteLib.closed_surface import Surface, closed_surface, mesh_volume
from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.output_file import OutputError
from DicomSuiteLib.segments import Segment
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteLib.write_surface import MeshSpace, write_surface
from mesh_checks import is_closed_and_oriented, signed_volume

SUFFIXES = (".stl", ".ply", ".obj")
COLOUR = (1.0, 0.5, 0.0)
EMPTY = Surface(np.empty((0, 3)), np.empty((0, 3), np.int64))


@pytest.fixture(scope="module")
def surface() -> Surface:
    """A ball of 6 mm some way off the origin, so that a wrong sign is seen."""
    mask = np.linalg.norm(np.indices((15, 15, 15)) - 7.0, axis=0) < 6
    grid = SliceGrid.from_geometry(ImageGeometry.from_axes((15, 15, 15), np.eye(3), (120.0, -80.0, 300.0)))
    return closed_surface(Segment.from_mask("ball", COLOUR, 1, mask), grid)


def read_by_vtk(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Points and triangles; STL's points, one for each corner, are merged."""
    vtk = pytest.importorskip("vtk")
    from vtkmodules.util.numpy_support import vtk_to_numpy

    reader = {".stl": vtk.vtkSTLReader, ".ply": vtk.vtkPLYReader, ".obj": vtk.vtkOBJReader}[path.suffix]()
    reader.SetFileName(str(path))
    reader.Update()
    mesh = reader.GetOutput()
    return (
        vtk_to_numpy(mesh.GetPoints().GetData()),
        vtk_to_numpy(mesh.GetPolys().GetConnectivityArray()).reshape(-1, 3),
    )


def read_by_slicer(path: Path) -> Any:
    """The vtkMRMLModelNode (RAS) that Slicer makes of the file."""
    slicer = pytest.importorskip("slicer")
    scene, node, storage = slicer.vtkMRMLScene(), slicer.vtkMRMLModelNode(), slicer.vtkMRMLModelStorageNode()
    scene.AddNode(node)
    scene.AddNode(storage)
    storage.SetFileName(str(path))
    assert storage.ReadData(node) == 1
    return node


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_vtk_reads_the_same_closed_mesh(tmp_path: Path, surface: Surface, suffix: str) -> None:
    write_surface(tmp_path / f"a{suffix}", surface, "Lung", COLOUR)
    points, triangles = read_by_vtk(tmp_path / f"a{suffix}")
    assert len(points) == len(surface.points)
    assert is_closed_and_oriented(triangles)
    assert points[triangles].mean(axis=1) == pytest.approx(surface.points[surface.triangles].mean(axis=1), abs=1e-4)
    assert signed_volume(points - points[0], triangles) == pytest.approx(mesh_volume(surface), rel=1e-4)


@pytest.mark.parametrize("space", MeshSpace)
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_slicer_puts_it_where_it_belongs_in_either_space(
    tmp_path: Path, surface: Surface, suffix: str, space: MeshSpace
) -> None:
    write_surface(tmp_path / f"a{suffix}", surface, "Lung", COLOUR, space)
    centre = read_by_slicer(tmp_path / f"a{suffix}").GetPolyData().GetCenter()
    assert centre == pytest.approx((-127.0, 73.0, 307.0), abs=0.1)


def test_numbers_are_turned_by_half_a_turn_between_lps_and_ras(tmp_path: Path, surface: Surface) -> None:
    for space in MeshSpace:
        write_surface(tmp_path / f"{space}.ply", surface, "Lung", COLOUR, space)
    lps, triangles = read_by_vtk(tmp_path / "LPS.ply")
    ras, turned = read_by_vtk(tmp_path / "RAS.ply")
    assert np.array_equal(ras, lps * (-1, -1, 1))
    assert np.array_equal(turned, triangles)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_header_names_the_space_and_the_unit(tmp_path: Path, surface: Surface, suffix: str) -> None:
    write_surface(tmp_path / f"a{suffix}", surface, "Lunge ♥\nend_header", COLOUR)
    start = (tmp_path / f"a{suffix}").read_bytes()[:80]
    assert b"SPACE=LPS" in start
    assert b"UNIT=mm" in start
    assert not start.startswith(b"solid")
    assert len(read_by_vtk(tmp_path / f"a{suffix}")[0]) == len(surface.points)


def test_stl_and_ply_are_binary(tmp_path: Path, surface: Surface) -> None:
    for suffix in (".stl", ".ply"):
        write_surface(tmp_path / f"a{suffix}", surface, "Lung", COLOUR)
    assert (tmp_path / "a.stl").stat().st_size == 84 + 50 * len(surface.triangles)
    assert b"format binary_little_endian" in (tmp_path / "a.ply").read_bytes()[:60]


def test_ply_holds_the_colour(tmp_path: Path, surface: Surface) -> None:
    write_surface(tmp_path / "a.ply", surface, "Lung", COLOUR)
    scalars = read_by_slicer(tmp_path / "a.ply").GetPolyData().GetPointData().GetScalars()
    assert scalars.GetTuple3(0) == (255, 128, 0)


def test_other_suffix_is_refused(tmp_path: Path, surface: Surface) -> None:
    with pytest.raises(OutputError, match=r"\.stl, \.ply, \.obj"):
        write_surface(tmp_path / "a.vtk", surface, "Lung", COLOUR)


def test_empty_surface_is_refused_and_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="no voxel"):
        write_surface(tmp_path / "a.stl", EMPTY, "Lung", COLOUR)
    assert not list(tmp_path.iterdir())
