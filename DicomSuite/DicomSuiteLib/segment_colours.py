"""Colours for segments whose source has none."""

import colorsys

from DicomSuiteLib.segments import Colour

GOLDEN_ANGLE = 0.61803398875
"""Steps of this part of the circle give hues that stay apart, however many there are."""


def segment_colour(number: int) -> Colour:
    """A bright colour, always the same for the `number`-th segment (from 0), far from those of its neighbours."""
    return colorsys.hsv_to_rgb((number * GOLDEN_ANGLE) % 1, 0.65, 0.95)
