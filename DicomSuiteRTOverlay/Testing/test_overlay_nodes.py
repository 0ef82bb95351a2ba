"""Segments in MRML nodes, and the transform that moves every slice of a volume to its own position."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from application import slicer
from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.slice_transform import (
    MOVES_SLICES,
    are_slices_in_place,
    set_slice_transform,
    slice_grid_of,
)
from DicomSuiteRTOverlayGui.own_nodes import Role, addOwnNode, ownNodes, removeOwnNodes
from DicomSuiteRTOverlayLib.errors import OverlayError
from DicomSuiteRTOverlayLib.mask_file import FileSegment
from DicomSuiteRTOverlayLib.segmentation_node import fill_segmentation_node, label_boxes, labels_of_node
from saved_scenes import saved_and_loaded

RAS_FROM_LPS = np.array([-1.0, -1.0, 1.0])
SHAPE = (6, 30, 20)
TURN = 0.3
OBLIQUE = ImageGeometry(
    SHAPE[::-1],
    (1.5, 2.0, 3.0),
    (5.0, -6.0, 7.0),
    ((np.cos(TURN), -np.sin(TURN), 0.0), (np.sin(TURN), np.cos(TURN), 0.0), (0.0, 0.0, 1.0)),
)
TILTED = ImageGeometry.from_axes(OBLIQUE.size, OBLIQUE.axes + np.array([[0, 0, 0], [0, 0, 1.1], [0, 0, 0]]), (1, 2, 3))
LEFT_HANDED = ImageGeometry.from_axes(OBLIQUE.size, OBLIQUE.axes * (1, 1, -1), (1, 2, 3))


@pytest.fixture(autouse=True)
def scene() -> Iterator[None]:
    slicer.mrmlScene.Clear(0)
    yield
    slicer.mrmlScene.Clear(0)


def two_layers() -> tuple[list[np.ndarray], list[FileSegment], list[np.ndarray]]:
    """Layers, their segments and the mask of each: two in one layer, one with a large label, one empty."""
    first, second = np.zeros(SHAPE, np.int32), np.zeros(SHAPE, np.int32)
    first[1:3, 4:9, 5:11] = 1
    first[4, 20:25, 2:5] = 300
    second[2:5, 6:12, 7:14] = 1
    segments = [
        FileSegment("Tumour", (1.0, 0.0, 0.0), 1, 0),
        FileSegment("Node", (0.0, 1.0, 0.0), 300, 0),
        FileSegment("Tumour", (0.0, 0.0, 1.0), 1, 1),
        FileSegment("Nothing", (1.0, 1.0, 0.0), 2, 1),
    ]
    return [first, second], segments, [first == 1, first == 300, second == 1, second == 2]


def volume_node(geometry: ImageGeometry):
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode")
    slicer.util.updateVolumeFromArray(node, np.zeros(geometry.size[::-1], np.int16))
    geometry.set_on_volume_node(node)
    return node


def segmentation_node(geometry: ImageGeometry):
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode")
    layers, segments, _masks = two_layers()
    fill_segmentation_node(node, label_boxes(layers), segments, geometry)
    return node


@pytest.mark.parametrize("geometry", [OBLIQUE, TILTED, LEFT_HANDED], ids=["oblique", "tilted", "left-handed"])
def test_segments_lie_in_slicer_where_their_voxels_lie(geometry: ImageGeometry) -> None:
    volume, node = volume_node(geometry), segmentation_node(geometry)
    node.SetReferenceImageGeometryParameterFromVolumeNode(volume)
    segmentation = node.GetSegmentation()
    for number, mask in enumerate(two_layers()[2][:3]):
        seen = slicer.util.arrayFromSegmentBinaryLabelmap(node, segmentation.GetNthSegmentID(number), volume)
        assert np.array_equal(seen > 0, mask)


def test_names_colours_and_empty_segments_come_back_out_of_a_node() -> None:
    labels = labels_of_node(segmentation_node(OBLIQUE))
    offset = labels.offset_in(OBLIQUE)
    segmentation = labels.segmentation_on(slice_grid_of(volume_node(OBLIQUE)), offset)
    _layers, segments, masks = two_layers()
    assert [segment.name for segment in segmentation.segments] == [segment.name for segment in segments]
    assert [segment.colour for segment in segmentation.segments] == [segment.colour for segment in segments]
    for segment, mask in zip(segmentation.segments, masks, strict=True):
        assert np.array_equal(segment.full_mask(SHAPE), mask)


def test_layers_are_cut_to_what_is_not_empty_and_as_small_as_their_labels_allow() -> None:
    layers, _segments, _masks = two_layers()
    first, second = label_boxes([*layers])
    assert first.voxels.shape == (4, 21, 9) and first.offset == (1, 4, 2) and first.voxels.dtype == np.uint16
    assert second.voxels.dtype == np.uint8


def test_labels_elsewhere_are_not_taken_for_voxels_of_the_volume() -> None:
    labels = labels_of_node(segmentation_node(OBLIQUE))
    shifted = ImageGeometry.from_axes(OBLIQUE.size, OBLIQUE.axes, OBLIQUE.lps_from_ijk((0.5, 0, 0)))
    beyond = ImageGeometry.from_axes(OBLIQUE.size, OBLIQUE.axes, OBLIQUE.lps_from_ijk((3, 0, 0)))
    assert labels.offset_in(OBLIQUE) == (1, 4, 2)
    assert labels.offset_in(shifted) is None
    assert labels.offset_in(beyond) is None


def test_labelmap_gives_its_labels_with_the_names_of_its_colour_table() -> None:
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode")
    node.CreateDefaultDisplayNodes()
    colours = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLColorTableNode")
    colours.SetTypeToUser()
    colours.SetNumberOfColors(3)
    colours.SetColor(2, "Heart", 0.5, 0.25, 0.0, 1.0)
    node.GetDisplayNode().SetAndObserveColorNodeID(colours.GetID())
    layer = two_layers()[0][0] * 2
    slicer.util.updateVolumeFromArray(node, layer.astype(np.int16))
    OBLIQUE.set_on_volume_node(node)
    labels = labels_of_node(node)
    segments = labels.segmentation().segments
    assert [(segment.name, segment.value) for segment in segments] == [("Heart", 2), ("Label 600", 600)]
    assert segments[0].colour == pytest.approx((0.5, 0.25, 0.0), abs=1 / 255)
    assert np.array_equal(segments[1].full_mask(SHAPE), layer == 600)
    assert labels.geometry.is_close(OBLIQUE)


@pytest.mark.parametrize("className", ["vtkMRMLSegmentationNode", "vtkMRMLLabelMapVolumeNode"])
def test_empty_node_is_refused_by_its_name(className: str) -> None:
    node = slicer.mrmlScene.AddNewNodeByClass(className, "Hollow")
    with pytest.raises(OverlayError, match="Hollow"):
        labels_of_node(node)


displacements = st.lists(
    st.tuples(*[st.floats(-2, 2)] * 2, st.floats(-1.2, 1.2)), min_size=SHAPE[0], max_size=SHAPE[0]
)


@given(displacements)
def test_every_corner_of_every_slice_is_moved_to_where_the_slice_lies(moves: list[tuple[float, ...]]) -> None:
    nominal = OBLIQUE.lps_from_ijk([(0, 0, k) for k in range(SHAPE[0])])
    positions = nominal + np.array(moves)
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLGridTransformNode")
    set_slice_transform(node, OBLIQUE, positions)
    transform = node.GetTransformToParent()
    for k, position in enumerate(positions):
        for i in (-0.5, SHAPE[2] - 0.5):
            for j in (-0.5, SHAPE[1] - 0.5):
                moved = transform.TransformPoint(OBLIQUE.lps_from_ijk((i, j, k)) * RAS_FROM_LPS) * RAS_FROM_LPS
                assert moved == pytest.approx(position + OBLIQUE.axes @ (i, j, 0), abs=1e-9)
    slicer.mrmlScene.RemoveNode(node)


def test_slices_that_are_in_place_need_no_transform_and_others_do() -> None:
    volume = volume_node(OBLIQUE)
    even = np.array(slice_grid_of(volume).positions)
    uneven = even + np.outer([0, 0, 0.5, 0, 0, 0], OBLIQUE.axes[:, 2])
    assert are_slices_in_place(OBLIQUE, even + 0.01)
    assert not are_slices_in_place(OBLIQUE, uneven)
    mover = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLGridTransformNode")
    set_slice_transform(mover, OBLIQUE, uneven)
    assert are_slices_in_place(OBLIQUE, uneven, mover)
    volume.SetAndObserveTransformNodeID(mover.GetID())
    assert slice_grid_of(volume).positions == pytest.approx(even)  # any transform, e.g. a registration
    mover.SetAttribute(MOVES_SLICES, "1")
    assert np.array(slice_grid_of(volume).positions) == pytest.approx(uneven, abs=1e-9)


def test_slice_transform_is_saved_with_a_scene_and_loaded_again(tmp_path) -> None:
    volume = volume_node(OBLIQUE)
    uneven = np.array(slice_grid_of(volume).positions) + np.outer([0, 0, 0.5, 0, 0, 0], OBLIQUE.axes[:, 2])
    mover = addOwnNode("vtkMRMLGridTransformNode", "slices", Role.SLICES)
    set_slice_transform(mover, OBLIQUE, uneven)
    mover.SetAttribute(MOVES_SLICES, "1")
    volume.SetAndObserveTransformNodeID(mover.GetID())
    name = volume.GetName()
    saved_and_loaded(tmp_path / "scene")
    assert [node.GetName() for node in ownNodes([Role.SLICES])] == ["slices"]
    loaded = slicer.util.getNode(name)
    assert np.array(slice_grid_of(loaded).positions) == pytest.approx(uneven, abs=1e-6)


def test_removing_own_nodes_leaves_others_and_gives_back_their_transform() -> None:
    registration = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    volume = volume_node(OBLIQUE)
    before = slicer.mrmlScene.GetNumberOfNodes()
    mover = addOwnNode("vtkMRMLGridTransformNode", "slices", Role.SLICES)
    mover.SetAndObserveTransformNodeID(registration.GetID())
    volume.SetAndObserveTransformNodeID(mover.GetID())
    mask = addOwnNode("vtkMRMLSegmentationNode", "mask", Role.SEGMENTATION)
    mask.CreateDefaultDisplayNodes()
    assert ownNodes([Role.SLICES]) == [mover]
    removeOwnNodes()
    assert slicer.mrmlScene.GetNumberOfNodes() == before
    assert volume.GetParentTransformNode() is registration
