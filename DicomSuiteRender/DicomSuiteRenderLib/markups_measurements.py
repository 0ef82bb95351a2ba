"""Measure what users draw: markups lines, angles, closed curves and ROI boxes, in world coordinates."""

from __future__ import annotations

from typing import Any

import numpy as np

from DicomSuiteLib.geometry import LPS_FROM_RAS, RAS_SIGNS, FloatArray
from DicomSuiteLib.value_unit import NO_UNIT, ValueUnit
from DicomSuiteLib.volumes import Volume
from DicomSuiteRenderLib.errors import RenderError
from DicomSuiteRenderLib.measured_box import MeasuredBox
from DicomSuiteRenderLib.measurements import Measurement, measure_angle, measure_area, measure_box, measure_distance
from DicomSuiteRenderLib.outlines import Outline

LINEAR = "linear"
"""MRML's name of the kind of curve whose points are joined by straight lines."""


def measure_markups(node: Any, volume: Volume | None = None, unit: ValueUnit = NO_UNIT) -> Measurement:
    """Measure a vtkMRMLMarkupsLine-, Angle-, ClosedCurve- or ROINode, with the voxels of `volume` that lie inside it.

    Only points that are placed count, not the one that hangs on the mouse. A closed curve is measured as it is drawn,
    with its interpolation. The node's name becomes the measurement's.

    Raises
    ------
    RenderError
        If points are still missing, the outline crosses itself, the box has no extent, or it is another kind of node.
    """
    name = node.GetName() or ""
    if node.IsA("vtkMRMLMarkupsLineNode"):
        return measure_distance(name, placed_points(node))
    if node.IsA("vtkMRMLMarkupsAngleNode"):
        return measure_angle(name, placed_points(node))
    if node.IsA("vtkMRMLMarkupsClosedCurveNode"):
        return measure_area(name, Outline(_drawn_curve(node)), volume, unit)
    if node.IsA("vtkMRMLMarkupsROINode"):
        return measure_box(name, box_of_roi(node), volume, unit)
    raise RenderError(f"A {node.GetNodeTagName()} cannot be measured; draw a line, an angle, a closed curve or an ROI.")


def placed_points(node: Any) -> FloatArray:
    """The control points of a markups node that are placed, (n, 3) LPS mm of the world."""
    placed = [
        node.GetNthControlPointPositionWorld(number)
        for number in range(node.GetNumberOfControlPoints())
        if node.GetNthControlPointPositionStatus(number) == node.PositionDefined
    ]
    return np.array([[point[axis] for axis in range(3)] for point in placed]).reshape(-1, 3) * RAS_SIGNS


def box_of_roi(node: Any) -> MeasuredBox:
    """The box of a vtkMRMLMarkupsROINode, in the world.

    Raises
    ------
    RenderError
        If it is not drawn yet.
    """
    matrix = node.GetObjectToWorldMatrix()
    object_to_ras = np.array([[matrix.GetElement(row, column) for column in range(4)] for row in range(4)])
    object_to_lps = LPS_FROM_RAS @ object_to_ras
    lengths = np.linalg.norm(object_to_lps[:3, :3], axis=0)
    size = np.array(node.GetSize()) * lengths
    return MeasuredBox(tuple(object_to_lps[:3, 3].tolist()), object_to_lps[:3, :3] / lengths, tuple(size.tolist()))


def _drawn_curve(node: Any) -> FloatArray:
    """The points of a closed curve between and at its control points, (n, 3) LPS mm."""
    from vtk.util.numpy_support import vtk_to_numpy

    corners = placed_points(node)
    # A smooth curve is known as it is drawn, in single precision; a straight one by its corners, exactly.
    if len(corners) < 3 or node.GetCurveTypeAsString(node.GetCurveType()) == LINEAR:
        return corners
    return vtk_to_numpy(node.GetCurvePointsWorld().GetData()).astype(float) * RAS_SIGNS
