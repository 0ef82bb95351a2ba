"""Planes through voxels: the quick way along the axes gives what the general one gives, for planes of any size."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.plane_sampling import plane_indices, sampled
from DicomSuiteLib.slice_grid import SliceGrid

VOXELS = np.random.default_rng(3).normal(size=(6, 7, 8)).astype(np.float32)
STRAIGHT = np.diag([0.5, 0.7, 2.0])
TILTED = np.array([[0.5, 0, 0], [0, 0.7, 0.6], [0, 0, 2.0]])


@pytest.mark.parametrize("axes", [STRAIGHT, STRAIGHT[:, [2, 0, 1]], TILTED], ids=["straight", "turned", "tilted"])
@given(
    height=st.integers(1, 5),
    width=st.integers(1, 5),
    corner=st.tuples(*[st.floats(-1, 4)] * 3),
    directions=st.permutations(range(3)),
)
def test_sampled_plane_is_the_linear_interpolation_at_its_pixels(axes, height, width, corner, directions):
    grid = SliceGrid.from_geometry(ImageGeometry.from_axes(VOXELS.shape[::-1], axes, (0, 0, 0)))
    down, across, _ = np.eye(3)[directions] * 0.8
    left = np.array(corner) + np.arange(height)[:, None] * down
    top = np.array(corner) + np.arange(width)[:, None] * across
    points = left[:, None] + (top - top[0])
    ijk = grid.geometry.ijk_from_lps(points)
    expected = ndimage.map_coordinates(VOXELS, np.moveaxis(ijk, -1, 0)[::-1], order=1, mode="grid-constant")
    assert np.allclose(sampled(VOXELS, plane_indices(left, top, grid)), expected, atol=1e-5)
