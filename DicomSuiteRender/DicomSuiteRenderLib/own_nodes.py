"""The nodes that a render mode puts into the scene, each known by its role, its volume and its view."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from DicomSuiteLib.scene import mrml_scene

_ROLE = "DicomSuiteRender.Role"
_SOURCE = "DicomSuiteRender.Source"
_VIEW = "DicomSuiteRender.View"
"""Names of the attribute and the node references, which stay right when a scene is saved and loaded."""


class Role(StrEnum):
    """What an own node is for."""

    VOLUME_PROPERTY = "VolumeProperty"
    CASTER = "RayCaster"
    SHADER = "AverageShader"
    PREPARED_VOLUME = "PreparedVolume"
    RENDERED_VOLUME = "RenderedVolume"
    SURFACE = "Surface"
    CLIP = "Clip"


_SHARED = (Role.PREPARED_VOLUME, Role.RENDERED_VOLUME)
"""Roles that are not bound to a view."""


def new_own_node(class_name: str, name: str, role: Role, volume_node: Any, view_node: Any) -> Any:
    """Add a node of a role for a volume in a view; `view_node` is None for what is not bound to one.

    It is not listed among the user's nodes.
    """
    scene = mrml_scene()
    node = scene.CreateNodeByClass(class_name)
    node.UnRegister(None)
    node.SetName(scene.GenerateUniqueName(name))
    node.SetHideFromEditors(True)
    node.SetAttribute(_ROLE, role)
    node.AddNodeReferenceRole(_SOURCE)
    node.AddNodeReferenceRole(_VIEW)
    node.SetNodeReferenceID(_SOURCE, volume_node.GetID())
    if view_node is not None:
        node.SetNodeReferenceID(_VIEW, view_node.GetID())
        node.SetAttribute(_VIEW, "1")
    return scene.AddNode(node)


def own_nodes(role: Role, volume_node: Any, view_node: Any) -> list[Any]:
    """The nodes of a role for a volume in a view, the oldest first."""
    return [node for node in own_nodes_in_view(role, view_node) if node.GetNodeReference(_SOURCE) is volume_node]


def own_nodes_in_view(role: Role, view_node: Any) -> list[Any]:
    """The nodes of a role for any volume in a view, the oldest first."""
    nodes = (node for node in _all_own_nodes() if node.GetAttribute(_ROLE) == role)
    return [node for node in nodes if node.GetNodeReference(_VIEW) is view_node]


def own_node(class_name: str, name: str, role: Role, volume_node: Any, view_node: Any) -> Any:
    """The node of a role that there is one of, added if it is not there."""
    found = own_nodes(role, volume_node, view_node)
    return found[0] if found else new_own_node(class_name, name, role, volume_node, view_node)


def is_own(node: Any) -> bool:
    """True if a render mode put the node into the scene."""
    return node.GetAttribute(_ROLE) is not None


def remove_own_nodes(volume_node: Any, view_node: Any) -> None:
    """Take everything that render modes of a volume put into a view out of the scene.

    Copies of the volume, which all views share, go with the last one.
    """
    for role in Role:
        if role not in _SHARED:
            for node in own_nodes(role, volume_node, view_node):
                remove_with_displays(node)
    left = [node for node in _all_own_nodes() if node.GetNodeReference(_SOURCE) is volume_node]
    if all(node.GetAttribute(_ROLE) in _SHARED for node in left):
        for node in left:
            remove_with_displays(node)


def remove_orphans() -> None:
    """Take away what belonged to volumes and views that are not in the scene any more.

    To be called when a volume was removed: nobody else would take its surfaces away.
    """
    for node in _all_own_nodes():
        has_view = node.GetAttribute(_VIEW) is None or node.GetNodeReference(_VIEW) is not None
        if node.GetNodeReference(_SOURCE) is None or not has_view:
            remove_with_displays(node)


def remove_with_displays(node: Any) -> None:
    """Take a node out of the scene, and the display nodes that only it used; those may have gone with another one."""
    scene = mrml_scene()
    displays = []
    if node.IsA("vtkMRMLDisplayableNode"):
        displays = [node.GetNthDisplayNode(number) for number in range(node.GetNumberOfDisplayNodes())]
    for one in (node, *filter(None, displays)):
        if scene.IsNodePresent(one):
            scene.RemoveNode(one)


def _all_own_nodes() -> list[Any]:
    scene = mrml_scene()
    nodes = (scene.GetNthNode(number) for number in range(scene.GetNumberOfNodes()))
    return [node for node in nodes if is_own(node)]
