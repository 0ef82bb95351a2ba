"""The nodes that this module has made: marked with their role, found again after a scene was loaded, and taken away."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from enum import StrEnum
from typing import Any

import slicer

_ROLE = "DicomSuiteRTOverlay.Role"


class Role(StrEnum):
    """What a node is for; the values are in saved scenes."""

    SEGMENTATION = "segmentation"
    """A mask that was placed."""
    PREVIEW = "preview"
    """A mask that waits for the user's choice."""
    TURN = "turn"
    """The transform that moves a mask while the user tries candidates and turns."""
    SLICES = "slices"
    """The transform that moves each slice of a volume to its position."""
    DIFFERENCES = "differences"
    MEASURES = "measures"
    PAIR_MEASURES = "pair-measures"


PASSING = (Role.PREVIEW, Role.TURN)
"""What is there only while the module is shown, and is not saved."""


def addOwnNode(className: str, name: str, role: Role) -> Any:
    """A new node in the scene, marked."""
    node = slicer.mrmlScene.CreateNodeByClass(className)
    node.UnRegister(None)
    node.SetName(slicer.mrmlScene.GenerateUniqueName(name))
    node.SetAttribute(_ROLE, role)
    node.SetSaveWithScene(role not in PASSING)
    return slicer.mrmlScene.AddNode(node)


def roleOf(node: Any) -> Role | None:
    """What an own node is for; None for every other node."""
    value = node.GetAttribute(_ROLE)
    return Role(value) if value in list(Role) else None


def ownNodes(roles: Collection[Role] = tuple(Role)) -> list[Any]:
    """Own nodes of these roles, in the order of the scene."""
    return [node for node in _nodes() if roleOf(node) in roles]


def removeNode(node: Any) -> None:
    """Take a node away with what only serves it; what a transform has moved goes back to what moves the transform."""
    scene = slicer.mrmlScene
    if node.IsA("vtkMRMLTransformNode"):
        for other in _nodes():
            if other.IsA("vtkMRMLTransformableNode") and other.GetTransformNodeID() == node.GetID():
                other.SetAndObserveTransformNodeID(node.GetTransformNodeID())
    for companion in _companions(node):
        scene.RemoveNode(companion)
    scene.RemoveNode(node)


def removeOwnNodes(roles: Collection[Role] = tuple(Role)) -> None:
    """Take every own node of these roles away."""
    for node in ownNodes(roles):
        removeNode(node)


def _nodes() -> Iterator[Any]:
    scene = slicer.mrmlScene
    yield from [scene.GetNthNode(number) for number in range(scene.GetNumberOfNodes())]


def _companions(node: Any) -> list[Any]:
    """Display and storage nodes."""
    found = []
    if node.IsA("vtkMRMLDisplayableNode"):
        found += [node.GetNthDisplayNode(number) for number in range(node.GetNumberOfDisplayNodes())]
    if node.IsA("vtkMRMLStorableNode"):
        found += [node.GetNthStorageNode(number) for number in range(node.GetNumberOfStorageNodes())]
    return [companion for companion in found if companion is not None]
