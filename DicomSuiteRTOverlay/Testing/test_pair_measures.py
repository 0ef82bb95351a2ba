"""Overlap equals SimpleITK's, surface distances equal plastimatch's "boundary" ones, on any grid."""

from __future__ import annotations

import csv
import json
import re
import subprocess
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.segments import BoolArray
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteRTOverlayLib.measure_tables import write_pairs
from DicomSuiteRTOverlayLib.pair_measures import compare_segments
from DicomSuiteRTOverlayLib.pair_table import pair_table
from DicomSuiteRTOverlayLib.surface_distances import boundary, boundary_points
from measured_segments import (
    AT_BORDER,
    BALL,
    EVEN_GRIDS,
    GRIDS,
    HOLLOW,
    SHAPE,
    SHIFTED,
    TWO_PARTS,
    block,
    even_grid,
    segment,
    sitk_image,
)
from validators import program

PAIRS = {
    "shifted": (BALL, SHIFTED),
    "hollow": (HOLLOW, SHIFTED),
    "two parts": (TWO_PARTS, BALL),
    "boxes": (block((4, 6, 8), (15, 20, 24)), block((6, 4, 10), (18, 22, 26))),
    "apart": (block((2, 3, 4), (6, 9, 11)), block((16, 20, 26), (20, 26, 33))),
    "at the border": (AT_BORDER, BALL),
    "the same": (BALL, BALL),
}
EMPTY = segment(np.zeros(SHAPE, bool), "nothing")
SMALL_GRID = SliceGrid.from_geometry(ImageGeometry.from_axes((4, 4, 4), np.diag([1.0, 2.0, 3.0]), (0, 0, 0)))

every_grid = pytest.mark.parametrize("grid", GRIDS.values(), ids=GRIDS)
every_even_grid = pytest.mark.parametrize("grid", EVEN_GRIDS.values(), ids=EVEN_GRIDS)
every_pair = pytest.mark.parametrize(("mask", "reference"), PAIRS.values(), ids=PAIRS)

small_masks = hnp.arrays(bool, (4, 4, 4)).filter(np.any)


@every_even_grid
@every_pair
def test_overlap_equals_simpleitk(grid: SliceGrid, mask: BoolArray, reference: BoolArray) -> None:
    theirs = sitk.LabelOverlapMeasuresImageFilter()
    theirs.Execute(sitk_image(reference, grid), sitk_image(mask, grid))
    ours = compare_segments(segment(mask), segment(reference), grid)
    assert ours.dice == pytest.approx(theirs.GetDiceCoefficient(), rel=1e-12)
    assert ours.jaccard == pytest.approx(theirs.GetJaccardCoefficient(), rel=1e-12)
    voxel = grid.voxel_volumes[0]
    assert ours.volume_difference == pytest.approx((mask.sum() - float(reference.sum())) * voxel)
    assert ours.volume_difference_percent == pytest.approx(100 * (mask.sum() / reference.sum() - 1))


@pytest.mark.parametrize("name", ["shifted", "boxes", "apart", "the same"])
@every_even_grid
def test_hausdorff_distance_of_solid_shapes_equals_simpleitk(grid: SliceGrid, name: str) -> None:
    """SimpleITK's is that of the sets, for which nothing counts that lies inside the other; in solids nothing does."""
    mask, reference = PAIRS[name]
    theirs = sitk.HausdorffDistanceImageFilter()
    theirs.Execute(sitk_image(mask, grid), sitk_image(reference, grid))
    ours = compare_segments(segment(mask), segment(reference), grid).distances
    assert ours.hausdorff == pytest.approx(theirs.GetHausdorffDistance(), abs=1e-4)


@pytest.mark.parametrize("grid", [even_grid((1.0, 1.0, 1.0)), even_grid()], ids=["isotropic", "anisotropic"])
@every_pair
def test_distances_equal_plastimatch_boundary(
    grid: SliceGrid, mask: BoolArray, reference: BoolArray, tmp_path: Path
) -> None:
    hausdorff, mean, hausdorff_95 = _plastimatch(tmp_path, sitk_image(mask, grid), sitk_image(reference, grid))
    ours = compare_segments(segment(mask), segment(reference), grid).distances
    assert ours.hausdorff_95 == pytest.approx(hausdorff_95, abs=1e-4)
    # Plastimatch's distance map is Danielsson's, too long at some voxels; with bad luck that moves its HD95 by a rank.
    assert hausdorff * 0.985 <= ours.hausdorff <= hausdorff + 1e-4
    assert mean * 0.995 <= ours.mean <= mean + 1e-4


@every_grid
@every_pair
def test_distances_are_those_between_all_boundary_voxels(
    grid: SliceGrid, mask: BoolArray, reference: BoolArray
) -> None:
    points, others = (boundary_points(segment(one), grid) for one in (mask, reference))
    to_others = np.array([np.sqrt(((others - point) ** 2).sum(axis=1).min()) for point in points])
    to_points = np.array([np.sqrt(((points - other) ** 2).sum(axis=1).min()) for other in others])
    ours = compare_segments(segment(mask), segment(reference), grid).distances
    assert ours.hausdorff == pytest.approx(max(to_others.max(), to_points.max()), abs=1e-9)
    assert ours.mean == pytest.approx((to_others.mean() + to_points.mean()) / 2, abs=1e-9)
    nearest_ranks = [np.sort(all_of_them)[int(0.95 * len(all_of_them)) - 1] for all_of_them in (to_others, to_points)]
    assert ours.hausdorff_95 == pytest.approx(np.mean(nearest_ranks), abs=1e-9)


def test_boundary_voxels_share_a_face_with_one_outside() -> None:
    cube = np.ones((5, 5, 5), bool)
    assert boundary(cube).sum() == 125 - 27
    cube[2, 2, 2] = False
    assert boundary(cube).sum() == 125 - 27 + 6
    assert boundary(np.ones((1, 5, 5), bool)).all()


def test_uneven_slices_weigh_by_their_thickness_in_dice() -> None:
    grid = GRIDS["tilted and uneven"]
    thick, both = block((2, 5, 5), (2, 9, 9)), block((2, 5, 5), (3, 9, 9))
    assert grid.voxel_volumes[2] != grid.voxel_volumes[3]
    ours = compare_segments(segment(thick), segment(both), grid)
    assert ours.jaccard == pytest.approx(grid.voxel_volumes[2] / (grid.voxel_volumes[2] + grid.voxel_volumes[3]))


def test_one_empty_segment_leaves_distances_undefined() -> None:
    missed = compare_segments(EMPTY, segment(BALL), even_grid())
    assert (missed.dice, missed.jaccard, missed.distances, missed.volume_difference_percent) == (0, 0, None, -100)
    assert missed.notes == ("the first segment is empty: distances are not defined",)
    invented = compare_segments(segment(BALL), EMPTY, even_grid())
    assert (invented.dice, invented.distances, invented.volume_difference_percent) == (0, None, None)
    assert "the second segment is empty" in invented.notes[0]


def test_two_empty_segments_leave_everything_undefined() -> None:
    both = compare_segments(EMPTY, EMPTY, even_grid())
    assert (both.dice, both.jaccard, both.distances, both.volume_difference) == (None, None, None, 0)
    assert "both segments are empty" in both.notes[0]


@given(small_masks, small_masks)
@settings(max_examples=60)
def test_measures_are_symmetric_and_keep_their_bounds(mask: BoolArray, reference: BoolArray) -> None:
    there = compare_segments(segment(mask), segment(reference), SMALL_GRID)
    back = compare_segments(segment(reference), segment(mask), SMALL_GRID)
    assert there.distances == back.distances
    assert (there.dice, there.jaccard) == (back.dice, back.jaccard)
    assert 0 <= there.jaccard <= there.dice <= 1
    assert there.jaccard == pytest.approx(there.dice / (2 - there.dice))
    assert 0 <= there.distances.mean <= there.distances.hausdorff
    assert there.distances.hausdorff_95 <= there.distances.hausdorff
    assert (there.distances.hausdorff == 0) == np.array_equal(boundary(np.pad(mask, 1)), boundary(np.pad(reference, 1)))


@given(small_masks, st.tuples(*[st.integers(0, 20)] * 3))
@settings(max_examples=30)
def test_measures_do_not_depend_on_where_the_pair_lies(mask: BoolArray, offset: tuple[int, int, int]) -> None:
    first, second = np.zeros((24, 24, 24), bool), np.zeros((24, 24, 24), bool)
    place = tuple(slice(start, start + 4) for start in offset)
    first[place], second[place] = mask, mask[::-1]
    geometry = ImageGeometry.from_axes((24, 24, 24), np.diag([1.0, 2.0, 3.0]), (0, 0, 0))
    moved = compare_segments(segment(first), segment(second), SliceGrid.from_geometry(geometry))
    still = compare_segments(segment(mask), segment(mask[::-1]), SMALL_GRID)
    assert moved.dice == still.dice
    assert moved.distances.hausdorff == pytest.approx(still.distances.hausdorff)
    assert moved.distances.mean == pytest.approx(still.distances.mean)


def test_table_names_every_definition(tmp_path: Path) -> None:
    pairs = [compare_segments(segment(BALL, "a"), segment(SHIFTED, "b"), even_grid())]
    pairs.append(compare_segments(EMPTY, EMPTY, even_grid()))
    assert pair_table(pairs).column_names == (
        *("first", "second", "first_volume_mm3", "second_volume_mm3"),
        *("volume_difference_mm3", "volume_difference_percent_of_second", "dice", "jaccard"),
        *("hd_boundary_mm", "hd95_boundary_mm", "mean_surface_distance_boundary_mm", "notes"),
    )
    assert write_pairs(tmp_path, pairs) == ["comparison.csv", "comparison.json"]
    content = json.loads((tmp_path / "comparison.json").read_text(encoding="utf-8"))
    assert content["rows"][0]["dice"] == pytest.approx(pairs[0].dice, rel=1e-8)
    assert content["rows"][1]["hd95_boundary_mm"] is None
    assert "plastimatch" in {column["name"]: column["definition"] for column in content["columns"]}["hd95_boundary_mm"]
    with (tmp_path / "comparison.csv").open(encoding="utf-8", newline="") as file:
        assert next(csv.DictReader(file))["second"] == "b"


def _plastimatch(folder: Path, image: sitk.Image, reference: sitk.Image) -> tuple[float, float, float]:
    """Its boundary distances, mm: Hausdorff, mean of the two mean ones, 95th percentile."""
    files = [str(folder / name) for name in ("reference.nrrd", "mask.nrrd")]
    for one, file in zip((reference, image), files, strict=True):
        sitk.WriteImage(one, file)
    done = subprocess.run(
        [program("plastimatch"), "dice", "--hausdorff", *files], capture_output=True, text=True, check=True
    )
    distances = re.findall(r"^(.*) \(boundary\) = (\S+)$", done.stdout, re.MULTILINE)
    found = {name: float(value) for name, value in distances}
    return (
        found["Hausdorff distance"],
        found["Avg average Hausdorff distance"],
        found["Percent (0.95) Hausdorff distance"],
    )
