"""Markers that stay where they were dropped: the control points of one markups node, numbered as they came."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from slicer.i18n import tr as _

from DicomSuiteLib.geometry import Vector3
from DicomSuiteRenderGui.inspection_nodes import InspectionRole, addInspectionNode, inspectionNodes

_CLASS = "vtkMRMLMarkupsFiducialNode"
_NUMBERED = "%d"
"""Labels of new points: their number alone, so that they hide little of the picture."""


@dataclass(frozen=True)
class Marker:
    """A marker: its place in the node, what the views call it, and where it is, RAS mm of the world."""

    index: int
    label: str
    ras: Vector3


def markersNode() -> Any:
    """The scene's node of markers, or None."""
    return next(iter(inspectionNodes(InspectionRole.MARKERS)), None)


def someMarkersNode() -> Any:
    """The scene's node of markers; made where there is none."""
    node = markersNode()
    if node is None:
        node = addInspectionNode(_CLASS, _("Markers"), InspectionRole.MARKERS)
        node.SetControlPointLabelFormat(_NUMBERED)
    return node


def dropMarker(ras: Vector3) -> None:
    """Put a marker at a point of the world, RAS mm."""
    someMarkersNode().AddControlPointWorld(*ras)


def markers(node: Any) -> list[Marker]:
    """Those that have been placed; the one that is still at the mouse is not."""
    found = []
    for index in range(node.GetNumberOfControlPoints()):
        if node.GetNthControlPointPositionStatus(index) == node.PositionDefined:
            ras = [0.0, 0.0, 0.0]
            node.GetNthControlPointPositionWorld(index, ras)
            found.append(Marker(index, node.GetNthControlPointLabel(index), tuple(ras)))
    return found
