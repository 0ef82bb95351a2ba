"""The table of how pairs of segments compare."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from DicomSuiteRTOverlayLib.measure_columns import Cell, Column, Measure, MeasureTable
from DicomSuiteRTOverlayLib.pair_measures import PairMeasures

BOUNDARY = "between centres of boundary voxels, those that share a face with one outside (plastimatch's boundary)"


def pair_table(pairs: Sequence[PairMeasures]) -> MeasureTable:
    """One row for each pair; distances are undefined where one of the two is empty."""
    return MeasureTable.of(_MEASURES, pairs)


def _measure(name: str, unit: str, definition: str, cell: Callable[[PairMeasures], Cell]) -> Measure[PairMeasures]:
    return Measure(Column(name, unit, definition), cell)


def _distance(attribute: str) -> Callable[[PairMeasures], Cell]:
    return lambda pair: None if pair.distances is None else getattr(pair.distances, attribute)


_MEASURES = (
    _measure("first", "", "name of the segment that is compared", lambda pair: pair.first),
    _measure("second", "", "name of the segment that it is compared with, the reference", lambda pair: pair.second),
    _measure("first_volume_mm3", "mm³", "volume of the first's voxels", lambda pair: pair.first_volume),
    _measure("second_volume_mm3", "mm³", "volume of the second's voxels", lambda pair: pair.second_volume),
    _measure("volume_difference_mm3", "mm³", "first minus second", lambda pair: pair.volume_difference),
    _measure(
        "volume_difference_percent_of_second",
        "%",
        "first minus second, relative to the second",
        lambda pair: pair.volume_difference_percent,
    ),
    _measure("dice", "", "twice the common volume over the sum of both volumes", lambda pair: pair.dice),
    _measure("jaccard", "", "common volume over the volume of the union", lambda pair: pair.jaccard),
    _measure("hd_boundary_mm", "mm", f"Hausdorff distance, the largest, {BOUNDARY}", _distance("hausdorff")),
    _measure(
        "hd95_boundary_mm",
        "mm",
        f"mean of the two directed 95th percentiles (the floor(0.95 n)-th smallest) of the distances {BOUNDARY}",
        _distance("hausdorff_95"),
    ),
    _measure(
        "mean_surface_distance_boundary_mm",
        "mm",
        f"mean of the two directed mean distances {BOUNDARY}",
        _distance("mean"),
    ),
    _measure("notes", "", "what is undefined and why", lambda pair: "; ".join(pair.notes)),
)
