"""The module's panel, used as a clinician does: volume, model, what it will cost, run, compare, export."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from application import enter, exit_, moduleWidget, processEvents, slicer, waitUntil
from DicomSuiteLib.ephemeral_folder import ephemeral_folder
from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteLib.volume_nodes import node_of_volume, volume_of_node
from DicomSuiteLib.volumes import Volume
from DicomSuiteSuperResGui.choices import ThickAxis
from DicomSuiteSuperResGui.derived_nodes import isSuperResolved, provenanceOf, sourceOf
from DicomSuiteSuperResLib.bundled_models import bundled_models
from DicomSuiteSuperResLib.models import DERIVED, ModelScope, Upsampling
from panel_places import database_of, private_places
from saved_scenes import saved_and_loaded

TIMEOUT_S = 240
"""A child process has torch to import, and the machine may be busy with something else."""
CANCELLED_S = 2.0
TURN = np.deg2rad(20)
GEOMETRY = ImageGeometry(
    (28, 24, 8),
    (1.0, 1.0, 4.0),
    (-14.0, -12.0, 30.0),
    ((np.cos(TURN), -np.sin(TURN), 0), (np.sin(TURN), np.cos(TURN), 0), (0, 0, 1)),
)
"""Oblique, with slices four times as thick as a voxel is wide."""


@pytest.fixture(scope="module")
def model_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of nobody's, whose weights are random."""
    torch = pytest.importorskip("torch")
    pytest.importorskip("safetensors")
    from DicomSuiteSuperResLib.own_checkpoint import write_checkpoint
    from DicomSuiteSuperResLib.torch_network import NetworkShape, ResidualUpsampler

    torch.manual_seed(1)
    network = ResidualUpsampler(NetworkShape(Upsampling.THROUGH_PLANE, (2, 4), width=8, blocks=1))
    path = tmp_path_factory.mktemp("model") / "mine.safetensors"
    write_checkpoint(path, network, "mine", "7", ModelScope())
    return path


@pytest.fixture
def widget(tmp_path: Path) -> Iterator[Any]:
    """The module, entered, with an empty scene and an empty database."""
    slicer.mrmlScene.Clear(0)
    with private_places(tmp_path), database_of(tmp_path / "database"):
        widget = moduleWidget("DicomSuiteSuperRes")
        enter(widget)
        slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)  # the application always has it
        widget.panel.model.modelBox.currentIndex = 0  # a file that an earlier test has chosen stays chosen
        yield widget
        exit_(widget)
        slicer.mrmlScene.Clear(0)


def head() -> np.ndarray:
    """A bright ball with a dark middle in air, of whole numbers."""
    k, j, i = np.indices(GEOMETRY.size[::-1])
    distance = np.sqrt(((k - 3.5) / 3) ** 2 + ((j - 11.5) / 9) ** 2 + ((i - 13.5) / 11) ** 2)
    return np.where(distance < 0.4, 300, np.where(distance < 1, 900, 0)).astype(np.int16)


def add_head(name: str = "head", geometry: ImageGeometry = GEOMETRY) -> Any:
    return node_of_volume(Volume(head(), SliceGrid.from_geometry(geometry), "MR"), name)


def choose(widget: Any, node: Any) -> None:
    widget._parameterNode.volume = node
    processEvents()


def choose_own(widget: Any, path: Path) -> None:
    """Choose a file as the user's own model, and wait until it was looked at."""
    model, planned = widget.panel.model, widget.panel.planned
    model.modelBox.currentIndex = model.modelBox.count - 1
    model.pathEdit.currentPath = str(path)
    waitUntil(lambda: not planned.isBusy, TIMEOUT_S)


def press_run(widget: Any) -> None:
    run = widget.panel.run
    assert run.runButton.enabled, run.runButton.toolTip
    run.runButton.click()
    waitUntil(lambda: not run.isBusy, TIMEOUT_S)


def corners(volume: Volume) -> np.ndarray:
    """LPS mm of the outer corners of a volume's box."""
    ends = np.array([(-0.5, length - 0.5) for length in volume.grid.size])
    return volume.grid.lps_from_ijk(np.array(np.meshgrid(*ends, indexing="ij")).reshape(3, -1).T)


def left_on_disk() -> list[Path]:
    return [path for path in ephemeral_folder().rglob("*") if path.is_file()]


def put_into_folder(node: Any) -> int:
    """A new folder of the subject hierarchy."""
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    folder = hierarchy.CreateFolderItem(hierarchy.GetSceneItemID(), "study")
    hierarchy.CreateItem(folder, node)
    return folder


def folder_of(node: Any) -> int:
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    return hierarchy.GetItemParent(hierarchy.GetItemByDataNode(node))


def test_nothing_can_be_run_without_a_volume_and_the_button_says_so(widget) -> None:
    assert not widget.panel.run.runButton.enabled
    assert "Choose a volume" in widget.panel.run.runButton.toolTip


def test_size_memory_and_time_are_told_before_the_run_and_follow_the_choices(widget) -> None:
    choose(widget, add_head())
    assert "28 × 24 × 32 voxels" in planned_text(widget) and "1 × 1 × 1 mm" in planned_text(widget)
    assert "memory" in planned_text(widget) and " s " in planned_text(widget)
    widget.ui.ownSpacingBox.checked = True
    widget.ui.spacingBox.value = 2.0
    assert "28 × 24 × 16 voxels" in planned_text(widget)
    widget._parameterNode.axis = ThickAxis.ROWS
    widget.ui.spacingBox.value = 0.5
    assert "28 × 48 × 8 voxels" in planned_text(widget) and "along j" in planned_text(widget)


def planned_text(widget: Any) -> str:
    processEvents()
    return widget.panel.planned.label.text


@pytest.mark.parametrize(
    ("size", "words"), [((28, 24, 1), "single slice"), ((28, 24, 3), "3 slices"), ((3, 24, 30), "8 x 8")]
)
def test_volume_that_cannot_be_used_is_refused_before_the_run(widget, size: tuple[int, int, int], words: str) -> None:
    geometry = ImageGeometry(size, (1.0, 1.0, 4.0), (0.0, 0.0, 0.0), ((1, 0, 0), (0, 1, 0), (0, 0, 1)))
    voxels = np.ones(size[::-1], np.int16)
    choose(widget, node_of_volume(Volume(voxels, SliceGrid.from_geometry(geometry)), "bad"))
    assert words in planned_text(widget)
    assert not widget.panel.run.runButton.enabled and words in widget.panel.run.runButton.toolTip


def test_colour_picture_and_volume_without_voxels_are_refused_in_words(widget) -> None:
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "empty")
    choose(widget, node)
    assert "no voxels" in widget.panel.run.runButton.toolTip


def test_cards_of_the_bundled_models_tell_what_they_are(widget) -> None:
    model = widget.panel.model
    assert model.modelBox.count == len(bundled_models()) + 1 and len(bundled_models()) >= 2
    for number, bundled in reversed(list(enumerate(bundled_models()))):  # the first is shown already
        model.modelBox.currentIndex = number
        assert model.bundled is bundled
        assert all(bundled.card[what] in model.cardLabel.text for what in ("summary", "data", "figures"))
        assert all(bundled.card[what] in model.cardLabel.toolTip for what in ("degradation", "licence"))
        assert widget._parameterNode.model == bundled.name


def test_first_model_is_used_until_another_is_chosen_which_a_loaded_scene_brings_back(widget, tmp_path: Path) -> None:
    model, first, last = widget.panel.model, bundled_models()[0], bundled_models()[-1]
    widget._parameterNode.model = ""
    assert model.bundled is first and model.words == ("--model", first.name)
    model.modelBox.currentIndex = len(bundled_models()) - 1
    saved_and_loaded(tmp_path / "chosen")
    assert widget._parameterNode.model == last.name
    assert model.bundled is last and model.words == ("--model", last.name)
    widget._parameterNode.model = ""
    saved_and_loaded(tmp_path / "not chosen")
    assert model.bundled is first and model.words == ("--model", first.name)


def test_own_model_is_looked_at_before_the_run_and_the_result_is_named_placed_and_marked(
    widget, model_file: Path, tmp_path: Path
) -> None:
    source = add_head()
    registration = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    source.SetAndObserveTransformNodeID(registration.GetID())
    source.GetDisplayNode().SetAutoWindowLevel(False)
    source.GetDisplayNode().SetWindowLevel(800, 400)
    folder = put_into_folder(source)
    choose(widget, source)
    choose_own(widget, model_file)
    assert "28 × 24 × 32 voxels" in planned_text(widget)
    assert str(model_file.parent) not in str(widget._parameterNode.parameterNode)
    press_run(widget)
    result = widget.panel.run.result
    assert result is not None, widget.panel.run.activity.message.text
    assert result.GetName() == "head super-resolved" and isSuperResolved(result) and sourceOf(result) is source
    assert result.GetParentTransformNode() is registration and folder_of(result) == folder
    assert (result.GetDisplayNode().GetWindow(), result.GetDisplayNode().GetLevel()) == (800, 400)
    before, after = volume_of_node(source), volume_of_node(result)
    assert corners(after) == pytest.approx(corners(before), abs=1e-6)
    assert after.voxels.dtype == before.voxels.dtype and after.modality == "MR"
    told = provenanceOf(result)
    assert told["model"]["name"] == "mine" and told["statement"] == DERIVED
    assert str(tmp_path) not in json.dumps(told) and "mine 7" in result.GetAttribute("DicomSuiteSuperRes.Model")
    assert left_on_disk() == []
    assert widget._parameterNode.compareFirst is source and widget._parameterNode.compareSecond is result
    assert widget.panel.run.compareButton.enabled
    saved_and_loaded(tmp_path / "scene")
    (again,) = [node for node in slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode") if isSuperResolved(node)]
    assert provenanceOf(again) == told and sourceOf(again).GetName() == "head"


def test_cancel_ends_everything_soon_and_leaves_no_node_no_file_and_no_process(widget) -> None:
    pytest.importorskip("torch")
    choose(widget, add_head())
    run = widget.panel.run
    nodes, processes = slicer.mrmlScene.GetNumberOfNodes(), set(children())
    run.runButton.click()
    waitUntil(lambda: set(children()) - processes or not Path("/proc/self/task").exists(), TIMEOUT_S)
    started = time.monotonic()
    run.activity.progress.cancelButton.click()
    assert not run.isBusy and "Cancelled" in run.activity.message.text
    waitUntil(lambda: set(children()) <= processes, TIMEOUT_S)
    assert time.monotonic() - started < CANCELLED_S
    assert slicer.mrmlScene.GetNumberOfNodes() == nodes and left_on_disk() == []
    assert run.runButton.enabled


def children() -> list[str]:
    """Processes that threads of this one have started and that are still alive; none where no system lists them."""
    lists = Path("/proc", str(os.getpid()), "task").glob("*/children")
    return [pid for found in lists for pid in text_of(found).split() if is_alive(pid)]


def text_of(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:  # the thread has ended meanwhile
        return ""


def is_alive(pid: str) -> bool:
    try:
        return bool(Path("/proc", pid, "cmdline").read_bytes())  # empty for a zombie
    except OSError:
        return False


def test_run_ends_when_its_volume_is_removed_or_the_scene_is_closed(widget) -> None:
    pytest.importorskip("torch")
    run = widget.panel.run
    for end, words in ((slicer.mrmlScene.RemoveNode, "was removed"), (lambda node: slicer.mrmlScene.Clear(0), "")):
        source = add_head()
        choose(widget, source)
        run.runButton.click()
        assert run.isBusy
        end(source)
        processEvents(0.05)
        assert not run.isBusy and words in run.activity.message.text and left_on_disk() == []


def test_file_that_is_no_model_is_refused_in_words_and_nothing_of_it_runs(widget, tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("no model at all")
    choose(widget, add_head())
    choose_own(widget, path)
    assert "notes.txt" in widget.panel.planned.label.text
    assert not widget.panel.run.runButton.enabled


def test_trust_in_a_program_is_not_handed_on_to_the_next_file(widget, tmp_path: Path) -> None:
    model = widget.panel.model
    model.modelBox.currentIndex = model.modelBox.count - 1
    model.torchScriptBox.checked = True
    model.pathEdit.currentPath = str(tmp_path / "other.pt")
    assert not model.torchScriptBox.checked
    choose(widget, add_head())
    assert "does not exist" in widget.panel.run.runButton.toolTip
