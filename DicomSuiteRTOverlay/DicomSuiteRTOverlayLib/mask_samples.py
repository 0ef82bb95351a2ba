"""A few thousand points that stand for a mask while its place is searched."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from DicomSuiteLib.geometry import FloatArray
from DicomSuiteLib.segments import smallest_box
from DicomSuiteRTOverlayLib.mask_file import MaskFile

MOST_POINTS = 4_000
"""Of a whole mask, inside and on the boundary together."""

MOST_LABELS = 4
"""Only the largest segments are looked at; small ones say little and would take points from them."""

LOOKED_AT = 2_000_000
"""Voxels of a layer that are looked at for points inside; a larger one is thinned out, slices and rows evenly."""

FEWEST_FOUND = 500
"""With fewer points found, the sieve is made finer: threads and shells fall through a coarse one."""

TRIED_PER_POINT = 20
"""Points inside that are tried for each that is wanted on the boundary."""

NORMAL_REACH = 2
"""Voxels around a point of the boundary whose balance tells which way is out."""


@dataclass(frozen=True, eq=False)
class LabelSamples:
    """Points of one segment, in indices (i, j, k) of the mask's array.

    Parameters
    ----------
    layer, value : which segment
    voxels : about how many it has
    inside : (n, 3) voxels of it
    boundary : (m, 3) voxels of it with a neighbour that is not
    outward : (m, 3) steepest way out at each of them, per index step (a covector), of any length
    """

    layer: int
    value: int
    voxels: int
    inside: NDArray[np.int64]
    boundary: NDArray[np.int64]
    outward: FloatArray


def mask_samples(mask: MaskFile) -> tuple[LabelSamples, ...]:
    """Choose at most `MOST_POINTS` points of the largest segments, the same ones every time; none if all are empty."""
    random = np.random.default_rng(0)
    found = [part for number, layer in enumerate(mask.layers) for part in _segments_of(layer, number)]
    largest = sorted(found, key=lambda part: -part[2])[:MOST_LABELS]
    each = MOST_POINTS // (2 * max(len(largest), 1))
    return tuple(
        _samples(mask.layers[number], number, value, count, places, each, random)
        for number, value, count, places in largest
    )


def has_value(layer: NDArray, ijk: NDArray[np.int64], value: int) -> NDArray[np.bool_]:
    """True where a voxel (n, 3) has the value; beyond the array, False."""
    size = np.array(layer.shape[::-1])
    within = np.all((ijk >= 0) & (ijk < size), axis=1)
    i, j, k = np.clip(ijk, 0, size - 1).T
    return within & (layer[k, j, i] == value)


def _segments_of(layer: NDArray, number: int) -> list[tuple[int, int, int, NDArray[np.int64]]]:
    """(layer number, value, voxels, places (n, 3) i, j, k) of every value of a layer but 0."""
    box = smallest_box(layer)
    filled = layer[box]
    if not filled.size:
        return []
    every = max(1, int(np.ceil((filled.size / LOOKED_AT) ** (1 / 3))))
    kji = np.argwhere(filled[::every, ::every, ::every])
    while every > 1 and len(kji) < FEWEST_FOUND:
        every //= 2
        kji = np.argwhere(filled[::every, ::every, ::every])
    kji *= every
    values = filled[tuple(kji.T)]
    start = np.array([part.start for part in box])
    return [
        (number, int(value), int(np.count_nonzero(values == value)) * every**3, chosen[:, ::-1])
        for value in np.unique(values)
        for chosen in [kji[values == value] + start]
    ]


def _samples(
    layer: NDArray,
    number: int,
    value: int,
    count: int,
    places: NDArray[np.int64],
    wanted: int,
    random: np.random.Generator,
) -> LabelSamples:
    inside = _some(places, wanted, random)
    tried = _some(places, wanted * TRIED_PER_POINT, random)
    steps = np.concatenate([np.eye(3, dtype=int), -np.eye(3, dtype=int)])
    is_boundary = ~np.all([has_value(layer, tried + step, value) for step in steps], axis=0)
    boundary = _some(tried[is_boundary], wanted, random)
    return LabelSamples(number, value, count, inside, boundary, _outward(layer, value, boundary))


def _some(places: NDArray[np.int64], wanted: int, random: np.random.Generator) -> NDArray[np.int64]:
    if len(places) <= wanted:
        return places
    return places[np.sort(random.choice(len(places), wanted, replace=False, shuffle=False))]


def _outward(layer: NDArray, value: int, boundary: NDArray[np.int64]) -> FloatArray:
    """From where the segment is in the neighbourhood of each point to where it is not."""
    outward = np.zeros(boundary.shape)
    reach = range(-NORMAL_REACH, NORMAL_REACH + 1)
    for step in np.array([(i, j, k) for i in reach for j in reach for k in reach]):
        outward -= np.outer(has_value(layer, boundary + step, value), step)
    return outward
