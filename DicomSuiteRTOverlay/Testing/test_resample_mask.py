"""Segments come onto the volume's voxels unchanged where grids agree, and true to place and shape where they do not."""

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given
from hypothesis import strategies as st

from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteRTOverlayLib.axis_order import AXIS_ORDERS
from DicomSuiteRTOverlayLib.mask_file import FileSegment, HeaderClaims, MaskFile
from DicomSuiteRTOverlayLib.resample_mask import resample_mask
from orientation_cases import UPRIGHT, laid_out, mask_without_geometry

VOLUME = ImageGeometry((13, 11, 7), (1, 1.5, 4), (-10, 20, 300), ((0, 1, 0), (0.6, 0, -0.8), (0.8, 0, 0.6)))
GRID = SliceGrid.from_geometry(VOLUME)
RED = (1.0, 0.0, 0.0)


def labels_of(segmentation, shape):
    labels = np.zeros(shape, int)
    for segment in segmentation.segments:
        labels[segment.box][segment.voxels] = segment.value
    return labels


def blobs(seed, shape=GRID.shape):
    return np.random.default_rng(seed).integers(0, 4, shape).astype(np.uint8)


def sphere(geometry, centre, radius):
    k, j, i = np.indices(geometry.size[::-1])
    places = geometry.lps_from_ijk(np.stack([i, j, k], axis=-1))
    return (np.linalg.norm(places - centre, axis=-1) <= radius).astype(np.uint8)


def dice(first, second):
    return 2 * np.count_nonzero(first & second) / (np.count_nonzero(first) + np.count_nonzero(second))


@given(st.sampled_from(AXIS_ORDERS), st.integers(0, 99))
def test_mask_on_the_volumes_voxels_is_copied_whatever_the_order_of_its_axes(order, seed):
    labels = blobs(seed)
    mask = mask_without_geometry(laid_out(labels, order))
    result = resample_mask(mask, order.mask_geometry(VOLUME), GRID)
    np.testing.assert_array_equal(labels_of(result, GRID.shape), labels)
    assert result.notes == ()


@given(st.sampled_from(AXIS_ORDERS), st.tuples(*[st.integers(-6, 9)] * 3))
def test_mask_of_a_part_or_beyond_is_cut_to_the_volume_and_told(order, offset):
    part = blobs(1, (4, 5, 6))
    box = ImageGeometry.from_axes((6, 5, 4), VOLUME.axes, VOLUME.lps_from_ijk(offset))
    result = resample_mask(mask_without_geometry(laid_out(part, order)), order.mask_geometry(box), GRID)
    expected = np.zeros(GRID.shape, int)
    for k, j, i in np.argwhere(part):
        place = np.array((k, j, i)) + offset[::-1]
        if np.all(place >= 0) and np.all(place < GRID.shape):
            expected[tuple(place)] = part[k, j, i]
    np.testing.assert_array_equal(labels_of(result, GRID.shape), expected)
    assert bool(result.notes) == (np.count_nonzero(expected) < np.count_nonzero(part))


def test_cut_off_voxels_are_counted_by_segment():
    mask = mask_without_geometry(np.ones((2, 2, 4), np.uint8))
    geometry = ImageGeometry.from_axes((4, 2, 2), VOLUME.axes, VOLUME.lps_from_ijk((-3, 0, 0)))
    assert resample_mask(mask, geometry, GRID).notes == (
        "segment 1: 12 of 16 voxels lie beyond the volume and are cut off",
    )


def test_nearest_neighbour_agrees_with_simpleitk_on_another_grid():
    turned = ((0.96, -0.28, 0), (0.28, 0.96, 0), (0, 0, 1))
    volume = ImageGeometry((40, 36, 20), (1.1, 1.3, 2.7), (-20, -24, -26), UPRIGHT)
    own = ImageGeometry((30, 50, 25), (1.7, 0.9, 2.3), (-15, -20, -30), turned)
    labels = (sphere(own, (2, 1, 0), 14) + sphere(own, (5, 1, 3), 7)).astype(np.uint8)
    image, reference = sitk.GetImageFromArray(labels), sitk.Image(volume.size, sitk.sitkUInt8)
    own.set_on_sitk(image)
    volume.set_on_sitk(reference)
    expected = sitk.GetArrayFromImage(sitk.Resample(image, reference, sitk.Transform(), sitk.sitkNearestNeighbor))
    result = resample_mask(mask_without_geometry(labels), own, SliceGrid.from_geometry(volume))
    assert np.mean(labels_of(result, volume.size[::-1]) != expected) < 1e-3  # ties
    assert expected.max() == 2


def test_smooth_keeps_the_shape_of_a_coarse_mask_better_than_nearest():
    fine = ImageGeometry((60, 60, 60), (1, 1, 1), (-29.5, -29.5, -29.5), UPRIGHT)
    coarse = ImageGeometry((20, 20, 12), (3, 3, 5), (-28.5, -28.5, -27.5), UPRIGHT)
    truth = sphere(fine, (1, -2, 3), 18) > 0
    mask = mask_without_geometry(sphere(coarse, (1, -2, 3), 18))
    grid = SliceGrid.from_geometry(fine)
    nearest, smooth = (
        dice(resample_mask(mask, coarse, grid, smooth=smooth).segments[0].full_mask(grid.shape), truth)
        for smooth in (False, True)
    )
    assert smooth > 0.955
    assert smooth > nearest + 0.015


def test_smooth_changes_nothing_where_voxels_are_shared():
    labels = blobs(3)
    result = resample_mask(mask_without_geometry(labels), VOLUME, GRID, smooth=True)
    np.testing.assert_array_equal(labels_of(result, GRID.shape), labels)


@pytest.fixture
def uneven():
    """Slices 2, 5 and 1 mm apart, each shifted along a row."""
    heights, shifts = np.cumsum([0, 2, 2, 5, 5, 1, 1]), np.linspace(0, 30, 7)
    positions = tuple((float(x), 0.0, float(z)) for x, z in zip(shifts, heights, strict=True))
    return SliceGrid(20, 18, (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), positions)


@pytest.mark.parametrize("key", ["+i+j+k", "+i+j-k", "+k+j+i"])
def test_mask_on_the_nominal_grid_of_uneven_slices_goes_slice_by_slice(uneven, key):
    labels = blobs(5, uneven.shape)
    order = next(order for order in AXIS_ORDERS if order.key == key)
    place = order.mask_geometry(uneven.nominal_geometry)
    result = resample_mask(mask_without_geometry(laid_out(labels, order)), place, uneven)
    np.testing.assert_array_equal(labels_of(result, uneven.shape), labels)


def test_mask_that_is_true_in_space_is_looked_up_at_each_slices_own_position(uneven):
    world = ImageGeometry((80, 40, 40), (0.7, 0.7, 0.6), (-3, -3, -2), UPRIGHT)
    result = resample_mask(mask_without_geometry(sphere(world, (20, 9, 9), 8)), world, uneven)
    k, j, i = np.indices(uneven.shape)
    distance = np.linalg.norm(uneven.lps_from_ijk(np.stack([i, j, k], axis=-1)) - (20, 9, 9), axis=-1)
    found = result.segments[0].full_mask(uneven.shape)
    assert found[distance < 7].all()
    assert not found[distance > 9].any()


def test_overlapping_layers_large_values_and_empty_segments_are_kept_apart():
    first, second = np.zeros(GRID.shape, np.int32), np.zeros(GRID.shape, np.int32)
    first[1:4, 2:5, 3:6], second[2:6, 2:5, 3:6] = 70_000, 1
    parts = (FileSegment("huge", RED, 70_000), FileSegment("other", RED, 1, 1), FileSegment("empty", RED, 5))
    mask = MaskFile(Path("mask.seg.nrrd"), (first, second), parts, HeaderClaims(VOLUME.size))
    huge, other, empty = resample_mask(mask, VOLUME, GRID).segments
    np.testing.assert_array_equal(huge.full_mask(GRID.shape), first > 0)
    np.testing.assert_array_equal(other.full_mask(GRID.shape), second > 0)
    assert empty.is_empty
    assert huge.voxels.shape == (3, 3, 3)


@pytest.mark.parametrize("origin", [VOLUME.lps_from_ijk((50, 0, 0)), VOLUME.lps_from_ijk((50.4, 0.3, 0))])
def test_mask_that_misses_the_volume_leaves_empty_segments_and_a_note(origin):
    geometry = ImageGeometry.from_axes((4, 4, 4), VOLUME.axes, origin)
    result = resample_mask(mask_without_geometry(np.ones((4, 4, 4), np.uint8)), geometry, GRID)
    assert result.segments[0].is_empty
    assert result.notes == ("segment 1: none of its 64 voxels falls onto the volume's voxels",)
