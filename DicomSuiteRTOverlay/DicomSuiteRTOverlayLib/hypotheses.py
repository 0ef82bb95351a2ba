"""A place where a mask may belong, and how believable it is before the picture is looked at: `Hypothesis`.

All numbers here are log odds (natural logarithms), set by judgement: 5 stands for a defect that one file in 150 has.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteRTOverlayLib.axis_order import AxisOrder
from DicomSuiteRTOverlayLib.lattice_map import lattice_map
from DicomSuiteRTOverlayLib.placement import Verdict

CLOSE_LATTICE = 0.05
"""Voxels; numbers that agree with the volume's to this part of a voxel do not do so by chance (one in 1,000)."""

OTHER_LAYOUT = -2.1
"""Of an array laid out unlike the volume's: each of the others is an eighth as frequent."""

LAYOUT_LOG_ODDS = {"+i+j+k": 0.0, "+k+j+i": 0.0, "+j-i-k": -0.7}
"""Of the common layouts: the volume's own; numpy's, with axes in the opposite order; the original application's."""

PART_OF_GRID = -3.0
"""Of a mask whose voxels are the volume's, but that covers only a part of it or more than it."""

OFF_GRID = -9.0
"""Of a mask on voxels of its own."""

KNOWN_DEFECT = -5.0
"""Of a header with one of the defects that are met in practice."""

WRONG_NUMBERS = -16.0
"""Of a header with numbers that no known defect explains."""

REVERSED_ARRAY = -7.0
"""Of an array that is stored in another order than its complete header says."""


@dataclass(frozen=True)
class Hypothesis:
    """One place where a mask may belong.

    Parameters
    ----------
    key, words, geometry : as in `Candidate`
    log_odds : how believable it is before the picture is looked at, up to a constant
    verdict : what it is called if it turns out to be the best
    """

    key: str
    words: str
    geometry: ImageGeometry
    log_odds: float
    verdict: Verdict


def grid_log_odds(mask: ImageGeometry, volume: ImageGeometry) -> float:
    """How usual it is for a mask of a volume to have these voxels: the volume's own are the most usual."""
    lattice = lattice_map(mask, volume, CLOSE_LATTICE)
    if lattice is None:
        return OFF_GRID
    return layout_log_odds(lattice.order) if lattice.covers(mask.size, volume.size) else PART_OF_GRID


def layout_log_odds(order: AxisOrder) -> float:
    """How usual it is for the array of a mask to be laid out in this order."""
    return LAYOUT_LOG_ODDS.get(order.key, OTHER_LAYOUT)


def without_twins(hypotheses: list[Hypothesis]) -> list[Hypothesis]:
    """Of hypotheses with the same place, only the most believable."""
    kept: list[Hypothesis] = []
    for hypothesis in sorted(hypotheses, key=lambda one: -one.log_odds):
        tolerance = 0.01 * float(np.min(hypothesis.geometry.spacing))
        if not any(hypothesis.geometry.is_close(other.geometry, tolerance) for other in kept):
            kept.append(hypothesis)
    return kept
