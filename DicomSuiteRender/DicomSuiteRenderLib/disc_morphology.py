"""Shrink, grow, close and fill masks slice by slice, as if the picture went on beyond its border."""

from __future__ import annotations

import math

import numpy as np
from scipy import ndimage

from DicomSuiteLib.segments import BoolArray

Radii = tuple[int, int]
"""Of a disc, in voxels along j and along i."""


def shrunken(mask: BoolArray, radii: Radii) -> BoolArray:
    """Take off every slice of a mask (k, j, i) what lies within a disc of something outside."""
    return _with_disc(mask, radii, grows=False)


def grown(mask: BoolArray, radii: Radii) -> BoolArray:
    """Add to every slice of a mask (k, j, i) what lies within a disc of something inside."""
    return _with_disc(mask, radii, grows=True)


def closed(mask: BoolArray, radii: Radii) -> BoolArray:
    """Fill in every slice of a mask (k, j, i) the places that a disc outside does not reach."""
    return _with_disc(_with_disc(mask, radii, grows=True), radii, grows=False)


def filled(mask: BoolArray) -> BoolArray:
    """Fill in every slice of a mask (k, j, i) what is enclosed by it, or by it and a single side of the picture.

    So lungs are filled where one side of the picture cuts them off, and the air around a patient is not.
    """
    return np.stack([plane | _enclosed(~plane) for plane in mask])


def _with_disc(mask: BoolArray, radii: Radii, *, grows: bool) -> BoolArray:
    """Every voxel with those in a disc around it: any of them where it grows, all of them where it shrinks.

    The disc is put together from its rows: what holds on a run of columns, shifted to the run's place.
    """
    along_j, along_i = radii
    rows, columns = mask.shape[1:]
    combine = np.logical_or if grows else np.logical_and
    padded = np.pad(mask, ((0, 0), (along_j, along_j), (along_i, along_i)), mode="edge")
    runs = [padded[:, :, along_i : along_i + columns]]
    for width in range(1, along_i + 1):
        left, right = (padded[:, :, start : start + columns] for start in (along_i - width, along_i + width))
        runs.append(combine(combine(runs[-1], left), right))
    result = runs[along_i][:, along_j : along_j + rows].copy()
    for offset in range(1, along_j + 1):
        run = runs[int(along_i * math.sqrt(1 - (offset / along_j) ** 2))]
        for start in (along_j - offset, along_j + offset):
            combine(result, run[:, start : start + rows], out=result)
    return result


def _enclosed(outside: BoolArray) -> BoolArray:
    """Which parts of a slice (j, i) of what is outside touch no more than one of its four sides."""
    labels, count = ndimage.label(outside)
    sides = (labels[0], labels[-1], labels[:, 0], labels[:, -1])
    touched = sum(np.isin(np.arange(count + 1), side) for side in sides)
    is_enclosed = touched <= 1
    is_enclosed[0] = False
    return is_enclosed[labels]
