"""Boxes of pixels and ROI markups: exact for every way in which a picture can lie in the patient."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from application import slicer
from DicomSuiteAnonymizeLib.pixels.box_markups import box_of, place_box
from DicomSuiteLib.geometry import ImageGeometry

COLUMNS, ROWS = 320, 240


@pytest.fixture(scope="module")
def roi():
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsROINode")
    yield node
    slicer.mrmlScene.RemoveNode(node)


def turned(angles, flips) -> np.ndarray:
    """Unit vectors of rows, columns and the third axis, as columns, turned about x, y, z (radians) and reversed."""
    matrix = np.eye(3)
    for axis, angle in enumerate(angles):
        cosine, sine = np.cos(angle), np.sin(angle)
        turn = np.eye(3)
        i, j = [n for n in range(3) if n != axis]
        turn[i, i] = turn[j, j] = cosine
        turn[i, j], turn[j, i] = -sine, sine
        matrix = turn @ matrix
    return matrix * flips


@st.composite
def pictures(draw) -> ImageGeometry:
    angles = draw(st.tuples(*[st.floats(-np.pi, np.pi)] * 3))
    flips = draw(st.tuples(*[st.sampled_from((-1, 1))] * 3))
    spacing = draw(st.tuples(*[st.floats(0.05, 5)] * 3))
    origin = draw(st.tuples(*[st.floats(-1000, 1000)] * 3))
    return ImageGeometry((COLUMNS, ROWS, 1), spacing, origin, turned(angles, flips))


@st.composite
def boxes(draw):
    left, top = draw(st.integers(0, COLUMNS - 1)), draw(st.integers(0, ROWS - 1))
    return left, top, draw(st.integers(1, COLUMNS - left)), draw(st.integers(1, ROWS - top))


@settings(max_examples=150, deadline=None)
@given(picture=pictures(), box=boxes())
def test_box_placed_on_any_picture_is_read_back_exactly(roi, picture, box) -> None:
    place_box(roi, box, picture)
    assert box_of(roi, picture) == box


@settings(max_examples=100, deadline=None)
@given(picture=pictures(), box=boxes(), moved=st.tuples(st.floats(-9.4, 9.4), st.floats(-9.4, 9.4)))
def test_moved_box_snaps_to_the_nearest_pixels_and_keeps_its_size(roi, picture, box, moved) -> None:
    assume(all(abs(abs(step) % 1 - 0.5) > 0.01 for step in moved))  # halfway between two
    place_box(roi, box, picture)
    step = picture.axes[:, 0] * moved[0] + picture.axes[:, 1] * moved[1]
    roi.SetCenter(*(np.array(roi.GetCenter()) + step * (-1, -1, 1)))
    left, top = box[0] + round(moved[0]), box[1] + round(moved[1])
    right, bottom = min(left + box[2], COLUMNS), min(top + box[3], ROWS)
    left, top = max(left, 0), max(top, 0)
    expected = (left, top, right - left, bottom - top) if right > left and bottom > top else None
    assert box_of(roi, picture) == expected


def test_first_pixel_of_an_axial_picture_is_where_its_centre_is(roi) -> None:
    picture = ImageGeometry((COLUMNS, ROWS, 1), (0.5, 2.0, 1.0), (-10.0, 20.0, 5.0), np.eye(3))
    place_box(roi, (0, 0, 1, 1), picture)
    assert roi.GetCenter() == pytest.approx((10.0, -20.0, 5.0))  # RAS
    assert roi.GetSize() == pytest.approx((0.5, 2.0, 1.0))
    place_box(roi, (2, 3, 4, 5), picture)
    assert roi.GetCenter() == pytest.approx((10.0 - 0.5 * 3.5, -20.0 - 2.0 * 5, 5.0))


def test_box_beside_the_picture_is_none_and_one_that_sticks_out_is_cut(roi) -> None:
    picture = ImageGeometry((COLUMNS, ROWS, 1), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), np.eye(3))
    place_box(roi, (-30, -20, 40, 30), picture)
    assert box_of(roi, picture) == (0, 0, 10, 10)
    place_box(roi, (-30, 0, 20, 10), picture)
    assert box_of(roi, picture) is None


def test_box_follows_a_transform_of_the_scene(roi) -> None:
    picture = ImageGeometry((COLUMNS, ROWS, 1), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), np.eye(3))
    place_box(roi, (10, 20, 30, 40), picture)
    transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    matrix = np.eye(4)
    matrix[:2, 3] = (-5, -7)  # RAS: five columns to the right, seven rows down
    slicer.util.updateTransformMatrixFromArray(transform, matrix)
    roi.SetAndObserveTransformNodeID(transform.GetID())
    assert box_of(roi, picture) == (15, 27, 30, 40)
    slicer.mrmlScene.RemoveNode(transform)
