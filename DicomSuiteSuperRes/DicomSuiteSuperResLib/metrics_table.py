"""What was measured of results, as a table: CSV for people, JSON values for programs."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from DicomSuiteLib.output_file import output_file
from DicomSuiteSuperResLib.volume_metrics import Comparison, Metrics

COLUMNS = ("result", "method", "axis", "slice", "voxels", "psnr_db", "ssim", "mae", "edge_sharpness")
"""Of the table; a slice is counted from 0, and "all" is the whole volume. An infinite PSNR is told as "inf"."""

WHOLE = "all"


class Measured(NamedTuple):
    """A comparison, of which result it is, and how that was made: super-resolved or interpolated."""

    result: str
    method: str
    comparison: Comparison


def write_metrics(path: Path, measured: Iterable[Measured]) -> None:
    """Write the table as CSV: of each result a row for the volume, then one for every slice.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    with output_file(path) as partial, partial.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for one in measured:
            writer.writerows(_rows(one))


def metrics_as_json(metrics: Metrics) -> dict[str, float | int | None]:
    """The figures by the names of their columns; JSON has no infinity: the PSNR of equal volumes is None."""
    psnr = metrics.psnr
    return {
        "voxels": metrics.voxels,
        "psnr_db": None if psnr is None or math.isinf(psnr) else psnr,
        "ssim": metrics.ssim,
        "mae": metrics.mae,
        "edge_sharpness": metrics.edge_sharpness,
    }


def _rows(measured: Measured) -> Iterator[tuple]:
    comparison = measured.comparison
    parts = [(WHOLE, comparison.whole), *enumerate(comparison.slices)]
    for name, metrics in parts:
        figures = (metrics.voxels, metrics.psnr, metrics.ssim, metrics.mae, metrics.edge_sharpness)
        yield measured.result, measured.method, "ijk"[comparison.axis], name, *figures
