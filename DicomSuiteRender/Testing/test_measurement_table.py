"""Measurements as rows to read and as a file to compute with."""

import csv
from pathlib import Path

import numpy as np
import pytest

from DicomSuiteLib.output_file import OutputError
from DicomSuiteLib.value_unit import HOUNSFIELD, ValueUnit
from DicomSuiteRenderLib.measured_box import MeasuredBox
from DicomSuiteRenderLib.measurement_table import COLUMNS, FILE_COLUMNS, shown_row, write_measurements
from DicomSuiteRenderLib.measurements import measure_box, measure_distance, measure_threshold
from placed_volumes import placed_volumes

VOLUME = placed_volumes()["upright"]
LINE = measure_distance("tumour, long axis", [(0, 0, 0), (1 / 3, 0, 0)])
BOX = measure_box("node", MeasuredBox(VOLUME.grid.positions[3], np.eye(3), (1.5, 3.0, 3.0)), VOLUME, HOUNSFIELD)
NOTHING = measure_threshold("nothing", VOLUME, low=1e9, unit=ValueUnit("g/ml", "SUVbw"))


def test_rows_are_rounded_for_reading() -> None:
    line, box, nothing = (dict(zip(COLUMNS, shown_row(row), strict=True)) for row in (LINE, BOX, NOTHING))
    assert line == dict.fromkeys(COLUMNS, "") | {
        "name": "tumour, long axis", "kind": "distance", "size": "0.33", "size_unit": "mm",
    }  # fmt: skip
    assert (box["voxels"], box["mean"], box["sd"], box["value_unit"]) == ("4", "30050", "57.738", "HU")
    assert (nothing["voxels"], nothing["size"], nothing["mean"], nothing["value_unit"]) == ("0", "0.00", "", "")


def test_file_has_every_digit_and_what_it_was_measured_by(tmp_path: Path) -> None:
    path = tmp_path / "measurements.csv"
    write_measurements(path, [LINE, BOX, NOTHING])
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == FILE_COLUMNS
    assert float(rows[0]["size"]) == 1 / 3
    assert rows[0]["points_lps_mm"] == "0.0 0.0 0.0; 0.3333333333333333 0.0 0.0"
    assert (rows[0]["name"], rows[0]["voxels"], rows[0]["mean"]) == ("tumour, long axis", "", "")
    assert float(rows[1]["mean"]) == BOX.values.mean
    assert float(rows[1]["sd"]) == BOX.values.standard_deviation
    assert rows[2]["notes"] == "no voxel of the volume is inside"


@pytest.mark.parametrize("name", ["=HYPERLINK(1)", "+1", "-1", "@x"])
def test_name_is_no_formula_to_a_spreadsheet(tmp_path: Path, name: str) -> None:
    write_measurements(tmp_path / "m.csv", [measure_distance(name, [(0, 0, 0), (1, 0, 0)])])
    assert f"\n'{name}," in (tmp_path / "m.csv").read_text(encoding="utf-8-sig")


def test_folder_that_cannot_be_written_is_said_and_nothing_is_left(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be written"):
        write_measurements(tmp_path / "missing" / "m.csv", [LINE])
    assert not list(tmp_path.iterdir())
