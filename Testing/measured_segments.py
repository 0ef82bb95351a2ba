"""Grids, shapes and segments that tests and benchmarks of measures share."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.segment_colours import segment_colour
from DicomSuiteLib.segments import BoolArray, Segment
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteLib.volumes import Volume

SHAPE = (24, 30, 36)
"""Slices, rows, columns."""

TURNED = np.array([[0.8, -0.6, 0.0], [0.48, 0.64, -0.6], [0.36, 0.48, 0.8]])
"""Columns are perpendicular directions, none along an axis of the patient."""

UNEVEN_STEPS = np.resize([2.0, 2.0, 5.0, 1.0, 3.0], SHAPE[0] - 1)


def even_grid(spacing: tuple[float, float, float] = (0.7, 1.1, 2.5), directions: NDArray | None = None) -> SliceGrid:
    """A grid of `SHAPE`, perpendicular; axial where no directions are given."""
    directions = np.eye(3) if directions is None else directions
    size = SHAPE[::-1]
    return SliceGrid.from_geometry(ImageGeometry.from_axes(size, directions * np.array(spacing), (-12.5, 30.0, -400.0)))


def tilted_uneven_grid() -> SliceGrid:
    """A grid of `SHAPE` whose slices are shifted by a tilted gantry and unevenly spaced."""
    heights = np.concatenate([[0.0], np.cumsum(UNEVEN_STEPS)])
    positions = np.array([-12.5, 30.0, -400.0]) + np.outer(heights, (0.0, 0.3, 1.0))
    return SliceGrid(SHAPE[2], SHAPE[1], (0.7, 0.0, 0.0), (0.0, 1.1, 0.0), tuple(map(tuple, positions.tolist())))


GRIDS = {
    "axial": even_grid(),
    "oblique": even_grid((1.2, 0.8, 3.0), TURNED),
    "left-handed": even_grid((1.0, 1.5, 2.0), np.diag([1.0, -1.0, 1.0])),
    "tilted and uneven": tilted_uneven_grid(),
}
EVEN_GRIDS = {name: grid for name, grid in GRIDS.items() if grid.geometry is not None}


def ellipsoid(centre: tuple[float, float, float], radii: tuple[float, float, float]) -> BoolArray:
    """A mask of `SHAPE`; centre and radii along k, j, i in voxels."""
    places = np.moveaxis(np.indices(SHAPE), 0, -1)
    return (((places - centre) / np.array(radii)) ** 2).sum(axis=-1) <= 1


def block(first: tuple[int, int, int], last: tuple[int, int, int]) -> BoolArray:
    """A mask of `SHAPE`, True from voxel `first` (k, j, i) to `last`, both inside."""
    mask = np.zeros(SHAPE, bool)
    mask[tuple(slice(low, high + 1) for low, high in zip(first, last, strict=True))] = True
    return mask


BALL = ellipsoid((11, 14, 17), (8, 9, 10))
SHIFTED = ellipsoid((12, 16, 20), (7, 9, 11))
HOLLOW = BALL & ~ellipsoid((11, 14, 17), (3, 4, 5))
TWO_PARTS = ellipsoid((6, 7, 8), (4, 5, 6)) | ellipsoid((17, 22, 27), (4, 5, 6))
AT_BORDER = block((0, 0, 0), (7, 12, 35))


def segment(mask: BoolArray, name: str = "ball", number: int = 0) -> Segment:
    """A segment with a colour of its own for each `number`."""
    return Segment.from_mask(name, segment_colour(number), number + 1, mask)


def noisy_volume(grid: SliceGrid, modality: str = "CT", seed: int = 3) -> Volume:
    """Whole numbers from 0 to 255, as int16."""
    voxels = np.random.default_rng(seed).integers(0, 256, grid.shape).astype(np.int16)
    return Volume(voxels, grid, modality)


def sitk_image(array: NDArray, grid: SliceGrid) -> sitk.Image:
    """The array as SimpleITK's image on the same, even, grid."""
    image = sitk.GetImageFromArray(array.astype(np.uint8) if array.dtype == bool else array)
    grid.geometry.set_on_sitk(image)
    return image
