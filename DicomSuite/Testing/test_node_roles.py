"""Nodes that are made for a purpose are found again, also in a saved scene, and go without a trace."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

import pytest

from application import slicer
from DicomSuiteLib.node_roles import NodeRoles, remove_with_companions, scene_nodes
from saved_scenes import saved_and_loaded


class Role(StrEnum):
    TABLE = "table"
    MARKERS = "markers"


ROLES = NodeRoles("DicomSuite.TestedRole", Role)
OTHERS = NodeRoles("DicomSuite.OtherRole", Role)


@pytest.fixture(autouse=True)
def scene() -> Iterator[None]:
    slicer.mrmlScene.Clear(0)
    yield
    slicer.mrmlScene.Clear(0)


def added(class_name: str, name: str, role: Role) -> object:
    return slicer.mrmlScene.AddNode(ROLES.new_node(class_name, name, role))


def test_nodes_are_found_by_their_role_in_the_order_of_the_scene() -> None:
    first = added("vtkMRMLTableNode", "Values", Role.TABLE)
    markers = added("vtkMRMLMarkupsFiducialNode", "Places", Role.MARKERS)
    second = added("vtkMRMLTableNode", "Values", Role.TABLE)
    assert ROLES.nodes([Role.TABLE]) == [first, second]
    assert ROLES.nodes() == [first, markers, second]
    assert first.GetName() != second.GetName()


def test_nodes_of_others_and_of_roles_that_are_gone_have_none() -> None:
    foreign = OTHERS.mark(slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTableNode"), Role.TABLE)
    old = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTableNode")
    old.SetAttribute("DicomSuite.TestedRole", "a role of an older version")
    assert ROLES.role_of(foreign) is ROLES.role_of(old) is None
    assert ROLES.nodes() == []


def test_roles_outlive_the_session_in_a_saved_scene(tmp_path: Path) -> None:
    added("vtkMRMLMarkupsFiducialNode", "Places", Role.MARKERS)
    saved_and_loaded(tmp_path / "scene")
    assert [ROLES.role_of(node) for node in ROLES.nodes()] == [Role.MARKERS]


def test_node_goes_with_its_display_and_its_storage() -> None:
    before = scene_nodes()
    node = added("vtkMRMLMarkupsFiducialNode", "Places", Role.MARKERS)
    node.CreateDefaultDisplayNodes()
    node.AddDefaultStorageNode()
    assert len(scene_nodes()) >= len(before) + 3
    remove_with_companions(node)
    assert [one for one in scene_nodes() if one.IsA("vtkMRMLDisplayNode") or one.IsA("vtkMRMLStorageNode")] == [
        one for one in before if one.IsA("vtkMRMLDisplayNode") or one.IsA("vtkMRMLStorageNode")
    ]
    assert ROLES.nodes() == []


def test_node_that_has_gone_already_is_no_matter() -> None:
    node = added("vtkMRMLTableNode", "Values", Role.TABLE)
    slicer.mrmlScene.RemoveNode(node)
    remove_with_companions(node)
    assert ROLES.nodes() == []
