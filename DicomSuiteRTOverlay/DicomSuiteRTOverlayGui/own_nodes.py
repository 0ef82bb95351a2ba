"""The nodes that this module has made: marked with their role, found again after a scene was loaded, and taken away."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum
from typing import Any

import slicer

from DicomSuiteLib.node_roles import NodeRoles, remove_with_companions, scene_nodes


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


_ROLES = NodeRoles("DicomSuiteRTOverlay.Role", Role)

PASSING = (Role.PREVIEW, Role.TURN)
"""What is there only while the module is shown, and is not saved."""


def addOwnNode(className: str, name: str, role: Role) -> Any:
    """A new node in the scene, marked."""
    node = _ROLES.new_node(className, name, role)
    node.SetSaveWithScene(role not in PASSING)
    return slicer.mrmlScene.AddNode(node)


def roleOf(node: Any) -> Role | None:
    """What an own node is for; None for every other node."""
    return _ROLES.role_of(node)


def ownNodes(roles: Collection[Role] = tuple(Role)) -> list[Any]:
    """Own nodes of these roles, in the order of the scene."""
    return _ROLES.nodes(roles)


def removeNode(node: Any) -> None:
    """Take a node away with what only serves it; what a transform has moved goes back to what moves the transform."""
    if node.IsA("vtkMRMLTransformNode"):
        for other in scene_nodes():
            if other.IsA("vtkMRMLTransformableNode") and other.GetTransformNodeID() == node.GetID():
                other.SetAndObserveTransformNodeID(node.GetTransformNodeID())
    remove_with_companions(node)


def removeOwnNodes(roles: Collection[Role] = tuple(Role)) -> None:
    """Take every own node of these roles away."""
    for node in ownNodes(roles):
        removeNode(node)
