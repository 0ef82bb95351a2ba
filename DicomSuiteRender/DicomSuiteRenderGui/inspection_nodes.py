"""Nodes with which the user inspects volumes: markers and measurements; found again in a loaded scene."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import slicer

from DicomSuiteLib.node_roles import NodeRoles


class InspectionRole(StrEnum):
    """What a node is for; the values are in saved scenes."""

    MARKERS = "markers"
    MEASUREMENT = "measurement"


_ROLES = NodeRoles("DicomSuiteRender.InspectionRole", InspectionRole)


def addInspectionNode(className: str, name: str, role: InspectionRole) -> Any:
    """A new node in the scene, marked, with the display that its class has by default."""
    node = slicer.mrmlScene.AddNode(_ROLES.new_node(className, name, role))
    if node.IsA("vtkMRMLDisplayableNode"):
        node.CreateDefaultDisplayNodes()
    return node


def roleOf(node: Any) -> InspectionRole | None:
    """What an own node is for; None for every other node."""
    return _ROLES.role_of(node)


def inspectionNodes(role: InspectionRole) -> list[Any]:
    """Those of a role, in the order of the scene."""
    return _ROLES.nodes([role])
