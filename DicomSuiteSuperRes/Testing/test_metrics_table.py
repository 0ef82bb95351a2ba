"""Figures of a comparison as CSV, as JSON values, and drawn along the slices."""

import csv
import math
import xml.etree.ElementTree as ElementTree

import pytest

from DicomSuiteSuperResLib.metrics_table import COLUMNS, Measured, metrics_as_json, write_metrics
from DicomSuiteSuperResLib.slice_plot import slice_plot
from DicomSuiteSuperResLib.volume_metrics import Comparison, Metrics

NOTHING = Metrics(0, None, None, None, None)


def comparison(psnr: list[float | None]) -> Comparison:
    slices = tuple(NOTHING if one is None else Metrics(10, one, one / 50, 3.0, None) for one in psnr)
    return Comparison(Metrics(30, 31.5, 0.9, 2.5, 0.8), slices, 1, 100.0)


def test_table_has_a_row_for_the_volume_and_one_for_every_slice(tmp_path):
    path = tmp_path / "metrics.csv"
    write_metrics(path, [Measured("1-t2", method, comparison([30.0, None, math.inf])) for method in ("a", "b")])
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == COLUMNS
    assert [(row["method"], row["slice"]) for row in rows] == [(m, s) for m in "ab" for s in ("all", "0", "1", "2")]
    assert (rows[0]["psnr_db"], rows[0]["axis"], rows[0]["result"]) == ("31.5", "j", "1-t2")
    assert (rows[2]["voxels"], rows[2]["psnr_db"], rows[2]["edge_sharpness"]) == ("0", "", "")
    assert rows[3]["psnr_db"] == "inf"


def test_json_has_no_infinity():
    assert metrics_as_json(Metrics(5, math.inf, 1.0, 0.0, 1.0))["psnr_db"] is None
    assert metrics_as_json(Metrics(5, 30.0, 1.0, 0.0, 1.0))["psnr_db"] == 30.0


def lines(svg: str) -> list[list[tuple[float, float]]]:
    found = ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}polyline")
    return [[tuple(map(float, pair.split(","))) for pair in line.get("points").split()] for line in found]


def test_drawing_has_a_line_for_each_method_and_measure_and_better_is_higher():
    drawn = lines(slice_plot({"new": comparison([30.0, 34.0, 32.0]), "old": comparison([28.0, 29.0, 30.0])}))
    assert len(drawn) == 4
    new, old = drawn[:2]
    assert [len(line) for line in (new, old)] == [3, 3]
    assert all(better[1] < worse[1] for better, worse in zip(new, old, strict=True))
    assert [place[0] for place in new] == sorted(place[0] for place in new)


def test_slices_without_a_figure_leave_a_gap():
    drawn = lines(slice_plot({"new": comparison([30.0, 31.0, None, 33.0, math.inf, 34.0, 35.0])}))
    assert [len(line) for line in drawn[:2]] == [2, 2]


@pytest.mark.parametrize("psnr", [[], [None], [30.0], [30.0, 30.0], [1e-9, 1e9]])
def test_odd_series_can_be_drawn(psnr):
    ElementTree.fromstring(slice_plot({"<new>": comparison(psnr)}))
