"""Segments on uneven slices keep their place, and nearly their volume, on the even grid that files need."""

import numpy as np
import pytest

from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.segments import Segment, Segmentation
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteRTOverlayLib.even_segmentation import even_segmentation

RED = (1.0, 0.0, 0.0)


def uneven_grid(heights, tilt=0.0):
    """Axial slices of 60 x 50 voxels of 1 x 1.5 mm at `heights` (mm), shifted along y by `tilt` mm a mm of height."""
    positions = tuple((-20.0, -30.0 + tilt * height, float(height)) for height in heights)
    return SliceGrid(60, 50, (1.0, 0.0, 0.0), (0.0, 1.5, 0.0), positions)


def ball(grid, centre, radius):
    k, j, i = np.indices(grid.shape)
    places = grid.lps_from_ijk(np.stack([i, j, k], axis=-1))
    return np.linalg.norm(places - centre, axis=-1) <= radius


def centroid_and_volume(segment, grid):
    k, j, i = np.nonzero(segment.full_mask(grid.shape))
    weights = grid.voxel_volumes[k]
    places = grid.lps_from_ijk(np.stack([i, j, k], axis=-1))
    return np.average(places, axis=0, weights=weights), weights.sum()


HEIGHTS = np.concatenate([np.arange(0, 40, 4), np.arange(40, 80, 2.5), [84, 91, 98]])


@pytest.mark.parametrize("tilt", [0.0, 0.33], ids=["upright", "tilted"])
def test_centroid_and_volume_stay_on_the_even_grid(tilt):
    grid = uneven_grid(HEIGHTS, tilt)
    mask = ball(grid, (8, 10, 50), 14)
    made = even_segmentation(Segmentation((Segment.from_mask("ball", RED, 7, mask),), grid))
    geometry = made.grid.geometry
    assert geometry is not None and not geometry.is_sheared
    assert geometry.spacing == pytest.approx((1.0, 1.5, 2.5))
    before = centroid_and_volume(Segment.from_mask("ball", RED, 7, mask), grid)
    after = centroid_and_volume(made.segments[0], made.grid)
    assert np.abs(after[0] - before[0]).max() < 0.3
    assert after[1] == pytest.approx(before[1], rel=0.03)
    assert (made.segments[0].name, made.segments[0].value) == ("ball", 7)
    assert "uneven" in made.notes[-1]


def test_even_grid_reaches_around_every_voxel_of_every_slice():
    grid = uneven_grid(HEIGHTS, 0.33)
    everything = Segment.from_mask("all", RED, 1, np.ones(grid.shape, bool))
    made = even_segmentation(Segmentation((everything,), grid))
    corners = [[i, j, k] for i in (0, 59) for j in (0, 49) for k in range(len(HEIGHTS))]
    ijk = made.grid.ijk_from_lps(grid.lps_from_ijk(corners))
    assert ijk.min() > -1e-6 and np.all(ijk.max(axis=0) < np.array(made.grid.size) - 1 + 1e-6)
    before = centroid_and_volume(everything, grid)
    after = centroid_and_volume(made.segments[0], made.grid)
    assert np.abs(after[0] - before[0]).max() < 0.5
    assert after[1] == pytest.approx(before[1], rel=0.02)


def test_even_volume_is_left_alone_also_if_it_is_sheared():
    geometry = ImageGeometry.from_axes((4, 3, 5), [[0.5, 0, 0], [0, 0.7, 0.6], [0, 0, 2]], (10, -20, 30))
    segmentation = Segmentation((), SliceGrid.from_geometry(geometry))
    assert even_segmentation(segmentation) is segmentation


def test_empty_segment_stays_empty():
    grid = uneven_grid(HEIGHTS)
    empty = Segment.from_mask("none", RED, 1, np.zeros(grid.shape, bool))
    assert even_segmentation(Segmentation((empty,), grid)).segments[0].is_empty
