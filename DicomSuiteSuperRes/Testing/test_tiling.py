"""The parts that a network sees one after the other: they cover a region once, whatever its size."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from DicomSuiteSuperResLib.tiling import Tiling, blended_windows, exact_beams, exact_tiles, largest_window

sizes = st.integers(1, 40)
shapes = st.tuples(sizes, sizes, sizes)


@st.composite
def regions(draw: st.DrawFn) -> tuple:
    shape = draw(shapes)
    starts = [draw(st.integers(0, size - 1)) for size in shape]
    return tuple(slice(a, draw(st.integers(a + 1, size))) for a, size in zip(starts, shape, strict=True)), shape


def weight_sums(tiling: Tiling, shape: tuple[int, ...]) -> np.ndarray:
    sums = np.zeros(shape)
    for tile in tiling.tiles:
        weight = 1.0
        for axis, own in enumerate(tile.weights or ()):
            weight = weight * own.reshape([-1 if axis == other else 1 for other in range(3)])
        sums[tile.write] += weight
    return sums


def covers_once(tiling: Tiling, shape: tuple[int, ...]) -> bool:
    inside = np.zeros(shape)
    inside[tiling.region] = 1
    return np.allclose(weight_sums(tiling, shape), inside, atol=1e-6)


@given(regions(), st.tuples(*[st.integers(0, 5)] * 3), st.integers(1, 4), st.integers(1, 5_000))
def test_exact_tiles_cover_their_region_once_and_read_their_halo(region, halo, multiple, most_voxels) -> None:
    box, shape = region
    for tiling in (
        exact_tiles(box, shape, halo, multiple, most_voxels, None),
        exact_tiles(box, shape, halo, multiple, most_voxels, 7),
        exact_beams(box, shape, halo, multiple, most_voxels),
    ):
        assert tiling.region == box
        assert covers_once(tiling, shape)
        for tile in tiling.tiles:
            for read, write, padding, size, reach in zip(tile.read, tile.write, tile.padding, shape, halo, strict=True):
                assert read.start <= max(write.start - reach, 0) and read.stop >= min(write.stop + reach, size)
                assert 0 <= read.start < read.stop <= size
                assert read.start % multiple == (read.stop - read.start + padding) % multiple == 0
                assert padding == 0 or read.stop == size


def test_exact_tiles_keep_within_the_memory_and_read_little_twice() -> None:
    shape, halo = (38, 256, 256), (10, 10, 10)
    tiling = exact_tiles(tuple(map(slice, (0, 0, 0), shape)), shape, halo, 1, 500_000, None)
    assert math.prod(tiling.largest) <= 500_000
    read = sum(math.prod(part.stop - part.start for part in tile.read) for tile in tiling.tiles)
    assert read < 1.45 * math.prod(shape)


def test_what_fits_no_memory_is_cut_into_few_parts_all_the_same() -> None:
    shape = (38, 256, 256)
    tiling = exact_tiles(tuple(map(slice, (0, 0, 0), shape)), shape, (36, 36, 36), 1, 50_000, None)
    assert len(tiling.tiles) <= 32 * 32
    assert tiling.largest == (38, 80, 80)


@given(shapes, st.integers(1, 4), st.integers(64, 50_000), st.none() | st.integers(4, 40))
def test_the_largest_window_fits_the_memory_and_the_volume(shape, multiple, most_voxels, side) -> None:
    window = largest_window(shape, multiple, most_voxels, side)
    assert math.prod(window) <= most_voxels
    for length, size in zip(window, shape, strict=True):
        assert length % multiple == 0
        assert length < size + multiple
        assert side is None or length < side + multiple


def test_beams_are_never_cut_along_the_last_axis() -> None:
    shape = (60, 80, 90)
    tiling = exact_beams((slice(0, 60), slice(0, 80), slice(20, 70)), shape, (4, 4, 4), 1, 1_000)
    assert len(tiling.tiles) > 1
    assert all(tile.write[2] == slice(20, 70) for tile in tiling.tiles)


@given(regions(), st.tuples(*[st.integers(4, 24)] * 3))
def test_weights_of_windows_sum_up_to_one_and_every_window_has_its_size(region, window) -> None:
    box, shape = region
    tiling = blended_windows(box, shape, window)
    assert covers_once(tiling, shape)
    for own, wanted in zip(tiling.region, box, strict=True):
        assert own.start <= wanted.start and own.stop >= wanted.stop
    for tile in tiling.tiles:
        lengths = [part.stop - part.start for part in tile.read]
        assert tuple(np.add(lengths, tile.padding)) == window


def test_the_middle_of_a_window_counts_more_than_its_edge() -> None:
    tiling = blended_windows((slice(0, 8), slice(0, 8), slice(0, 24)), (8, 8, 24), (8, 8, 16))
    weights = tiling.tiles[0].weights[2]
    assert weights[0] == 1 and weights[10] > 0.9 and weights[-1] < 0.1
