"""Which markups are measured, and how each kind is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import slicer
from slicer.i18n import tr as _

from DicomSuiteRenderGui.inspection_nodes import InspectionRole, addInspectionNode, inspectionNodes, roleOf
from DicomSuiteRenderLib.own_nodes import is_own

LINE, ANGLE, CURVE, ROI = (
    "vtkMRMLMarkupsLineNode",
    "vtkMRMLMarkupsAngleNode",
    "vtkMRMLMarkupsClosedCurveNode",
    "vtkMRMLMarkupsROINode",
)


@dataclass(frozen=True)
class Tool:
    """One kind of measurement: the class of its node, what it is called, and how the user draws it."""

    className: str
    name: str
    label: str
    toolTip: str
    hint: str


def tools() -> tuple[Tool, ...]:
    """In the order of their buttons."""
    return (
        Tool(
            LINE,
            _("Distance"),
            _("&Distance"),
            _("The length between two points"),
            _("Click the two ends in a view."),
        ),
        Tool(
            ANGLE,
            _("Angle"),
            _("A&ngle"),
            _("The angle between two lines that meet"),
            _("Click an end, the corner and the other end in a view."),
        ),
        Tool(
            CURVE,
            _("Area"),
            _("&Area"),
            _("The area of a polygon, and mean and spread of the voxels in it"),
            _("Click around the region in a slice view; double-click ends it."),
        ),
        Tool(
            ROI,
            _("Box"),
            _("&Box"),
            _("The volume of a box, and mean and spread of the voxels in it"),
            _("Click the middle of the box in a view, then drag its handles."),
        ),
    )


def newDrawing(tool: Tool) -> Any:
    """A node to be drawn, in the scene."""
    node = addInspectionNode(tool.className, tool.name, InspectionRole.MEASUREMENT)
    if tool.className == CURVE:
        node.SetCurveTypeToLinear()  # what was clicked, and nothing rounded off
    if tool.className == ROI:
        node.GetDisplayNode().SetFillVisibility(False)  # it would hide what is measured
    return node


def drawings() -> list[Any]:
    """Markups that are measured, whoever drew them; ROI boxes only from here, since they serve much else."""
    nodes = [node for className in (LINE, ANGLE, CURVE) for node in slicer.util.getNodesByClass(className)]
    foreign = [
        node for node in nodes if roleOf(node) is None and not node.GetHideFromEditors() and not is_own(node)
    ]
    return [*inspectionNodes(InspectionRole.MEASUREMENT), *foreign]
