"""Markups that users draw are measured where they lie in the world, with the voxels of real volume nodes."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from application import slicer, vtk  # isort: skip  (starts the scene)
from DicomSuiteLib.value_unit import HOUNSFIELD, NO_UNIT, ValueUnit
from DicomSuiteLib.volume_nodes import node_of_volume, remove_volume_node, volume_of_node
from DicomSuiteRenderLib.errors import RenderError
from DicomSuiteRenderLib.markups_measurements import box_of_roi, measure_markups, placed_points
from DicomSuiteRenderLib.measurements import MeasureKind
from DicomSuiteRenderLib.volume_units import value_unit_of_node
from DicomSuiteRenderLib.voxel_picker import pick
from placed_volumes import TURN, placed_volumes, voxel_centres

VOLUMES = placed_volumes()
EXACT = 1e-6
LPS = np.array((-1.0, -1.0, 1.0))
CORNERS = np.array([(1.3, 1.2), (8.6, 2.4), (3.1, 7.3)])
"""Indices i, j of a triangle on a slice; 20 voxel centres are inside."""


@pytest.fixture(autouse=True)
def emptied_scene() -> Iterator[None]:
    before = {node.GetID() for node in _nodes()}
    yield
    for node in _nodes():
        if node.GetID() not in before:
            slicer.mrmlScene.RemoveNode(node)


def _nodes() -> list[Any]:
    return [slicer.mrmlScene.GetNthNode(number) for number in range(slicer.mrmlScene.GetNumberOfNodes())]


def markups(kind: str, points: object, name: str = "M") -> Any:
    """A node of a kind of markups with control points, (n, 3) LPS mm of the world."""
    node = slicer.mrmlScene.AddNewNodeByClass(f"vtkMRMLMarkups{kind}Node", name)
    for point in np.reshape(points, (-1, 3)) * LPS:
        node.AddControlPointWorld(*point)
    return node


def move(node: Any) -> NDArray:
    """Puts a node below a transform; returns the transform, 4x4 in RAS."""
    matrix = np.eye(4)
    matrix[:3, :3] = TURN
    matrix[:3, 3] = (12, -30, 7)
    transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    of_vtk = vtk.vtkMatrix4x4()
    of_vtk.DeepCopy(matrix.ravel().tolist())
    transform.SetMatrixTransformToParent(of_vtk)
    node.SetAndObserveTransformNodeID(transform.GetID())
    return matrix


def test_line_is_as_long_as_its_ends_are_apart() -> None:
    first, second = VOLUMES["oblique"].grid.lps_from_ijk([(1, 2, 3), (9.5, 0.25, 6)])
    measured = measure_markups(markups("Line", [first, second], "tumour"))
    assert (measured.kind, measured.name) == (MeasureKind.DISTANCE, "tumour")
    assert measured.size == pytest.approx(math.dist((0.7, 2.6, 8.7), (6.65, 0.325, 17.4)), abs=EXACT)


def test_angle_is_that_at_the_second_point() -> None:
    ends = np.array([(30, 0, 0), (0, 0, 0), (20 * math.cos(2.5), 20 * math.sin(2.5), 0)]) @ TURN.T
    assert measure_markups(markups("Angle", ends)).size == pytest.approx(math.degrees(2.5), abs=EXACT)


def test_measurements_follow_the_transform_of_the_markups() -> None:
    node = markups("Line", [(0, 0, 0), (3, 4, 12)])
    matrix = move(node)
    measured = measure_markups(node)
    assert measured.size == pytest.approx(13, abs=EXACT)
    moved = (matrix @ (-3, -4, 12, 1))[:3] * LPS
    assert measured.points[1] == pytest.approx(moved, abs=EXACT)


@pytest.mark.parametrize("name", ["oblique", "tilted", "uneven", "uneven and tilted", "one slice"])
def test_linear_closed_curve_on_a_slice_of_a_node_has_the_voxels_inside(name: str) -> None:
    volume_node = node_of_volume(VOLUMES[name], "v")
    volume = volume_of_node(volume_node)
    k = volume.grid.size[2] // 2
    grid = VOLUMES[name].grid
    node = markups("ClosedCurve", np.array(grid.positions[k]) + CORNERS @ np.array((grid.row_step, grid.column_step)))
    node.SetCurveTypeToLinear()
    measured = measure_markups(node, volume, HOUNSFIELD)
    (ux, uy), (vx, vy) = (CORNERS[1:] - CORNERS[0]) * (0.7, 1.3)
    assert measured.size == pytest.approx(abs(ux * vy - uy * vx) / 2, abs=EXACT)
    assert measured.voxel_count == 20
    assert 10000 * k <= measured.values.minimum <= measured.values.maximum < 10000 * (k + 1)
    assert measured.unit == HOUNSFIELD
    remove_volume_node(volume_node)


def test_smooth_closed_curve_is_measured_as_it_is_drawn() -> None:
    """A spline through eight points of a circle lies within 2 % of the disc; the octagon's area is 10 % less."""
    turns = np.arange(8) * np.pi / 4
    node = markups("ClosedCurve", np.stack([20 * np.cos(turns), 20 * np.sin(turns), 0 * turns], axis=1))
    assert measure_markups(node).size == pytest.approx(np.pi * 400, rel=0.02)


def test_area_agrees_with_slicer_s_own_for_a_flat_outline() -> None:
    node = markups("ClosedCurve", [(0, 0, 0), (40, 0, 0), (40, 30, 0), (0, 30, 0)])
    node.SetCurveTypeToLinear()
    own = node.GetMeasurement("area")
    own.SetEnabled(True)
    node.UpdateAllMeasurements()
    assert measure_markups(node).size == pytest.approx(own.GetValue()) == 1200


@pytest.mark.parametrize("is_moved", [False, True])
def test_roi_has_its_volume_and_the_voxels_inside(is_moved: bool) -> None:
    volume = VOLUMES["oblique and tilted"]
    centres = voxel_centres(volume)
    roi = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsROINode", "R")
    roi.SetCenter(*(centres[3, 4, 5] * LPS))
    roi.SetSize(4.1, 9.3, 13.7)
    if is_moved:
        matrix = move(roi)
        roi.SetCenterWorld(*(centres[3, 4, 5] * LPS))
    axes = (matrix[:3, :3] if is_moved else np.eye(3)) * LPS[:, None]
    measured = measure_markups(roi, volume, NO_UNIT)
    inside = np.all(np.abs((centres - centres[3, 4, 5]) @ axes) <= np.array((4.1, 9.3, 13.7)) / 2, axis=-1)
    assert measured.size == pytest.approx(4.1 * 9.3 * 13.7, abs=EXACT)
    assert measured.voxel_count == np.count_nonzero(inside) > 0
    assert measured.values.mean == pytest.approx(volume.voxels[inside].mean(), abs=EXACT)


def test_box_of_a_scaled_roi_is_as_large_as_it_is_drawn() -> None:
    roi = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsROINode", "R")
    roi.SetSize(10, 20, 30)
    transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    matrix = vtk.vtkMatrix4x4()
    for axis, scale in enumerate((2, 1, 0.5)):
        matrix.SetElement(axis, axis, scale)
    transform.SetMatrixTransformToParent(matrix)
    roi.SetAndObserveTransformNodeID(transform.GetID())
    drawn = [0.0] * 3
    roi.GetSizeWorld(drawn)
    assert box_of_roi(roi).size == pytest.approx(drawn) == (20, 20, 15)


def test_point_that_hangs_on_the_mouse_does_not_count() -> None:
    node = markups("Line", [(0, 0, 0), (9, 0, 0)])
    node.SetNthControlPointPosition(1, -9, 0, 0, node.PositionPreview)
    assert len(placed_points(node)) == 1
    with pytest.raises(RenderError, match="needs 2 points; it has 1"):
        measure_markups(node)


@pytest.mark.parametrize(
    ("kind", "points", "why"),
    [
        ("Line", [], "needs 2 points; it has 0"),
        ("Angle", [(0, 0, 0), (1, 0, 0)], "needs 3 points; it has 2"),
        ("ClosedCurve", [(0, 0, 0), (1, 0, 0)], "at least three points"),
        ("ROI", [], "no extent"),
        ("Fiducial", [(0, 0, 0)], "cannot be measured"),
        ("Curve", [(0, 0, 0), (1, 0, 0), (1, 1, 0)], "cannot be measured"),
    ],
)
def test_what_is_not_drawn_yet_or_no_measurement_is_refused(kind: str, points: list, why: str) -> None:
    with pytest.raises(RenderError, match=why):
        measure_markups(markups(kind, points))


@pytest.mark.parametrize("name", VOLUMES)
def test_pick_equals_the_voxels_of_the_node_at_points_found_through_mrml(name: str) -> None:
    node = node_of_volume(VOLUMES[name], "v")
    volume, random = volume_of_node(node), np.random.default_rng(9)
    to_ras = vtk.vtkMatrix4x4()
    node.GetIJKToRASMatrix(to_ras)
    to_world = vtk.vtkGeneralTransform()
    slicer.vtkMRMLTransformNode.GetTransformBetweenNodes(node.GetParentTransformNode(), None, to_world)
    for _ in range(200):
        i, j, k = (int(random.integers(length)) for length in volume.grid.size)
        # Within the slice alone: between uneven slices, the middle of a voxel's border is a matter of definition.
        ijk = (i + random.uniform(-0.49, 0.49), j + random.uniform(-0.49, 0.49), k)
        world = to_world.TransformPoint(to_ras.MultiplyPoint((*ijk, 1))[:3])
        picked = pick(volume, np.array(world) * LPS)
        assert picked.ijk == pytest.approx(ijk, abs=1e-3)
        assert picked.value == node.GetImageData().GetScalarComponentAsDouble(i, j, k, 0)
    remove_volume_node(node)


def _coded(value: str, meaning: str) -> Any:
    entry = slicer.vtkCodedEntry()
    entry.SetValueSchemeMeaning(value, "UCUM", meaning)
    return entry


@pytest.mark.parametrize(
    ("code", "unit"),
    [
        ("[hnsf'U]", HOUNSFIELD),
        ("{SUVbw}g/ml", ValueUnit("g/ml", "SUVbw")),
        ("1", NO_UNIT),
        ("mm2/s", ValueUnit("square millimetre per second", "ADC")),
    ],
)
def test_unit_that_a_node_carries_is_used(code: str, unit: ValueUnit) -> None:
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode")
    assert value_unit_of_node(node) == NO_UNIT
    node.SetVoxelValueQuantity(_coded("113041", "ADC"))
    node.SetVoxelValueUnits(_coded(code, "square millimetre per second"))
    assert value_unit_of_node(node) == unit
