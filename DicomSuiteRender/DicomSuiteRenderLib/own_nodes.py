"""The nodes that a render mode puts into the scene, each known by its role, its volume and its view."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from DicomSuiteLib.node_roles import NodeRoles, remove_with_companions
from DicomSuiteLib.scene import mrml_scene

_SOURCE = "DicomSuiteRender.Source"
_VIEW = "DicomSuiteRender.View"
"""Names of the node references, and of the attribute of those that have a view; all stay right in saved scenes."""


class Role(StrEnum):
    """What an own node is for."""

    VOLUME_PROPERTY = "VolumeProperty"
    CASTER = "RayCaster"
    SHADER = "AverageShader"
    PREPARED_VOLUME = "PreparedVolume"
    RENDERED_VOLUME = "RenderedVolume"
    SURFACE = "Surface"
    CLIP = "Clip"


_ROLES = NodeRoles("DicomSuiteRender.Role", Role)

_SHARED = (Role.PREPARED_VOLUME, Role.RENDERED_VOLUME)
"""Roles that are not bound to a view."""


def new_own_node(class_name: str, name: str, role: Role, volume_node: Any, view_node: Any) -> Any:
    """Add a node of a role for a volume in a view; `view_node` is None for what is not bound to one.

    It is not listed among the user's nodes.
    """
    node = _ROLES.new_node(class_name, name, role)
    node.SetHideFromEditors(True)
    node.AddNodeReferenceRole(_SOURCE)
    node.AddNodeReferenceRole(_VIEW)
    node.SetNodeReferenceID(_SOURCE, volume_node.GetID())
    if view_node is not None:
        node.SetNodeReferenceID(_VIEW, view_node.GetID())
        node.SetAttribute(_VIEW, "1")
    return mrml_scene().AddNode(node)


def own_nodes(role: Role, volume_node: Any, view_node: Any) -> list[Any]:
    """The nodes of a role for a volume in a view, the oldest first."""
    return [node for node in own_nodes_in_view(role, view_node) if node.GetNodeReference(_SOURCE) is volume_node]


def own_nodes_in_view(role: Role, view_node: Any) -> list[Any]:
    """The nodes of a role for any volume in a view, the oldest first."""
    return [node for node in _ROLES.nodes([role]) if node.GetNodeReference(_VIEW) is view_node]


def own_node(class_name: str, name: str, role: Role, volume_node: Any, view_node: Any) -> Any:
    """The node of a role that there is one of, added if it is not there."""
    found = own_nodes(role, volume_node, view_node)
    return found[0] if found else new_own_node(class_name, name, role, volume_node, view_node)


def is_own(node: Any) -> bool:
    """True if a render mode put the node into the scene."""
    return _ROLES.role_of(node) is not None


def remove_own_nodes(volume_node: Any, view_node: Any) -> None:
    """Take everything that render modes of a volume put into a view out of the scene.

    Copies of the volume, which all views share, go with the last one.
    """
    for role in Role:
        if role not in _SHARED:
            for node in own_nodes(role, volume_node, view_node):
                remove_with_companions(node)
    left = [node for node in _ROLES.nodes() if node.GetNodeReference(_SOURCE) is volume_node]
    if all(_ROLES.role_of(node) in _SHARED for node in left):
        for node in left:
            remove_with_companions(node)


def remove_orphans() -> None:
    """Take away what belonged to volumes and views that are not in the scene any more.

    To be called when a volume was removed: nobody else would take its surfaces away.
    """
    for node in _ROLES.nodes():
        has_view = node.GetAttribute(_VIEW) is None or node.GetNodeReference(_VIEW) is not None
        if node.GetNodeReference(_SOURCE) is None or not has_view:
            remove_with_companions(node)
