"""What lies outside of ultrasound regions, as boxes."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset

from captioned_pictures import add_regions
from DicomSuiteAnonymizeLib.pixels.ultrasound_regions import boxes_outside_regions

ROWS, COLUMNS = 20, 30


@st.composite
def regions(draw):
    left, top = draw(st.integers(0, COLUMNS - 1)), draw(st.integers(0, ROWS - 1))
    return left, top, draw(st.integers(left, COLUMNS - 1)), draw(st.integers(top, ROWS - 1))


def outside(*found, **options):
    dataset = Dataset()
    add_regions(dataset, *found, **options)
    return boxes_outside_regions(dataset, ROWS, COLUMNS)


@given(st.lists(regions(), min_size=1, max_size=5))
def test_boxes_cover_each_pixel_outside_once_and_none_inside(found):
    inside = np.zeros((ROWS, COLUMNS), int)
    for left, top, right, bottom in found:
        inside[top : bottom + 1, left : right + 1] = 1
    covered = np.zeros((ROWS, COLUMNS), int)
    boxes = outside(*found)
    for left, top, width, height in boxes:
        covered[top : top + height, left : left + width] += 1
    if inside.mean() > 0.95:
        assert not boxes
    else:
        assert np.array_equal(covered, 1 - inside)


def test_regions_that_reach_beyond_the_picture_end_at_its_edge():
    assert outside((0, 10, COLUMNS, ROWS)) == ((0, 0, COLUMNS, 10),)


def test_one_region_outside_of_the_picture_makes_all_of_them_doubtful():
    assert outside((0, 10, COLUMNS - 1, ROWS - 1), (100, 100, 110, 110)) == ()


def test_graphics_regions_and_unknown_ones_do_not_count_as_scan():
    assert outside((0, 10, COLUMNS - 1, ROWS - 1), spatial_format=5) == ()
    assert outside((0, 10, COLUMNS - 1, ROWS - 1), spatial_format=0) == ()


def test_without_regions_there_is_nothing_outside():
    assert boxes_outside_regions(Dataset(), ROWS, COLUMNS) == ()
