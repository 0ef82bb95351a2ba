"""Measurements as a table: on screen as text, in a file as CSV."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from DicomSuiteLib.output_file import output_file
from DicomSuiteRenderLib.measurements import Measurement

COLUMNS = ("name", "kind", "size", "size_unit", "voxels", "mean", "sd", "minimum", "maximum", "value_unit")
"""Of the table; `sd` is the sample's (n - 1)."""

FILE_COLUMNS = (*COLUMNS, "points_lps_mm", "notes")
"""Of the CSV file."""

SIZE_DECIMALS = 2
"""Shown of mm, degrees, mm² and mm³."""

SHOWN_DIGITS = 5
"""Significant digits shown of voxel values."""

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""With which a spreadsheet takes the name that a user has typed for a formula."""


def shown_row(measurement: Measurement) -> tuple[str, ...]:
    """What is shown of a measurement, in the order of `COLUMNS`, rounded for reading; empty where there is nothing."""
    name, kind, size, size_unit, voxels, *values, value_unit = _cells(measurement)
    rounded = ("" if value == "" else f"{value:.{SHOWN_DIGITS}g}" for value in values)
    return name, kind, f"{size:.{SIZE_DECIMALS}f}", size_unit, str(voxels), *rounded, value_unit


def write_measurements(path: Path, measurements: Sequence[Measurement]) -> None:
    """Write a CSV file (UTF-8, decimal points), a row for each measurement, numbers in full precision.

    Nothing of the patient or the files is in it unless a user has typed it as a name.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    # Spreadsheets take a file without the mark at its start for something else than UTF-8, and spoil mm².
    with output_file(path) as partial, partial.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(FILE_COLUMNS)
        for measurement in measurements:
            name, *others = _cells(measurement)
            writer.writerow([_as_text(name), *others, _points_text(measurement), "; ".join(measurement.notes)])


def _cells(measurement: Measurement) -> tuple[str | int | float, ...]:
    values = measurement.values
    shown = (None,) * 4
    if values is not None:
        shown = values.mean, values.standard_deviation, values.minimum, values.maximum
    return (
        measurement.name,
        measurement.kind.value,
        measurement.size,
        measurement.kind.unit,
        "" if measurement.voxel_count is None else measurement.voxel_count,
        *("" if value is None else value for value in shown),
        "" if values is None else measurement.unit.name,
    )


def _points_text(measurement: Measurement) -> str:
    return "; ".join(" ".join(map(repr, point)) for point in measurement.points)


def _as_text(name: str) -> str:
    return f"'{name}" if name.startswith(FORMULA_STARTS) else name
