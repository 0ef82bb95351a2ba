"""What the voxels of a segment measure: mean, spread, extremes and percentiles."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from DicomSuiteLib.volumes import Volume

PERCENTILES = (5, 50, 95)
"""Which are told, in per cent."""


class Quantity(StrEnum):
    """What the numbers of a volume are; the values begin the names of their columns."""

    HU = "hu"
    INTENSITY = "intensity"

    @classmethod
    def of(cls, volume: Volume) -> Quantity:
        """HU for CT, whose voxels are rescaled; intensity, whatever its unit, for everything else."""
        return cls.HU if volume.modality == "CT" else cls.INTENSITY


@dataclass(frozen=True)
class ValueStatistics:
    """Statistics of the voxel values inside a segment, in the unit of the volume.

    `standard_deviation` is the sample's (n - 1), None for one voxel alone; percentiles are interpolated linearly
    between ranks.
    """

    mean: float
    standard_deviation: float | None
    minimum: float
    maximum: float
    percentile_5: float
    median: float
    percentile_95: float


def value_statistics(values: NDArray) -> ValueStatistics | None:
    """Sum up voxel values (n,), all finite; None where there are none."""
    if not len(values):
        return None
    percentile_5, median, percentile_95 = _percentiles(values)
    return ValueStatistics(
        mean=float(values.mean(dtype=float)),
        standard_deviation=float(values.std(dtype=float, ddof=1)) if len(values) > 1 else None,
        minimum=float(values.min()),
        maximum=float(values.max()),
        percentile_5=percentile_5,
        median=median,
        percentile_95=percentile_95,
    )


def _percentiles(values: NDArray) -> list[float]:
    """`PERCENTILES` of the values; np.percentile overflows between distant integers of few bits (numpy 2.4)."""
    ranks = np.array(PERCENTILES) / 100 * (len(values) - 1)
    below = np.floor(ranks).astype(int)
    above = np.ceil(ranks).astype(int)
    ordered = np.partition(values, np.unique([below, above]))
    low, high = ordered[below].astype(float), ordered[above].astype(float)
    return (low + (high - low) * (ranks - below)).tolist()
