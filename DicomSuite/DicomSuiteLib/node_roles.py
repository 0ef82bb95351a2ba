"""Nodes that are made for a purpose: marked with their role, found again after a scene was loaded, and taken away."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum
from typing import Any, Generic, TypeVar

from DicomSuiteLib.scene import mrml_scene

RoleT = TypeVar("RoleT", bound=StrEnum)


class NodeRoles(Generic[RoleT]):
    """Which nodes of the scene have which role; it is kept in an attribute of theirs, and so in saved scenes.

    Parameters
    ----------
    attribute : its name
    roles : all that there are; their values are those of the attribute
    """

    def __init__(self, attribute: str, roles: type[RoleT]) -> None:
        self._attribute = attribute
        self._roles = {role.value: role for role in roles}

    def mark(self, node: Any, role: RoleT) -> Any:
        """Remember what a node is for; returns the node."""
        node.SetAttribute(self._attribute, role)
        return node

    def role_of(self, node: Any) -> RoleT | None:
        """What a node is for; None for every node that was not marked here."""
        return self._roles.get(node.GetAttribute(self._attribute))

    def new_node(self, class_name: str, name: str, role: RoleT) -> Any:
        """A marked node that is still to be added to the scene, with a name that no node there has."""
        scene = mrml_scene()
        node = scene.CreateNodeByClass(class_name)
        node.UnRegister(None)
        node.SetName(scene.GenerateUniqueName(name))
        return self.mark(node, role)

    def nodes(self, roles: Collection[RoleT] | None = None) -> list[Any]:
        """The nodes of these roles, or of any, in the order of the scene, which is that of their age."""
        wanted = self._roles.values() if roles is None else roles
        return [node for node in scene_nodes() if self.role_of(node) in wanted]


def scene_nodes() -> list[Any]:
    """Every node, in the order of the scene."""
    scene = mrml_scene()
    return [scene.GetNthNode(number) for number in range(scene.GetNumberOfNodes())]


def remove_with_companions(node: Any) -> None:
    """Take a node out of the scene, and its display and storage nodes; some may have gone before, or go with it."""
    scene = mrml_scene()
    companions = []
    if node.IsA("vtkMRMLDisplayableNode"):
        companions += [node.GetNthDisplayNode(number) for number in range(node.GetNumberOfDisplayNodes())]
    if node.IsA("vtkMRMLStorableNode"):
        companions += [node.GetNthStorageNode(number) for number in range(node.GetNumberOfStorageNodes())]
    for one in (node, *filter(None, companions)):
        if scene.IsNodePresent(one):
            scene.RemoveNode(one)
