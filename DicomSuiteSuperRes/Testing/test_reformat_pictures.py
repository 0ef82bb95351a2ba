"""Planes across thick slices, as acquired, interpolated and super-resolved: what is shown where."""

import io
from dataclasses import replace

import numpy as np
import pytest

from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteLib.slice_views import Plane
from DicomSuiteLib.volumes import Volume
from DicomSuiteSuperResLib.cubic_volume import cubic_volume
from DicomSuiteSuperResLib.output_plan import resized
from DicomSuiteSuperResLib.reformat_pictures import GAP, HEADING, Reformats, reformat_planes
from placed_volumes import TURN, placed_volumes

Image = pytest.importorskip("PIL.Image")

AXES = {
    "axial": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "sagittal": ((0, 0, 1), (1, 0, 0), (0, -1, 0)),
    "coronal": ((1, 0, 0), (0, 0, 1), (0, -1, 0)),
}
"""Directions, rows x, y, z, of volumes whose slices (k) are those planes."""


def head(directions=AXES["axial"], spacing=(2.0, 2.0, 8.0), size=(40, 40, 10)) -> Volume:
    """A bright ball in air, a quarter of it brighter."""
    centre = (np.array(size) - 1) / 2 * spacing
    origin = -(np.array(directions, float) @ centre)
    geometry = ImageGeometry(size, spacing, tuple(origin), directions)
    k, j, i = np.indices(size[::-1])
    x, y, z = np.moveaxis(geometry.lps_from_ijk(np.stack([i, j, k], axis=-1)), -1, 0)
    ball = x**2 + y**2 + z**2 < 30**2
    values = np.where(ball, np.where((y < 0) & (z > 0), 900, 500), 20)
    return Volume(values.astype(np.int16), SliceGrid.from_geometry(geometry))


def finer(volume: Volume, factor: int = 4) -> Volume:
    geometry = volume.grid.nominal_geometry
    columns, rows, slices = geometry.size
    grid = SliceGrid.from_geometry(resized(geometry, (columns, rows, slices * factor)))
    return replace(cubic_volume(volume, grid), notes=())


def pixels(picture: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(picture)).convert("RGB")).astype(int)


def panels(picture: np.ndarray) -> list[np.ndarray]:
    """The upper row: three panels of equal size."""
    width = (picture.shape[1] - 2 * GAP) // 3
    height = (picture.shape[0] - HEADING - GAP) // 2
    return [picture[HEADING : HEADING + height, start : start + width] for start in range(0, 3 * width, width + GAP)]


@pytest.mark.parametrize(
    ("name", "axis", "planes"),
    [
        ("axial", 2, {Plane.SAGITTAL, Plane.CORONAL}),
        ("sagittal", 2, {Plane.AXIAL, Plane.CORONAL}),
        ("coronal", 2, {Plane.SAGITTAL, Plane.AXIAL}),
        ("axial", 0, {Plane.AXIAL, Plane.CORONAL}),
    ],
)
def test_planes_are_those_across_the_thick_slices(name, axis, planes):
    assert set(reformat_planes(head(AXES[name]).grid, axis)) == planes


@pytest.mark.parametrize("name", AXES)
def test_the_same_head_looks_the_same_however_its_slices_lie(name):
    """Front left, top up: the brighter quarter of the sagittal plane is at the upper left."""
    acquired = head(AXES[name])
    for panel in panels(pixels(Reformats.of(acquired, finer(acquired)).picture(Plane.SAGITTAL)))[1:]:
        rows, columns = panel.shape[0] // 4, panel.shape[1] // 4
        upper_left = panel[rows : 2 * rows, columns : 2 * columns].mean()
        lower_right = panel[2 * rows : 3 * rows, 2 * columns : 3 * columns].mean()
        assert upper_left > lower_right + 60


def test_acquired_voxels_are_shown_as_they_are_and_the_result_as_it_is():
    acquired = head()
    result = replace(finer(acquired), voxels=np.zeros((40, 40, 40), np.int16))
    nearest, cubic, black = panels(pixels(Reformats.of(acquired, result).picture(Plane.SAGITTAL)))
    middle = nearest.shape[1] // 2
    column = slice(middle + 40, middle + 41)
    assert len(np.unique(nearest[:, column, 0])) <= 5  # background, air, tissue, and no shade between them
    assert len(np.unique(cubic[:, column, 0])) > 12
    assert black[20:-40, 20:-20].mean() < 40 < cubic[20:-40, 20:-20].mean()


def test_outside_of_the_volume_is_background_and_not_its_last_voxel():
    bright = replace(head(), voxels=np.full((10, 40, 40), 700, np.int16))
    turned = replace(bright, grid=SliceGrid.from_geometry(replace(bright.grid.geometry, directions=rows(TURN))))
    for panel in panels(pixels(Reformats.of(turned, finer(turned)).picture(Plane.CORONAL))):
        corners = panel[[2, 2, -3, -3], [2, -3, 2, -3]]
        assert corners.max() < 40


def rows(matrix: np.ndarray) -> tuple:
    return tuple(map(tuple, matrix.tolist()))


def test_pictures_are_the_same_every_time():
    acquired = head()
    pictures = {Reformats.of(acquired, finer(acquired)).picture(Plane.CORONAL) for _ in range(2)}
    assert len(pictures) == 1


@pytest.mark.parametrize("name", ["left-handed", "oblique and tilted", "uneven"])
def test_grids_of_every_kind_can_be_shown(name):
    acquired = placed_volumes()[name]
    plane = reformat_planes(acquired.grid, 2)[0]
    assert min(panel.max() for panel in panels(pixels(Reformats.of(acquired, finer(acquired)).picture(plane)))) > 200


def test_cubic_interpolation_keeps_a_constant_and_the_box():
    acquired = replace(head(), voxels=np.full((10, 40, 40), 7, np.int16))
    found = finer(acquired)
    assert np.allclose(found.voxels, 7, atol=1e-5)
    assert np.allclose(found.grid.geometry.corners, acquired.grid.geometry.corners, atol=1e-9)
