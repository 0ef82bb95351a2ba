"""Two segmentations are paired, measured, and taken apart into what both and what only one of them has."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.extra import numpy as hnp

from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.segments import BoolArray, Segmentation
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteRTOverlayLib.comparison import (
    COLOUR_OF_BOTH,
    COLOUR_OF_FIRST,
    COLOUR_OF_SECOND,
    Comparison,
    compare_segmentations,
)
from DicomSuiteRTOverlayLib.errors import OverlayError
from measured_segments import BALL, GRIDS, HOLLOW, SHAPE, SHIFTED, TWO_PARTS, block, even_grid, segment

LEFT, RIGHT = block((2, 3, 4), (6, 9, 11)), block((16, 20, 26), (20, 26, 33))
SMALL_SHAPE = (4, 5, 6)
SMALL_GRID = SliceGrid.from_geometry(ImageGeometry.from_axes(SMALL_SHAPE[::-1], np.eye(3), (0, 0, 0)))


def segmentation(masks: Mapping[str, BoolArray], grid: SliceGrid | None = None) -> Segmentation:
    parts = [segment(mask, name, number) for number, (name, mask) in enumerate(masks.items())]
    return Segmentation(tuple(parts), grid or even_grid())


def masks_of(comparison: Comparison) -> dict[str, BoolArray]:
    differences = comparison.differences
    return {part.name: part.full_mask(differences.grid.shape) for part in differences.segments}


def pairs_of(comparison: Comparison) -> list[tuple[str, str]]:
    return [(pair.first, pair.second) for pair in comparison.pairs]


@given(hnp.arrays(bool, SMALL_SHAPE), hnp.arrays(bool, SMALL_SHAPE))
@settings(max_examples=60)
def test_parts_make_up_both_segments_exactly(mask: BoolArray, reference: BoolArray) -> None:
    comparison = compare_segmentations(
        segmentation({"organ": mask}, SMALL_GRID), segmentation({"organ": reference}, SMALL_GRID)
    )
    expected = {
        "organ: both": mask & reference,
        "organ: only in A": mask & ~reference,
        "organ: only in B": reference & ~mask,
    }
    found = masks_of(comparison)
    assert found.keys() == {name for name, part in expected.items() if part.any()}
    assert all(np.array_equal(found[name], expected[name]) for name in found)


def test_parts_are_coloured_numbered_and_hold_no_more_than_their_boxes() -> None:
    parts = compare_segmentations(segmentation({"a": BALL}), segmentation({"a": SHIFTED})).differences.segments
    assert [part.colour for part in parts] == [COLOUR_OF_BOTH, COLOUR_OF_FIRST, COLOUR_OF_SECOND]
    assert [part.value for part in parts] == [1, 2, 3]
    for part in parts:
        for axis in range(3):
            others = tuple({0, 1, 2} - {axis})
            assert part.voxels.any(axis=others)[[0, -1]].all()


def test_pair_measures_take_the_second_as_reference() -> None:
    (pair,) = compare_segmentations(segmentation({"a": BALL}), segmentation({"a": HOLLOW})).pairs
    assert pair.volume_difference_percent == pytest.approx(100 * (BALL.sum() / HOLLOW.sum() - 1))


def test_segments_of_the_same_name_are_paired_though_others_overlap_more() -> None:
    first = segmentation({"Liver": BALL, "kidney": LEFT})
    second = segmentation({"kidney": BALL, " liver ": LEFT})
    assert pairs_of(compare_segmentations(first, second)) == [("Liver", " liver "), ("kidney", "kidney")]


def test_segments_of_other_names_are_paired_by_their_overlap() -> None:
    first = segmentation({"1": LEFT, "2": BALL, "3": RIGHT})
    second = segmentation({"tumour": SHIFTED, "right": RIGHT, "left": LEFT})
    comparison = compare_segmentations(first, second)
    assert pairs_of(comparison) == [("1", "left"), ("2", "tumour"), ("3", "right")]
    assert "2 / tumour: both" in masks_of(comparison)


def test_best_overlap_is_taken_first() -> None:
    first = segmentation({"half": BALL & LEFT | BALL & block((0, 0, 0), (23, 14, 35)), "whole": BALL})
    second = segmentation({"x": BALL})
    assert pairs_of(compare_segmentations(first, second)) == [("whole", "x")]


def test_two_single_segments_are_compared_though_they_have_nothing_in_common() -> None:
    (pair,) = compare_segmentations(segmentation({"a": LEFT}), segmentation({"b": RIGHT})).pairs
    assert pair.dice == 0
    assert pair.distances.hausdorff > 10


def test_segments_without_a_counterpart_are_noted_and_only_in_one() -> None:
    first = segmentation({"organ": BALL, "more": LEFT, "most": TWO_PARTS & ~BALL & ~LEFT})
    second = segmentation({"organ": BALL, "other": RIGHT & ~TWO_PARTS})
    comparison = compare_segmentations(first, second)
    assert pairs_of(comparison) == [("organ", "organ")]
    assert list(masks_of(comparison)) == ["organ: both", "more: only in A", "most: only in A", "other: only in B"]
    assert comparison.differences.notes == (
        "more has no counterpart in B",
        "most has no counterpart in B",
        "other has no counterpart in A",
    )


def test_segments_of_one_name_are_each_used_once() -> None:
    twice = Segmentation((segment(LEFT, "lesion"), segment(RIGHT, "lesion")), even_grid())
    comparison = compare_segmentations(twice, twice)
    assert [pair.dice for pair in comparison.pairs] == [1, 1]


def test_segmentations_of_other_voxels_are_refused() -> None:
    for grid in (GRIDS["oblique"], GRIDS["tilted and uneven"], SMALL_GRID):
        mask = np.ones(grid.shape, bool)
        with pytest.raises(OverlayError, match="do not lie on the same voxels"):
            compare_segmentations(segmentation({"a": np.ones(SHAPE, bool)}), segmentation({"a": mask}, grid))


def test_segmentations_of_tilted_uneven_slices_are_compared() -> None:
    grid = GRIDS["tilted and uneven"]
    comparison = compare_segmentations(segmentation({"a": BALL}, grid), segmentation({"a": SHIFTED}, grid))
    assert 0.5 < comparison.pairs[0].dice < 0.9
