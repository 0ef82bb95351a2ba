"""Crop boxes as ROI nodes: what is put into the scene is read back."""

from __future__ import annotations

import numpy as np
import pytest

from application import slicer
from DicomSuiteRenderLib.crop_box import box_around, roi_of_box
from DicomSuiteRenderLib.markups_measurements import box_of_roi
from DicomSuiteRenderLib.measured_box import MeasuredBox
from placed_volumes import TURN, placed_volumes


@pytest.mark.parametrize("name", ["upright", "oblique", "left-handed", "uneven and tilted"])
def test_roi_is_the_box(name: str) -> None:
    box = box_around(placed_volumes()[name].grid)
    node = roi_of_box(box, "Crop box")
    try:
        _assert_same(box_of_roi(node), box)
    finally:
        slicer.mrmlScene.RemoveNode(node)


def test_turned_box_comes_back_turned() -> None:
    box = MeasuredBox((10.0, -20.0, 30.0), TURN, (40.0, 50.0, 60.0))
    node = roi_of_box(box, "Crop box")
    try:
        _assert_same(box_of_roi(node), box)
    finally:
        slicer.mrmlScene.RemoveNode(node)


def _assert_same(first: MeasuredBox, second: MeasuredBox) -> None:
    assert _sorted(first.corners) == pytest.approx(_sorted(second.corners), abs=1e-5)


def _sorted(corners: np.ndarray) -> np.ndarray:
    return corners[np.lexsort(np.round(corners, 3).T)]
