"""Morphology with discs: against scipy's, at the border of the picture, and holes that a border cuts open."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from DicomSuiteRenderLib.disc_morphology import closed, filled, grown, shrunken


def disc(radii: tuple[int, int]) -> np.ndarray:
    """A structuring element (1, rows, columns)."""
    along_j, along_i = radii
    j, i = np.ogrid[-along_j : along_j + 1, -along_i : along_i + 1]
    return ((j / along_j) ** 2 + (i / along_i) ** 2 <= 1)[None]


@pytest.mark.parametrize("radii", [(1, 1), (3, 3), (2, 5), (7, 4)])
def test_shrinks_and_grows_as_scipy_does_on_a_continued_picture(radii: tuple[int, int]) -> None:
    mask = ndimage.gaussian_filter(np.random.default_rng(1).normal(size=(3, 30, 40)), (0, 2, 2)) > 0
    pad = ((0, 0), (9, 9), (9, 9))
    inner = np.s_[:, 9:-9, 9:-9]
    continued = np.pad(mask, pad, mode="edge")
    assert np.array_equal(shrunken(mask, radii), ndimage.binary_erosion(continued, disc(radii))[inner])
    assert np.array_equal(grown(mask, radii), ndimage.binary_dilation(continued, disc(radii))[inner])


def test_closing_fills_pits_narrower_than_the_disc_only() -> None:
    mask = np.zeros((1, 30, 40), bool)
    mask[:, 10:25, 5:35] = True
    mask[:, 10:20, 10:13] = mask[:, 10:20, 18:30] = False
    assert closed(mask, (4, 4))[:, 12:20, 10:13].all()
    assert not closed(mask, (4, 4))[:, 12, 24].any()


def test_hole_is_filled_also_where_one_side_of_the_picture_cuts_it() -> None:
    mask = np.zeros((2, 20, 30), bool)
    mask[:, 2:18, :25] = True
    mask[0, 5:10, 10:15] = False
    mask[0, 5:10, :5] = False
    result = filled(mask)
    assert result[0, 2:18, :25].all()
    assert np.array_equal(result[1], mask[1])


def test_air_between_two_sides_of_the_picture_is_not_filled() -> None:
    mask = np.zeros((1, 20, 30), bool)
    mask[:, :8] = True
    assert np.array_equal(filled(mask), mask)
