"""Colours to and from DICOM's CIELab values."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from DicomSuiteRTOverlayLib.cielab_colours import cielab_from_colour, colour_from_cielab

channels = st.integers(0, 255).map(lambda value: value / 255)


@given(st.tuples(channels, channels, channels))
def test_every_colour_of_a_screen_comes_back(colour: tuple[float, float, float]) -> None:
    assert colour_from_cielab(cielab_from_colour(colour)) == pytest.approx(colour, abs=0.5 / 255)


@given(st.lists(st.integers(0, 65_535), min_size=3, max_size=3))
def test_values_beyond_any_screen_give_a_colour_all_the_same(values: list[int]) -> None:
    assert all(0 <= channel <= 1 for channel in colour_from_cielab(values))


def test_black_white_and_grey_have_no_hue() -> None:
    assert cielab_from_colour((0, 0, 0)) == [0, 32_896, 32_896]
    assert cielab_from_colour((1, 1, 1)) == pytest.approx([65_535, 32_896, 32_896], abs=2)
    assert cielab_from_colour((0.5, 0.5, 0.5))[1:] == pytest.approx([32_896, 32_896], abs=2)


@given(st.tuples(channels, channels, channels))
def test_highdicom_means_the_same_by_them(colour: tuple[float, float, float]) -> None:
    highdicom = pytest.importorskip("highdicom", minversion="0.27")
    theirs = highdicom.color.CIELabColor.from_rgb(*(255 * np.array(colour)))
    assert cielab_from_colour(colour) == pytest.approx(theirs.value, abs=40)
