"""Nodes with which the user inspects volumes: markers, measurements, differences; found again in a loaded scene."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import slicer

_ROLE = "DicomSuiteRender.InspectionRole"


class InspectionRole(StrEnum):
    """What a node is for; the values are in saved scenes."""

    MARKERS = "markers"
    MEASUREMENT = "measurement"
    DIFFERENCE = "difference"
    DIFFERENCE_COLOURS = "difference-colours"


def markAs(node: Any, role: InspectionRole) -> Any:
    """Remember what a node is for; returns the node."""
    node.SetAttribute(_ROLE, role)
    return node


def addInspectionNode(className: str, name: str, role: InspectionRole) -> Any:
    """A new node in the scene, marked, with the display that its class has by default."""
    scene = slicer.mrmlScene
    node = scene.CreateNodeByClass(className)
    node.UnRegister(None)
    node.SetName(scene.GenerateUniqueName(name))
    node = scene.AddNode(markAs(node, role))
    if node.IsA("vtkMRMLDisplayableNode"):
        node.CreateDefaultDisplayNodes()
    return node


def roleOf(node: Any) -> InspectionRole | None:
    """What an own node is for; None for every other node."""
    value = node.GetAttribute(_ROLE)
    return InspectionRole(value) if value in list(InspectionRole) else None


def inspectionNodes(role: InspectionRole) -> list[Any]:
    """Those of a role, in the order of the scene."""
    scene = slicer.mrmlScene
    nodes = [scene.GetNthNode(number) for number in range(scene.GetNumberOfNodes())]
    return [node for node in nodes if roleOf(node) is role]


def removeInspectionNode(node: Any) -> None:
    """Take a node away with its display and storage."""
    scene, companions = slicer.mrmlScene, []
    if node.IsA("vtkMRMLDisplayableNode"):
        companions += [node.GetNthDisplayNode(number) for number in range(node.GetNumberOfDisplayNodes())]
    if node.IsA("vtkMRMLStorableNode"):
        companions += [node.GetNthStorageNode(number) for number in range(node.GetNumberOfStorageNodes())]
    scene.RemoveNode(node)
    for companion in companions:
        if companion is not None and scene.IsNodePresent(companion):
            scene.RemoveNode(companion)
