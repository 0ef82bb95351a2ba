"""Preparing a volume in the panel: each step of its own accord, and what it makes as nodes of the scene."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from application import enter, exit_, moduleWidget, processEvents, slicer, vtk, waitUntil
from DicomSuiteLib.ephemeral_folder import ephemeral_folder
from DicomSuiteLib.geometry import LPS_FROM_RAS, ImageGeometry
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteLib.volume_nodes import node_of_volume, volume_of_node
from DicomSuiteLib.volumes import Volume
from DicomSuiteSuperResGui.choices import BrainMethod, ValueScale
from DicomSuiteSuperResGui.derived_nodes import sourceOf
from DicomSuiteSuperResGui.prepared_nodes import Prepared, addPrepared
from DicomSuiteSuperResGui.preprocess_panel import stepWords
from DicomSuiteSuperResLib.preprocess_command import add_arguments
from DicomSuiteSuperResLib.preprocess_options import OutputKind
from panel_places import database_of, private_places

TIMEOUT_S = 240
GEOMETRY = ImageGeometry((24, 20, 16), (1.0, 1.0, 1.5), (-12.0, -10.0, 5.0), ((1, 0, 0), (0, 1, 0), (0, 0, 1)))


@pytest.fixture
def widget(tmp_path: Path) -> Iterator[Any]:
    """The module, entered, with a volume that is chosen."""
    slicer.mrmlScene.Clear(0)
    with private_places(tmp_path), database_of(tmp_path / "database"):
        widget = moduleWidget("DicomSuiteSuperRes")
        enter(widget)
        slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)  # the application always has it
        widget._parameterNode.volume = add_head()
        processEvents()
        yield widget
        exit_(widget)
        slicer.mrmlScene.Clear(0)


def head_voxels() -> np.ndarray:
    k, j, i = np.indices(GEOMETRY.size[::-1])
    inside = ((k - 7.5) / 7) ** 2 + ((j - 9.5) / 8) ** 2 + ((i - 11.5) / 10) ** 2 < 1
    return np.where(inside, 500 + 10 * i, 0).astype(np.int16)


def add_head() -> Any:
    return node_of_volume(Volume(head_voxels(), SliceGrid.from_geometry(GEOMETRY), "MR"), "head")


def test_nothing_is_prepared_until_a_step_is_chosen_and_white_matter_needs_the_brain(widget) -> None:
    button, parameters = widget.panel.preprocess.runButton, widget._parameterNode
    assert not button.enabled and "at least one step" in button.toolTip
    parameters.normalisation = ValueScale.WHITE_STRIPE
    assert not button.enabled and "brain" in button.toolTip
    parameters.brainMethod = BrainMethod.ATLAS
    assert button.enabled


def test_every_choice_is_a_word_that_the_command_knows(widget) -> None:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    parameters = widget._parameterNode
    parameters.biasField = parameters.register = parameters.makePair = True
    for method in BrainMethod:
        for scale in ValueScale:
            parameters.brainMethod, parameters.normalisation = method, scale
            parser.parse_args(["-", "--out", "folder", *stepWords(parameters)])  # ends the test where it does not know


def test_steps_run_beside_the_windows_and_their_results_are_what_is_super_resolved_next(widget) -> None:
    parameters, panel = widget._parameterNode, widget.panel.preprocess
    source = parameters.volume
    parameters.normalisation = ValueScale.PERCENTILE
    parameters.makePair = True
    parameters.pairFactor = 2
    panel.runButton.click()
    waitUntil(lambda: not panel.isBusy, TIMEOUT_S)
    prepared = parameters.volume
    assert prepared is not source, panel.activity.message.text
    assert prepared.GetName() == "head prepared" and sourceOf(prepared) is source
    voxels = volume_of_node(prepared).voxels
    assert voxels.shape == head_voxels().shape and float(np.percentile(voxels, 99)) < 1.5
    thick = slicer.util.getNode("head thick")
    assert volume_of_node(thick).grid.size == (24, 20, 8)
    assert np.array_equal(volume_of_node(source).voxels, head_voxels())
    assert [path for path in ephemeral_folder().rglob("*") if path.is_file()] == []


def test_mask_and_transform_become_nodes_in_the_right_place() -> None:
    slicer.mrmlScene.Clear(0)
    source = add_head()
    grid = SliceGrid.from_geometry(GEOMETRY)
    mask = Volume((head_voxels() > 0).astype(np.uint8), grid)
    turn = np.array([[0.0, -1.1, 0, 5], [0.9, 0, 0, -7], [0, 0, 1.2, 11], [0, 0, 0, 1]])
    volumes = {OutputKind.BRAIN_MASK: mask, OutputKind.REGISTERED: Volume(head_voxels(), grid)}
    nodes = addPrepared(Prepared(volumes, turn, ()), source)
    label, registered, transform = nodes
    assert label.IsA("vtkMRMLLabelMapVolumeNode") and np.array_equal(slicer.util.arrayFromVolume(label), mask.voxels)
    assert volume_of_node(label).grid.is_close(grid)
    source.SetAndObserveTransformNodeID(transform.GetID())
    to_world = vtk.vtkMatrix4x4()
    source.GetParentTransformNode().GetMatrixTransformToWorld(to_world)
    template = np.array([3.0, 4.0, 5.0, 1.0])  # LPS mm
    patient = LPS_FROM_RAS @ turn @ template
    assert LPS_FROM_RAS @ slicer.util.arrayFromVTKMatrix(to_world) @ patient == pytest.approx(template)
    assert registered.GetParentTransformNode() is None
    slicer.mrmlScene.Clear(0)
