"""Contours half-way between voxels: filled again, they give the same mask."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra import numpy as npst
from scipy import ndimage

from DicomSuiteRTOverlayLib.half_level_contours import half_level_contours
from polygon_fill import even_odd, union

masks = npst.arrays(bool, npst.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=9))


def mask_of(*lines: str) -> np.ndarray:
    return np.array([[letter == "#" for letter in line] for line in lines])


@given(masks)
def test_even_odd_filling_gives_the_mask_back(mask: np.ndarray) -> None:
    assert np.array_equal(even_odd(half_level_contours(mask), mask.shape), mask)


@given(masks)
def test_filling_every_polygon_by_itself_gives_the_mask_back_too(mask: np.ndarray) -> None:
    assert np.array_equal(union(half_level_contours(mask), mask.shape), mask)


@given(masks)
def test_there_is_one_polygon_for_each_connected_region(mask: np.ndarray) -> None:
    assert len(half_level_contours(mask)) == ndimage.label(mask)[1]


@given(masks)
def test_every_vertex_lies_half_way_between_a_voxel_inside_and_one_outside(mask: np.ndarray) -> None:
    padded = np.pad(mask, 1)
    for vertex in np.concatenate([*half_level_contours(mask), np.empty((0, 2))]):
        low, high = np.floor(vertex).astype(int) + 1, np.ceil(vertex).astype(int) + 1
        assert np.abs(high - low).sum() == 1
        assert padded[low[1], low[0]] != padded[high[1], high[0]]


def test_empty_mask_has_no_contour() -> None:
    assert half_level_contours(np.zeros((4, 5), bool)) == []


def test_straight_lines_have_no_vertices_between_their_ends() -> None:
    (polygon,) = half_level_contours(np.ones((20, 30), bool))
    assert sorted(map(tuple, polygon)) == sorted(
        [(0, -0.5), (29, -0.5), (29.5, 0), (29.5, 19), (29, 19.5), (0, 19.5), (-0.5, 19), (-0.5, 0)]
    )


def test_outlines_run_from_i_to_j() -> None:
    (polygon,) = half_level_contours(np.ones((3, 3), bool))
    i, j = polygon.T
    assert i @ np.roll(j, -1) - j @ np.roll(i, -1) > 0


@pytest.mark.parametrize(
    "mask",
    [
        mask_of("#####", "#...#", "#...#", "#####"),
        mask_of("#######", "#.#.#.#", "#######", "#.#.#.#", "#######"),
        mask_of("#######", "#.....#", "#.###.#", "#.#.#.#", "#.###.#", "#.....#", "#######"),
    ],
    ids=["hole", "six holes", "ring with a hole in a hole"],
)
def test_hole_is_joined_by_a_channel_of_no_width(mask: np.ndarray) -> None:
    polygons = half_level_contours(mask)
    edges = [
        (tuple(start), tuple(end))
        for polygon in polygons
        for start, end in zip(polygon, np.roll(polygon, -1, axis=0), strict=True)
    ]
    channels = [(start, end) for start, end in edges if (end, start) in edges]
    holes = ndimage.label(~np.pad(mask, 1), np.ones((3, 3)))[1] - 1
    assert len(channels) == 2 * holes
    assert len(edges) == len(set(edges))
