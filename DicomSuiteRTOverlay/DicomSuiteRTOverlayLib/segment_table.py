"""The table of what was measured of segments."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from DicomSuiteLib.value_statistics import Quantity, ValueStatistics
from DicomSuiteRTOverlayLib.measure_columns import Cell, Column, Measure, MeasureTable
from DicomSuiteRTOverlayLib.segment_measures import SegmentMeasures

MM3_PER_ML = 1000.0

Row = tuple[int | str, SegmentMeasures]
"""The number or name of a mask, and the measures of one of its segments."""

AXES = ("x", "y", "z")
VALUE_NAMES = {Quantity.HU: ("HU", "CT value"), Quantity.INTENSITY: ("", "voxel value, in the volume's own unit")}
"""Unit and words for what the voxels of a volume measure."""


def segment_table(rows: Sequence[Row]) -> MeasureTable:
    """One row for each segment.

    Columns of voxel values begin with "hu" for CT and with "intensity" for every other volume.
    """
    quantities = {measures.quantity for _, measures in rows}
    values = [measure for quantity in Quantity if quantity in quantities for measure in _value_measures(quantity)]
    return MeasureTable.of([*_size_measures(), *_place_measures(), *values, _NOTES], rows)


def _size_measures() -> Iterator[Measure[Row]]:
    def surface(attribute: str) -> Callable[[Row], Cell]:
        return lambda row: None if row[1].surface is None else getattr(row[1].surface, attribute)

    yield _measure("mask", "", "number or name of the mask that the segment belongs to", lambda row: row[0])
    yield _measure("segment", "", "name of the segment", lambda row: row[1].name)
    yield _measure("voxel_count", "", "voxels inside", lambda row: row[1].voxel_count)
    words = "volume of all voxels inside; a slice stands for half the way to either neighbour"
    yield _measure("voxel_volume_mm3", "mm³", words, lambda row: row[1].voxel_volume)
    yield _measure("voxel_volume_ml", "mL", words, lambda row: row[1].voxel_volume / MM3_PER_ML)
    yield _measure("surface_volume_mm3", "mm³", "volume inside the closed surface", surface("volume"))
    yield _measure("surface_area_mm2", "mm²", "area of the closed surface", surface("area"))


def _place_measures() -> Iterator[Measure[Row]]:
    def box(attribute: str, axis: int) -> Callable[[Row], Cell]:
        return lambda row: None if row[1].bounding_box is None else getattr(row[1].bounding_box, attribute)[axis]

    def centre(axis: int, sign: int) -> Callable[[Row], Cell]:
        return lambda row: None if row[1].centroid is None else sign * row[1].centroid[axis]

    parts = {"size": "length of", "low": "smallest coordinate of", "high": "largest coordinate of"}
    for attribute, words in parts.items():
        for axis, letter in enumerate(AXES):
            definition = f"{words} the box along the patient's axes around the voxels' edges, LPS {letter}"
            yield _measure(f"box_{attribute}_lps_{letter}_mm", "mm", definition, box(attribute, axis))
    for space, signs in {"lps": (1, 1, 1), "ras": (-1, -1, 1)}.items():
        for axis, letter in enumerate(AXES):
            definition = f"mean of the voxel centres, weighted by voxel volume, {space.upper()} {letter}"
            yield _measure(f"centroid_{space}_{letter}_mm", "mm", definition, centre(axis, signs[axis]))


def _value_measures(quantity: Quantity) -> Iterator[Measure[Row]]:
    def value(attribute: str) -> Callable[[Row], Cell]:
        return lambda row: _value_of(row[1], quantity, attribute)

    unit, words = VALUE_NAMES[quantity]
    linear = "interpolated linearly between ranks"
    definitions = {
        "mean": ("mean", f"mean {words}"),
        "sd": ("standard_deviation", f"standard deviation (of a sample, n - 1) of the {words}"),
        "min": ("minimum", f"smallest {words}"),
        "max": ("maximum", f"largest {words}"),
        "median": ("median", f"median {words}, {linear}"),
        "p5": ("percentile_5", f"5th percentile of the {words}, {linear}"),
        "p95": ("percentile_95", f"95th percentile of the {words}, {linear}"),
    }
    for name, (attribute, definition) in definitions.items():
        yield _measure(f"{quantity}_{name}", unit, f"{definition}; on the volume's own voxels", value(attribute))


def _value_of(measures: SegmentMeasures, quantity: Quantity, attribute: str) -> Cell:
    values: ValueStatistics | None = measures.values
    return None if values is None or measures.quantity is not quantity else getattr(values, attribute)


def _measure(name: str, unit: str, definition: str, cell: Callable[[Row], Cell]) -> Measure[Row]:
    return Measure(Column(name, unit, definition), cell)


_NOTES = _measure("notes", "", "what is missing and why", lambda row: "; ".join(row[1].notes))
