"""How a layout is told: by the patient's directions, with names for the common ones."""

import numpy as np
import pytest

from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteRTOverlayLib.axis_order import AXIS_ORDERS
from DicomSuiteRTOverlayLib.layout_words import layout_words

AXIAL = ImageGeometry.from_axes((4, 4, 4), np.diag([1.0, 1.0, 2.0]), (0, 0, 0))
SAGITTAL = ImageGeometry.from_axes((4, 4, 4), [[0, 0, 2.0], [1.0, 0, 0], [0, -1.0, 0]], (0, 0, 0))


def words(key, volume=AXIAL):
    (order,) = (order for order in AXIS_ORDERS if order.key == key)
    return layout_words(order, volume)


@pytest.mark.parametrize(
    ("key", "volume", "expected"),
    [
        ("+i-j+k", AXIAL, "laid out like the volume, but mirrored front-back"),
        ("+i-j+k", SAGITTAL, "laid out like the volume, but mirrored head-feet"),
        ("-i-j+k", AXIAL, "laid out like the volume, but mirrored left-right and front-back"),
        ("+j+i-k", AXIAL, "with its axes exchanged: i front-back, j left-right and k head-feet backwards"),
        ("+j+k+i", AXIAL, "with its axes exchanged: i head-feet, j left-right and k front-back"),
    ],
)
def test_mirrors_and_exchanges_are_named_by_the_patients_directions(key, volume, expected):
    assert words(key, volume) == expected


def test_original_applications_layout_and_numpys_are_recognised_by_name():
    assert "original application" in words("+j-i-k")
    assert "numpy" in words("+k+j+i")


def test_no_two_layouts_are_told_alike():
    assert len({layout_words(order, SAGITTAL) for order in AXIS_ORDERS}) == 48
