"""Write what was measured as CSV, for people, and as JSON, with the definition of every column."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from DicomSuiteLib.output_file import output_file, write_json
from DicomSuiteRTOverlayLib.measure_columns import MeasureTable
from DicomSuiteRTOverlayLib.pair_measures import PairMeasures
from DicomSuiteRTOverlayLib.pair_table import pair_table
from DicomSuiteRTOverlayLib.segment_table import Row, segment_table


def write_stats(folder: Path, rows: Sequence[Row]) -> list[str]:
    """Write stats.csv and stats.json, a row for each segment; returns the two names.

    Parameters
    ----------
    rows : number or name of the mask, and the measures of one of its segments

    Raises
    ------
    OverlayError
        If a file cannot be written.
    """
    return _write(folder, "stats", segment_table(rows))


def write_pairs(folder: Path, pairs: Sequence[PairMeasures]) -> list[str]:
    """Write comparison.csv and comparison.json, a row for each pair; returns the two names.

    Raises
    ------
    OverlayError
        If a file cannot be written.
    """
    return _write(folder, "comparison", pair_table(pairs))


def _write(folder: Path, stem: str, table: MeasureTable) -> list[str]:
    names = [f"{stem}.csv", f"{stem}.json"]
    with output_file(folder / names[0]) as partial, partial.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(table.column_names)
        writer.writerows(table.rows)
    write_json(folder / names[1], table.as_json())
    return names
