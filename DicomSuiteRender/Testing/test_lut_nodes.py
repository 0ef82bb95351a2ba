"""A look-up table is what slice views show while it is on, and leaves nothing behind when it is taken away."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from vtk.util.numpy_support import vtk_to_numpy

from application import slicer
from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteLib.volume_nodes import node_of_volume
from DicomSuiteLib.volumes import Volume
from DicomSuiteRenderLib.display_lut import DisplayLut
from DicomSuiteRenderLib.errors import RenderError
from DicomSuiteRenderLib.lut_nodes import hide_lut, show_lut, shown_lut
from offscreen_slices import SliceView2D
from saved_scenes import saved_and_loaded

STEEP = DisplayLut.from_pairs([(-1000, 0), (0, 0.1), (100, 0.9), (3000, 1)])
OTHER = DisplayLut.from_pairs([(-100, 1), (200, 0)])
SIDE = 64


@pytest.fixture(autouse=True)
def scene() -> Iterator[None]:
    slicer.mrmlScene.Clear(0)
    yield
    slicer.mrmlScene.Clear(0)


def ramp_node() -> Any:
    """Columns that rise by 1 HU each, rows by 64, through -1000 to 3095 HU."""
    geometry = ImageGeometry((SIDE, SIDE, 3), (1, 1, 1), (0, 0, 0), ((1, 0, 0), (0, 1, 0), (0, 0, 1)))
    plane = np.arange(-1000, 3096, dtype=np.int16).reshape(SIDE, SIDE)
    node = node_of_volume(Volume(np.stack([plane] * 3), SliceGrid.from_geometry(geometry), "CT"), "ramp")
    node.GetDisplayNode().SetInterpolate(False)
    return node


def look_of(node: Any) -> tuple[object, ...]:
    display = node.GetDisplayNode()
    return (
        display.GetColorNodeID(),
        display.GetWindowLevelMin(),
        display.GetWindowLevelMax(),
        display.GetAutoWindowLevel(),
        display.GetScalarRangeFlag(),
        slicer.mrmlScene.GetNumberOfNodes(),
        tuple(display.GetAttributeNames()),
    )


def test_slice_views_show_the_table_without_bands() -> None:
    node = ramp_node()
    with SliceView2D((SIDE * 4, SIDE * 4)) as view:
        view.show(node, "Axial")
        show_lut(STEEP, node)
        picture = view.picture()[::-1, :, 0]
        sampled = view.logic.GetBackgroundLayer().GetReslice().GetOutput()
        values = vtk_to_numpy(sampled.GetPointData().GetScalars()).reshape(picture.shape)
        inside = slice(8, -8)  # the border shows nothing of the volume
    # A display window has 256 steps: over 4000 HU, it would leave 6 shades for the steep part of 100 HU.
    assert len(np.unique(picture)) > 140
    differences = np.abs(picture[inside, inside] - STEEP.shades(values[inside, inside]) * 255)
    assert differences.max() <= 1.5


def test_the_table_replaces_another_one_that_is_shown() -> None:
    node = ramp_node()
    show_lut(STEEP, node)
    once = look_of(node)
    show_lut(OTHER, node)
    assert shown_lut(node) == OTHER
    show_lut(STEEP, node)
    assert look_of(node) == once
    assert shown_lut(node) == STEEP


def test_taking_it_away_brings_back_what_was_there() -> None:
    node = ramp_node()
    display = node.GetDisplayNode()
    display.SetWindowLevel(123.5, 45.25)
    display.SetAndObserveColorNodeID("vtkMRMLColorTableNodeInvertedGrey")
    before = look_of(node)
    show_lut(STEEP, node)
    show_lut(OTHER, node)
    assert look_of(node) != before
    hide_lut(node)
    assert look_of(node) == before
    assert shown_lut(node) is None
    hide_lut(node)
    assert look_of(node) == before


def test_colours_chosen_while_it_was_on_are_kept() -> None:
    node = ramp_node()
    before = look_of(node)
    show_lut(STEEP, node)
    node.GetDisplayNode().SetAndObserveColorNodeID("vtkMRMLColorTableNodeRainbow")
    assert shown_lut(node) is None
    hide_lut(node)
    assert look_of(node) == ("vtkMRMLColorTableNodeRainbow", *before[1:])


def test_shown_again_over_colours_chosen_while_it_was_on_it_comes_back_to_those() -> None:
    node = ramp_node()
    before = look_of(node)
    show_lut(STEEP, node)
    node.GetDisplayNode().SetAndObserveColorNodeID("vtkMRMLColorTableNodeRainbow")
    show_lut(OTHER, node)
    assert shown_lut(node) == OTHER
    hide_lut(node)
    assert look_of(node) == ("vtkMRMLColorTableNodeRainbow", *before[1:])


def test_a_table_whose_node_was_deleted_leaves_nothing_behind() -> None:
    node = ramp_node()
    before = look_of(node)
    show_lut(STEEP, node)
    slicer.mrmlScene.RemoveNode(node.GetDisplayNode().GetColorNode())
    assert shown_lut(node) is None
    hide_lut(node)
    assert look_of(node) == before


def test_it_survives_saving_and_loading_the_scene(tmp_path: Path) -> None:
    node = ramp_node()
    before = look_of(node)[1:5]
    show_lut(STEEP, node)
    saved_and_loaded(tmp_path / "saved")
    (loaded,) = slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")
    assert shown_lut(loaded) == STEEP
    hide_lut(loaded)
    assert look_of(loaded)[1:5] == before


def test_a_volume_of_labels_is_refused() -> None:
    labels = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode")
    with pytest.raises(RenderError, match="labels"):
        show_lut(STEEP, labels)
