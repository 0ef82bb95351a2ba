"""Closed surfaces: watertight, turned outwards, smooth, and of the voxels' own volume on any grid."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from DicomSuiteLib.closed_surface import Surface, closed_surface, mesh_area, mesh_volume
from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.missing_package import MissingPackageError
from DicomSuiteLib.segments import Segment
from DicomSuiteLib.slice_grid import SliceGrid
from mesh_checks import is_closed_and_oriented, signed_volume

RIGHT_HANDED = np.diag([1.0, 1.0, 1.0])
OFF_CENTRE = np.array([0.13, 0.21, -0.17])
"""Voxels by which the balls lie off the lattice, so that no symmetry helps."""


def even_grid(shape: tuple[int, int, int], axes: np.ndarray) -> SliceGrid:
    return SliceGrid.from_geometry(ImageGeometry.from_axes(shape[::-1], axes, (200.0, -150.0, 1000.0)))


def uneven_grid(shape: tuple[int, int, int]) -> SliceGrid:
    """Slices 1, 2, 3, 1, … mm apart, shifted by a tilted gantry."""
    heights = np.cumsum([1.0 + k % 3 for k in range(shape[0])])
    positions = tuple((0.0, 0.2 * height, float(height)) for height in heights)
    return SliceGrid(shape[2], shape[1], (0.8, 0, 0), (0, 0.7, 0), positions, (0, 0, 2.0))


GRIDS = {
    "even": lambda shape: even_grid(shape, np.diag([0.7, 0.7, 2.5])),
    "left-handed": lambda shape: even_grid(shape, np.diag([1.0, -1.0, 1.5])),
    "sheared": lambda shape: even_grid(shape, np.array([[0.8, 0.1, 0], [0, 1.1, 0.4], [0.1, 0, 2.0]])),
    "uneven": uneven_grid,
}


def ball(radius: float, spacing: tuple[float, float, float] = (1.0, 1.0, 1.0)) -> tuple[Segment, SliceGrid, np.ndarray]:
    """A ball of `radius` mm on voxels of `spacing` (i, j, k), its grid, and its centre (LPS mm)."""
    steps = np.array(spacing)
    size = np.ceil(2 * radius / steps).astype(int) + 5
    centre = (size - 1) / 2 + OFF_CENTRE
    k, j, i = np.indices(size[::-1])
    away = (np.stack([i, j, k], axis=-1) - centre) * steps
    grid = even_grid(tuple(size[::-1].tolist()), np.diag(steps))
    mask = np.linalg.norm(away, axis=-1) < radius
    return Segment.from_mask("ball", (1, 0, 0), 1, mask), grid, grid.lps_from_ijk(centre)


def voxel_volume(segment: Segment, grid: SliceGrid) -> float:
    return float(segment.full_mask(grid.shape).sum(axis=(1, 2)) @ grid.voxel_volumes)


@given(
    mask=npst.arrays(bool, npst.array_shapes(min_dims=3, max_dims=3, min_side=1, max_side=6)).filter(np.any),
    name=st.sampled_from(sorted(GRIDS)),
)
@settings(max_examples=150)
def test_any_mask_gets_a_watertight_surface_of_its_own_volume(mask: np.ndarray, name: str) -> None:
    grid = GRIDS[name](mask.shape)
    segment = Segment.from_mask("any", (1, 0, 0), 1, mask)
    surface = closed_surface(segment, grid)
    assert is_closed_and_oriented(surface.triangles)
    assert mesh_volume(surface) == pytest.approx(voxel_volume(segment, grid), rel=1e-3)


@pytest.mark.parametrize("grid", GRIDS)
def test_triangles_are_turned_outwards(grid: str) -> None:
    mask = np.ones((4, 5, 6), bool)
    surface = closed_surface(Segment.from_mask("box", (1, 0, 0), 1, mask), GRIDS[grid](mask.shape))
    centred = surface.points - surface.points.mean(axis=0)
    assert signed_volume(centred, surface.triangles) > 0


@pytest.mark.parametrize("spacing", [(1, 1, 1), (0.7, 0.7, 2.5), (1, 1, 3)])
@pytest.mark.parametrize(("radius", "limit"), [(4, 0.05), (8, 0.02), (25, 0.02)])
def test_volume_is_that_of_the_voxels(radius: float, limit: float, spacing: tuple[float, float, float]) -> None:
    segment, grid, _ = ball(radius, spacing)
    assert mesh_volume(closed_surface(segment, grid)) == pytest.approx(voxel_volume(segment, grid), rel=limit)


@pytest.mark.parametrize(("radius", "degrees"), [(4, 10), (8, 5), (25, 3.5)])
def test_ball_looks_round(radius: float, degrees: float) -> None:
    segment, grid, centre = ball(radius)
    surface = closed_surface(segment, grid)
    corners = surface.points[surface.triangles]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    outwards = corners.mean(axis=1) - centre
    cosines = np.einsum("ni,ni->n", normals, outwards)
    cosines /= np.linalg.norm(normals, axis=1) * np.linalg.norm(outwards, axis=1)
    angles = np.degrees(np.arccos(np.clip(cosines, -1, 1)))
    assert np.sqrt(np.mean(angles**2)) < degrees


@pytest.mark.parametrize(("radius", "limit"), [(4, 0.02), (8, 0.01), (25, 0.005)])
def test_area_is_that_of_the_ball(radius: float, limit: float) -> None:
    segment, grid, _ = ball(radius)
    true_radius = (3 * voxel_volume(segment, grid) / (4 * np.pi)) ** (1 / 3)
    assert mesh_area(closed_surface(segment, grid)) == pytest.approx(4 * np.pi * true_radius**2, rel=limit)


def test_surface_lies_where_the_segment_lies() -> None:
    segment, grid, centre = ball(8, (0.7, 0.7, 2.5))
    assert closed_surface(segment, grid).points.mean(axis=0) == pytest.approx(centre, abs=0.3)


def test_thin_sheet_and_wire_keep_their_thickness() -> None:
    mask = np.zeros((9, 40, 40), bool)
    mask[4] = True
    mask[:, 20, 20] = True
    grid = even_grid(mask.shape, RIGHT_HANDED)
    points = closed_surface(Segment.from_mask("sheet", (1, 0, 0), 1, mask), grid).points - grid.positions[4]
    away_from_wire = np.hypot(points[:, 0] - 20, points[:, 1] - 20) > 5
    in_the_sheet = away_from_wire & (np.abs(points[:, :2] - 20) < 15).all(axis=1)
    assert np.abs(points[in_the_sheet, 2]).min() > 0.4


def test_wire_does_not_vanish_beside_what_is_large() -> None:
    mask = np.zeros((31, 31, 60), bool)
    mask[:, :, :31] = np.linalg.norm(np.indices((31, 31, 31)) - 15.0, axis=0) < 13
    mask[15, 15, 15:58] = True
    grid = even_grid(mask.shape, RIGHT_HANDED)
    points = closed_surface(Segment.from_mask("ball and wire", (1, 0, 0), 1, mask), grid).points
    i, j, k = (points - grid.positions[0]).T
    on_the_wire = np.abs(i - 45) < 8
    assert np.hypot(j - 15, k - 15)[on_the_wire].min() > 0.08


def test_every_piece_keeps_its_own_volume() -> None:
    large, grid, _ = ball(12)
    mask = large.full_mask(grid.shape)
    mask[1, 1, 1] = True
    surface = closed_surface(Segment.from_mask("two", (1, 0, 0), 1, mask), grid)
    is_small = np.linalg.norm(surface.points - grid.lps_from_ijk([1, 1, 1]), axis=1) < 3
    triangles = surface.triangles[is_small[surface.triangles].all(axis=1)]
    assert signed_volume(surface.points - surface.points[0], triangles) == pytest.approx(1, rel=1e-3)


def test_cavity_does_not_count() -> None:
    mask = np.ones((9, 9, 9), bool)
    mask[3:6, 3:6, 3:6] = False
    surface = closed_surface(Segment.from_mask("hollow", (1, 0, 0), 1, mask), even_grid(mask.shape, RIGHT_HANDED))
    assert mesh_volume(surface) == pytest.approx(9**3 - 3**3, rel=1e-3)


def test_empty_segment_has_an_empty_surface() -> None:
    empty = Segment.from_mask("empty", (1, 0, 0), 1, np.zeros((3, 3, 3), bool))
    surface = closed_surface(empty, even_grid((3, 3, 3), RIGHT_HANDED))
    assert surface.points.shape == surface.triangles.shape == (0, 3)
    assert mesh_volume(surface) == mesh_area(surface) == 0


def test_area_and_volume_of_a_tetrahedron() -> None:
    points = np.array([(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1)], float) + 100
    triangles = np.array([(0, 2, 1), (0, 1, 3), (0, 3, 2), (1, 2, 3)])
    assert mesh_volume(Surface(points, triangles)) == pytest.approx(1 / 6)
    assert mesh_area(Surface(points, triangles)) == pytest.approx(1.5 + np.sqrt(3) / 2)


def test_missing_vtk_is_named_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    segment, grid, _ = ball(4)
    monkeypatch.setitem(sys.modules, "vtkmodules.vtkFiltersCore", None)
    with pytest.raises(MissingPackageError, match=r"vtk is missing; .*dicomsuite\[rt\]"):
        closed_surface(segment, grid)
