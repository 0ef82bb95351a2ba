"""Volumes become nodes and nodes volumes, every voxel at its place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from application import slicer, vtk
from DicomSuiteLib.geometry import LPS_FROM_RAS, ImageGeometry
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteLib.slice_transform import MOVES_SLICES
from DicomSuiteLib.volume_nodes import node_of_volume, remove_volume_node, volume_of_node
from DicomSuiteLib.volumes import Volume, VolumeError

SIZE = (4, 5, 6)
VOXELS = np.arange(120, dtype=np.int16).reshape(SIZE[::-1])
EVEN = SliceGrid.from_geometry(ImageGeometry(SIZE, (1, 2, 3), (10, 20, 30), np.eye(3)))
HEIGHTS = (0.0, 2.0, 4.0, 7.0, 10.0, 15.0)
UNEVEN = replace(EVEN, positions=tuple((10.0 + 0.2 * h, 20.0, 30.0 + h) for h in HEIGHTS))
SAME_PLACE = 0.03
"""mm: what counts as even is at most 0.01 mm and a hundredth of the spacing off, and is made even."""
ALL_VOXELS = np.moveaxis(np.indices(SIZE), 0, -1).reshape(-1, 3)

numbers = st.floats(-200, 200)


@st.composite
def grids(draw: st.DrawFn) -> SliceGrid:
    """Oblique, anisotropic, left-handed or sheared grids, evenly spaced or not."""
    turn = Rotation.random(random_state=draw(st.integers(0, 2**32 - 1))).as_matrix()
    row, column, normal = (turn * [draw(st.floats(0.3, 5)) for _ in range(3)]).T
    steps = draw(st.lists(st.floats(0.5, 2), min_size=SIZE[2] - 1, max_size=SIZE[2] - 1))
    if draw(st.booleans()):
        steps = [1.0] * len(steps)
    tilt = draw(st.floats(-0.5, 0.5)) * column
    heights = np.cumsum([0.0, *steps])[:, None] * draw(st.sampled_from([1, -1]))
    positions = np.array([draw(numbers) for _ in range(3)]) + heights * (normal + tilt)
    return SliceGrid(*SIZE[:2], tuple(row), tuple(column), tuple(map(tuple, positions)))


@pytest.fixture(autouse=True)
def scene() -> Iterator[None]:
    slicer.mrmlScene.Clear(0)
    yield
    slicer.mrmlScene.Clear(0)


def node_ids() -> set[str]:
    nodes = slicer.mrmlScene
    return {nodes.GetNthNode(number).GetID() for number in range(nodes.GetNumberOfNodes())}


def transform_node(class_name: str, transform: object) -> object:
    node = slicer.mrmlScene.AddNewNodeByClass(class_name)
    node.SetAndObserveTransformToParent(transform)
    return node


def bending() -> object:
    """A displacement grid that moves one corner of the space alone."""
    grid = vtk.vtkImageData()
    grid.SetDimensions(2, 2, 2)
    grid.SetSpacing(100, 100, 100)
    grid.SetOrigin(-50, -50, 0)
    grid.AllocateScalars(vtk.VTK_DOUBLE, 3)
    for component in range(3):
        grid.GetPointData().GetScalars().FillComponent(component, 0)
    grid.SetScalarComponentFromDouble(0, 0, 0, 0, 5)
    transform = slicer.vtkOrientedGridTransform()
    transform.SetDisplacementGridData(grid)
    return transform_node("vtkMRMLGridTransformNode", transform)


@settings(max_examples=40)
@given(grids())
def test_voxels_come_back_where_they_were(grid: SliceGrid) -> None:
    node = node_of_volume(Volume(VOXELS, grid), "place")
    back = volume_of_node(node)
    remove_volume_node(node)
    assert np.array_equal(back.voxels, VOXELS)
    assert np.abs(back.grid.lps_from_ijk(ALL_VOXELS) - grid.lps_from_ijk(ALL_VOXELS)).max() < SAME_PLACE


def test_node_has_a_place_of_its_own_for_each_uneven_slice() -> None:
    node = node_of_volume(Volume(VOXELS, UNEVEN), "uneven")
    mover = node.GetParentTransformNode()
    assert mover.GetAttribute(MOVES_SLICES)
    for k in range(SIZE[2]):
        local = node_place(node, (1, 2, k))
        shown = mover.GetTransformToParent().TransformPoint(local)
        assert np.allclose(shown * np.array([-1, -1, 1]), UNEVEN.lps_from_ijk((1, 2, k)))


def node_place(node: object, ijk: tuple[int, int, int]) -> list[float]:
    """RAS mm of a voxel by the node's own matrix."""
    return (ImageGeometry.from_volume_node(node).ijk_to_ras @ [*ijk, 1])[:3].tolist()


def test_ct_is_hounsfield_units_in_a_soft_tissue_window() -> None:
    node = node_of_volume(Volume(VOXELS, EVEN, "CT"), "CT")
    assert node.GetVoxelValueUnits().GetCodeValue() == "[hnsf'U]"
    assert node.GetVoxelValueQuantity().GetCodeMeaning() == "Attenuation Coefficient"
    display = node.GetDisplayNode()
    assert (display.GetLevel(), display.GetWindow(), display.GetAutoWindowLevel()) == (40, 400, 0)
    assert display.GetColorNodeID() == "vtkMRMLColorTableNodeGrey"


@pytest.mark.parametrize("modality", ["CT", "MR", ""])
def test_modality_comes_back(modality: str) -> None:
    assert volume_of_node(node_of_volume(Volume(VOXELS, EVEN, modality), "any")).modality == modality


def test_modality_of_the_series_is_known_but_ct_without_units_is_not_taken_for_hounsfield_units() -> None:
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    node = node_of_volume(Volume(VOXELS, EVEN), "series")
    item = hierarchy.CreateItem(hierarchy.GetSceneItemID(), node)
    for said, taken in (("PT", "PT"), ("CT", "")):
        hierarchy.SetItemAttribute(item, "DICOM.Modality", said)
        assert volume_of_node(node).modality == taken


def test_voxels_of_a_node_are_not_copied() -> None:
    node = node_of_volume(Volume(VOXELS, EVEN), "shared")
    voxels = volume_of_node(node).voxels
    node.GetImageData().SetScalarComponentFromDouble(3, 2, 1, 0, -7)
    assert voxels[1, 2, 3] == -7
    assert VOXELS[1, 2, 3] != -7


@pytest.mark.parametrize("kind", ["?", "u1", ">i2", "<i4", "<i8", ">u8", "<u2", "<f2", ">f4", "<f8"])
def test_every_kind_of_number_keeps_its_values(kind: str) -> None:
    voxels = np.asfortranarray((VOXELS % 2).astype(kind))
    assert np.array_equal(volume_of_node(node_of_volume(Volume(voxels, EVEN), "kind")).voxels, VOXELS % 2)


def test_large_integers_become_doubles() -> None:
    voxels = VOXELS.astype(np.int64) * 2**40
    shown = volume_of_node(node_of_volume(Volume(voxels, EVEN), "large")).voxels
    assert shown.dtype == np.float64
    assert np.array_equal(shown, voxels)


def test_voxels_that_are_no_finite_numbers_do_not_reach_the_views() -> None:
    voxels = VOXELS.astype(np.float32)
    voxels[0, 0, :3] = np.nan, np.inf, -np.inf
    shown = volume_of_node(node_of_volume(Volume(voxels, EVEN), "gaps")).voxels
    assert shown[0, 0, :3].tolist() == [3, 119, 3]
    assert np.isnan(voxels[0, 0, 0])
    with pytest.raises(VolumeError, match="no number"):
        node_of_volume(Volume(np.full_like(voxels, np.nan), EVEN), "nothing")


def test_linear_transforms_move_the_grid_above_the_slices_own_transform() -> None:
    matrix = vtk.vtkMatrix4x4()
    move = np.eye(4)
    move[:3, :3], move[:3, 3] = Rotation.from_euler("xyz", (10, 20, 30), degrees=True).as_matrix(), (5, 6, 7)
    matrix.DeepCopy(move.ravel().tolist())
    for grid in (EVEN, UNEVEN):
        node = node_of_volume(Volume(VOXELS, grid), "moved")
        above = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
        above.SetMatrixTransformToParent(matrix)
        (node.GetParentTransformNode() or node).SetAndObserveTransformNodeID(above.GetID())
        lps = np.c_[grid.lps_from_ijk(ALL_VOXELS), np.ones(len(ALL_VOXELS))]
        expected = (lps @ (LPS_FROM_RAS @ move @ LPS_FROM_RAS).T)[:, :3]
        assert np.allclose(volume_of_node(node).grid.lps_from_ijk(ALL_VOXELS), expected)


def test_transform_of_the_dicom_reader_that_moves_whole_slices_is_understood_without_our_mark() -> None:
    node = node_of_volume(Volume(VOXELS, UNEVEN), "reader's")
    node.GetParentTransformNode().RemoveAttribute(MOVES_SLICES)
    assert np.allclose(volume_of_node(node).grid.positions, UNEVEN.positions)


@pytest.mark.parametrize("grid", [EVEN, UNEVEN], ids=["even", "uneven"])
def test_transform_that_bends_space_is_refused(grid: SliceGrid) -> None:
    node = node_of_volume(Volume(VOXELS, grid), "bent")
    (node.GetParentTransformNode() or node).SetAndObserveTransformNodeID(bending().GetID())
    with pytest.raises(VolumeError, match="bends space.*Harden"):
        volume_of_node(node)


def test_node_without_voxels_and_node_with_colours_are_refused() -> None:
    with pytest.raises(VolumeError, match="holds no voxels"):
        volume_of_node(slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode"))
    colours = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLVectorVolumeNode")
    image = vtk.vtkImageData()
    image.SetDimensions(2, 2, 2)
    image.AllocateScalars(vtk.VTK_UNSIGNED_CHAR, 3)
    colours.SetAndObserveImageData(image)
    with pytest.raises(VolumeError, match="3 values a voxel"):
        volume_of_node(colours)


def test_single_slice_keeps_its_thickness() -> None:
    lone = replace(EVEN, positions=EVEN.positions[:1], lone_step=(0.0, 0.0, 7.5))
    back = volume_of_node(node_of_volume(Volume(VOXELS[:1], lone), "lone"))
    assert back.grid.slice_distances.tolist() == [7.5]


def test_nothing_is_left_of_a_node_that_is_removed() -> None:
    before = node_ids()
    remove_volume_node(node_of_volume(Volume(VOXELS, UNEVEN), "gone"))
    assert node_ids() == before


def test_names_are_unique() -> None:
    first, second = (node_of_volume(Volume(VOXELS, EVEN), "same") for _ in range(2))
    assert first.GetName() != second.GetName()
