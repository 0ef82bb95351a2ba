"""Colours as RecommendedDisplayCIELabValue has them (PS3.3 C.10.7.1.1).

The white is D65, that of sRGB, because dcmtk, dcmqi, highdicom and OHIF take it so; the D50 of the ICC's connection
space, which the standard names, would be shown by all of them in other colours. highdicom converts too, but only since
version 0.27, which is newer than what Slicer may bring.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from DicomSuiteLib.geometry import FloatArray
from DicomSuiteLib.segments import Colour

XYZ_FROM_LINEAR_RGB = np.array(
    [
        (0.4124564, 0.3575761, 0.1804375),
        (0.2126729, 0.7151522, 0.0721750),
        (0.0193339, 0.1191920, 0.9503041),
    ]
)
"""Of the primaries and the white of sRGB (IEC 61966-2-1)."""

WHITE = XYZ_FROM_LINEAR_RGB.sum(axis=1)

LINEAR_BELOW = 0.04045
"""sRGB values up to here are proportional to light; above, their 2.4th power is (IEC 61966-2-1)."""

CUBE_ROOT_ABOVE = 6 / 29
"""Cube roots up to here are replaced by a straight line (CIE 15:2004, 8.2.1.1)."""

LARGEST = 65_535
"""Stands for L* = 100, and for a* and b* = 127; 0 for L* = 0, and for a* and b* = -128."""


def cielab_from_colour(colour: Colour) -> list[int]:
    """L*, a*, b* of an sRGB colour, each 0 to 65,535."""
    rgb = np.array(colour)
    light = np.where(rgb <= LINEAR_BELOW, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    ratios = XYZ_FROM_LINEAR_RGB @ light / WHITE
    x, y, z = np.where(
        ratios > CUBE_ROOT_ABOVE**3, np.cbrt(ratios), ratios / (3 * CUBE_ROOT_ABOVE**2) + 4 / 29
    ).tolist()
    scaled = np.array([(116 * y - 16) / 100, (500 * (x - y) + 128) / 255, (200 * (y - z) + 128) / 255])
    return np.rint(np.clip(scaled, 0, 1) * LARGEST).astype(int).tolist()


def colour_from_cielab(values: Sequence[int]) -> Colour:
    """The sRGB colour, each channel 0 to 1, of L*, a*, b* given as 0 to 65,535; the nearest end where it has none."""
    lightness, a, b = np.array(values, float) / LARGEST * (100, 255, 255) - (0, 128, 128)
    y = (lightness + 16) / 116
    roots = np.array([y + a / 500, y, y - b / 200])
    ratios = np.where(roots > CUBE_ROOT_ABOVE, roots**3, 3 * CUBE_ROOT_ABOVE**2 * (roots - 4 / 29))
    light: FloatArray = np.clip(np.linalg.solve(XYZ_FROM_LINEAR_RGB, ratios * WHITE), 0, 1)
    rgb = np.where(light <= LINEAR_BELOW / 12.92, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    return tuple(rgb.tolist())
