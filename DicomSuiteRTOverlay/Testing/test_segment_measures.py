"""Measures of a segment equal SimpleITK's where it has them, and hold for any orientation and spacing."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from DicomSuiteLib.missing_package import MissingPackageError
from DicomSuiteLib.output_file import OutputError
from DicomSuiteLib.read_volume import read_volume
from DicomSuiteLib.segment_extent import bounding_box, centroid, voxel_volume
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteLib.value_statistics import Quantity, value_statistics
from DicomSuiteLib.volumes import Volume
from DicomSuiteRTOverlayLib import segment_measures
from DicomSuiteRTOverlayLib.measure_tables import write_stats
from DicomSuiteRTOverlayLib.segment_measures import SegmentMeasures, measure_segment
from DicomSuiteRTOverlayLib.segment_table import segment_table
from measured_segments import (
    AT_BORDER,
    BALL,
    EVEN_GRIDS,
    GRIDS,
    HOLLOW,
    SHAPE,
    TWO_PARTS,
    even_grid,
    noisy_volume,
    segment,
    sitk_image,
)
from real_data import real_data

MASKS = {"ball": BALL, "hollow": HOLLOW, "two parts": TWO_PARTS, "at the border": AT_BORDER}

every_grid = pytest.mark.parametrize("grid", GRIDS.values(), ids=GRIDS)
every_even_grid = pytest.mark.parametrize("grid", EVEN_GRIDS.values(), ids=EVEN_GRIDS)
every_mask = pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS)

EMPTY = segment(np.zeros(SHAPE, bool), "nothing")
NUMBERS = (np.int8, np.uint8, np.int16, np.uint16)


@every_even_grid
@every_mask
def test_volume_centroid_and_values_equal_simpleitk(grid: SliceGrid, mask: np.ndarray) -> None:
    volume = noisy_volume(grid)
    theirs = sitk.LabelIntensityStatisticsImageFilter()
    theirs.Execute(sitk_image(mask, grid), sitk_image(volume.voxels.astype(np.uint8), grid))
    ours = measure_segment(segment(mask), volume)
    assert ours.voxel_count == theirs.GetNumberOfPixels(1)
    assert ours.voxel_volume == pytest.approx(theirs.GetPhysicalSize(1), rel=1e-9)
    assert ours.centroid == pytest.approx(theirs.GetCentroid(1), abs=1e-6)
    assert ours.values.mean == pytest.approx(theirs.GetMean(1), rel=1e-12)
    assert ours.values.standard_deviation == pytest.approx(theirs.GetStandardDeviation(1), rel=1e-9)
    assert (ours.values.minimum, ours.values.maximum) == (theirs.GetMinimum(1), theirs.GetMaximum(1))
    assert ours.values.median == pytest.approx(theirs.GetMedian(1), abs=1)  # theirs is a bin of a histogram


@every_mask
def test_bounding_box_of_axial_voxels_equals_simpleitk(mask: np.ndarray) -> None:
    grid = GRIDS["axial"]
    theirs = sitk.LabelShapeStatisticsImageFilter()
    theirs.Execute(sitk_image(mask, grid))
    first, size = np.reshape(theirs.GetBoundingBox(1), (2, 3))
    box = bounding_box(segment(mask), grid)
    assert box.low == pytest.approx(grid.geometry.lps_from_ijk(first - 0.5))
    assert box.high == pytest.approx(grid.geometry.lps_from_ijk(first + size - 0.5))
    assert box.size == pytest.approx(size * grid.geometry.spacing)


@every_grid
@every_mask
def test_bounding_box_reaches_to_the_farthest_corner_of_any_voxel(grid: SliceGrid, mask: np.ndarray) -> None:
    inside = np.argwhere(mask)[:, ::-1]
    halves = np.array([(i, j, k) for i in (-0.5, 0.5) for j in (-0.5, 0.5) for k in (-0.5, 0.5)])
    corners = grid.lps_from_ijk((inside[:, None] + halves).reshape(-1, 3))
    box = bounding_box(segment(mask), grid)
    assert box.low == pytest.approx(corners.min(axis=0))
    assert box.high == pytest.approx(corners.max(axis=0))


def test_uneven_slices_weigh_by_their_thickness() -> None:
    grid = GRIDS["tilted and uneven"]
    assert np.ptp(grid.voxel_volumes) > 1
    inside = np.argwhere(HOLLOW)
    weights = grid.voxel_volumes[inside[:, 0]]
    assert voxel_volume(segment(HOLLOW), grid) == pytest.approx(weights.sum())
    expected = weights @ grid.lps_from_ijk(inside[:, ::-1]) / weights.sum()
    assert centroid(segment(HOLLOW), grid) == pytest.approx(expected)


@every_grid
def test_surface_of_a_ball_holds_what_its_voxels_hold(grid: SliceGrid) -> None:
    measures = measure_segment(segment(BALL), noisy_volume(grid))
    assert measures.surface.volume == pytest.approx(measures.voxel_volume, rel=0.02)
    sphere_of_that_volume = (36 * math.pi * measures.voxel_volume**2) ** (1 / 3)
    assert sphere_of_that_volume < measures.surface.area < 2 * sphere_of_that_volume


def test_surface_that_cannot_be_made_leaves_the_rest_and_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise MissingPackageError("VTK is missing")

    monkeypatch.setattr(segment_measures, "closed_surface", fails)
    measures = measure_segment(segment(BALL), noisy_volume(even_grid()))
    assert measures.surface is None
    assert measures.notes == ("no surface: VTK is missing",)
    assert measures.values.mean > 0


@given(st.sampled_from(NUMBERS).flatmap(lambda kind: hnp.arrays(kind, st.integers(2, 60))))
@example(np.array([-128, 127], np.int8))  # further apart than an int8 can say
def test_statistics_equal_those_of_exact_numbers(values: np.ndarray) -> None:
    exact = values.astype(float)
    ours = value_statistics(values)
    expected = np.percentile(exact, (5, 50, 95))
    assert (ours.percentile_5, ours.median, ours.percentile_95) == pytest.approx(expected, abs=1e-6)
    assert ours.mean == pytest.approx(exact.mean(), abs=1e-6)
    assert ours.standard_deviation == pytest.approx(exact.std(ddof=1), abs=1e-6)
    assert (ours.minimum, ours.maximum) == (exact.min(), exact.max())


def test_single_voxel_has_no_standard_deviation() -> None:
    assert value_statistics(np.array([7], np.int16)).standard_deviation is None


def test_voxels_without_a_number_are_left_out_and_counted() -> None:
    grid = even_grid()
    volume = noisy_volume(grid, "MR")
    voxels = volume.voxels.astype(np.float32)
    voxels[11, 14, 15:20] = np.nan
    measures = measure_segment(segment(BALL), Volume(voxels, grid, "MR"))
    rest = BALL & np.isfinite(voxels)
    assert measures.values.mean == pytest.approx(float(volume.voxels[rest].mean()))
    assert measures.notes == ("5 voxels without a finite value are left out of the statistics",)


def test_empty_segment_is_all_undefined() -> None:
    measures = measure_segment(EMPTY, noisy_volume(even_grid()))
    assert (measures.voxel_count, measures.voxel_volume) == (0, 0)
    undefined = (measures.surface, measures.bounding_box, measures.centroid, measures.values)
    assert undefined == (None,) * 4
    assert measures.notes == ("no voxel is inside",)


def test_values_are_hu_for_ct_only() -> None:
    grid = even_grid()
    for modality, quantity in {"CT": Quantity.HU, "PT": Quantity.INTENSITY, "": Quantity.INTENSITY}.items():
        assert measure_segment(EMPTY, noisy_volume(grid, modality)).quantity is quantity


@pytest.fixture(scope="module")
def measured() -> list[tuple[int | str, SegmentMeasures]]:
    volume = noisy_volume(GRIDS["tilted and uneven"])
    return [(1, measure_segment(segment(BALL, "Bäll, left"), volume)), (2, measure_segment(EMPTY, volume))]


def test_table_has_stable_columns_with_units_and_definitions(measured: list) -> None:
    table = segment_table(measured)
    assert table.column_names == (
        *("mask", "segment", "voxel_count", "voxel_volume_mm3", "voxel_volume_ml"),
        *("surface_volume_mm3", "surface_area_mm2"),
        *(f"box_{part}_lps_{axis}_mm" for part in ("size", "low", "high") for axis in "xyz"),
        *(f"centroid_{space}_{axis}_mm" for space in ("lps", "ras") for axis in "xyz"),
        *("hu_mean", "hu_sd", "hu_min", "hu_max", "hu_median", "hu_p5", "hu_p95", "notes"),
    )
    units = {column.name: column.unit for column in table.columns}
    assert (units["voxel_volume_ml"], units["hu_sd"], units["surface_area_mm2"]) == ("mL", "HU", "mm²")
    assert all(column.definition for column in table.columns)


def test_table_of_another_modality_says_intensity() -> None:
    table = segment_table([("pet", measure_segment(segment(BALL), noisy_volume(even_grid(), "PT")))])
    row = table.as_json()["rows"][0]
    assert row["intensity_mean"] > 0
    assert not any(name.startswith("hu_") for name in row)


def test_centroid_in_ras_has_the_signs_of_x_and_y_changed(measured: list) -> None:
    row = segment_table(measured).as_json()["rows"][0]
    assert row["centroid_ras_x_mm"] == -row["centroid_lps_x_mm"] != 0
    assert row["centroid_ras_y_mm"] == -row["centroid_lps_y_mm"] != 0
    assert row["centroid_ras_z_mm"] == row["centroid_lps_z_mm"] != 0


def test_csv_and_json_hold_the_same_and_leave_undefined_cells_empty(tmp_path: Path, measured: list) -> None:
    assert write_stats(tmp_path, measured) == ["stats.csv", "stats.json"]
    with (tmp_path / "stats.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    content = json.loads((tmp_path / "stats.json").read_text(encoding="utf-8"))
    assert [row["segment"] for row in rows] == ["Bäll, left", "nothing"]
    for row, same in zip(rows, content["rows"], strict=True):
        assert row == {name: "" if cell is None else str(cell) for name, cell in same.items()}
    assert (rows[1]["hu_mean"], content["rows"][1]["hu_mean"]) == ("", None)
    assert content["columns"][3] == {
        "name": "voxel_volume_mm3",
        "unit": "mm³",
        "definition": "volume of all voxels inside; a slice stands for half the way to either neighbour",
    }


def test_tables_that_cannot_be_written_are_an_error_that_names_the_folder(tmp_path: Path, measured: list) -> None:
    with pytest.raises(OutputError, match="no folder"):
        write_stats(tmp_path / "no folder", measured)


def test_real_ct_equals_simpleitk() -> None:
    patient = real_data("sts", "STS_002")
    volume = read_volume(patient / "ct")
    labels = sitk.ReadImage(str(patient / "mask.nii.gz"), sitk.sitkUInt8)
    names = sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(patient / "ct"))
    image = sitk.ReadImage(names)
    image.CopyInformation(labels)  # theirs differ in the last digits, which the filter does not allow
    theirs = sitk.LabelIntensityStatisticsImageFilter()
    theirs.Execute(labels, image)
    ours = measure_segment(segment(sitk.GetArrayFromImage(labels) > 0), volume)
    assert ours.voxel_volume == pytest.approx(theirs.GetPhysicalSize(1), rel=1e-5)
    assert ours.centroid == pytest.approx(theirs.GetCentroid(1), abs=1e-2)
    assert ours.values.mean == pytest.approx(theirs.GetMean(1))
    assert ours.values.standard_deviation == pytest.approx(theirs.GetStandardDeviation(1))
