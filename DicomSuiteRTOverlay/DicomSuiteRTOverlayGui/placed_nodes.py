"""Puts placed masks into the scene: segmentations on their volume, slices at their positions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import slicer
import vtk
from slicer.i18n import tr as _

from DicomSuiteLib.geometry import FloatArray, ImageGeometry
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteLib.slice_transform import (
    MOVES_SLICES,
    are_slices_in_place,
    set_slice_transform,
    slice_grid_of,
)
from DicomSuiteRTOverlayGui.entries import Choice, Entry, choicesOf, keepFacts, plainName
from DicomSuiteRTOverlayGui.mask_sources import MaskSource, NodeMask
from DicomSuiteRTOverlayGui.overlay_query import OverlayAnswer
from DicomSuiteRTOverlayGui.own_nodes import Role, addOwnNode
from DicomSuiteRTOverlayLib.accepted_place import AS_PLACED
from DicomSuiteRTOverlayLib.errors import OverlayError
from DicomSuiteRTOverlayLib.placement import Verdict
from DicomSuiteRTOverlayLib.read_segments import ReadSegments
from DicomSuiteRTOverlayLib.segmentation_node import fill_segmentation_node
from DicomSuiteRTOverlayLib.turns import turned


def takeIn(answer: OverlayAnswer, volumeNode: Any, sources: Sequence[MaskSource]) -> list[Entry]:
    """An entry for each mask; those that were placed get a segmentation. No node changes where all were refused."""
    entries = [
        Entry(source, volumeNode.GetID(), _believed(facts, answer), choicesOf(facts, answer.folder))
        for source, facts in zip(sources, answer.facts["masks"], strict=True)
    ]
    if any(entry.state != "refused" for entry in entries):
        putSlicesInPlace(volumeNode, answer.grid)
    for entry in entries:
        if entry.state == "placed":
            _layDown(entry, answer)
        elif entry.state == "waits":
            entry.asRead = answer.content[entry.facts["source_file"]]
    return entries


def takeInAccepted(answer: OverlayAnswer, entry: Entry) -> None:
    """Lay a mask down where the user wants it; OverlayError, which says why, where that cannot be done."""
    facts = _believed(answer.facts["masks"][0], answer)
    if facts["state"] != "placed":
        raise OverlayError("\n".join([facts["reason"], *facts["notes"]]))
    entry.facts = facts
    entry.asRead = None
    _layDown(entry, answer)


def _believed(facts: Mapping[str, Any], answer: OverlayAnswer) -> Mapping[str, Any]:
    """The facts, where there is something to show; else they say why there is not."""
    if facts["state"] != "placed" or facts["file"] in answer.content:
        return facts
    nothing = _("No voxel of the mask lies inside the volume.")
    return {**facts, "state": "refused", "verdict": Verdict.REFUSED, "notes": [*facts["notes"], nothing]}


def localFromPatient(volumeNode: Any) -> FloatArray:
    """4x4, RAS to RAS: from where a voxel of the volume's nominal grid lies to where the node's own matrix has it."""
    nominal = slice_grid_of(volumeNode).nominal_geometry
    return ImageGeometry.from_volume_node(volumeNode).ijk_to_ras @ np.linalg.inv(nominal.ijk_to_ras)


def fillFrom(node: Any, read: ReadSegments, volumeNode: Any) -> None:
    """Show segments, wherever they lie, in a node that is moved by the same transform as the volume."""
    local = localFromPatient(volumeNode) @ read.geometry.ijk_to_ras
    fill_segmentation_node(node, read.boxes, read.segments, ImageGeometry.from_ijk_to_ras(local, read.geometry.size))
    node.SetAndObserveTransformNodeID(volumeNode.GetTransformNodeID())
    node.SetReferenceImageGeometryParameterFromVolumeNode(volumeNode)


def addSegmentation(name: str, role: Role, volumeNode: Any) -> Any:
    """A new, empty segmentation beside the volume."""
    node = addOwnNode("vtkMRMLSegmentationNode", name, role)
    node.CreateDefaultDisplayNodes()
    _putBeside(node, volumeNode)
    return node


def putSlicesInPlace(volumeNode: Any, grid: SliceGrid) -> None:
    """Move each slice to its position where neither the node's matrix nor its transform does."""
    geometry = ImageGeometry.from_volume_node(volumeNode)
    if are_slices_in_place(geometry, grid.positions):
        return
    parent = volumeNode.GetParentTransformNode()
    if parent is not None and are_slices_in_place(geometry, grid.positions, parent):
        parent.SetAttribute(MOVES_SLICES, "1")
        return
    mover = addOwnNode("vtkMRMLGridTransformNode", f"{volumeNode.GetName()} slices", Role.SLICES)
    mover.SetAttribute(MOVES_SLICES, "1")
    set_slice_transform(mover, geometry, grid.positions)
    mover.SetAndObserveTransformNodeID(volumeNode.GetTransformNodeID())
    volumeNode.SetAndObserveTransformNodeID(mover.GetID())


def centreOf(node: Any) -> tuple[float, float, float] | None:
    """RAS mm of the middle of all segments, in the world; None where there is nothing."""
    bounds = [0.0] * 6
    node.GetRASBounds(bounds)
    if not vtk.vtkMath.AreBoundsInitialized(bounds):
        return None
    return tuple((low + high) / 2 for low, high in zip(bounds[::2], bounds[1::2], strict=True))


def _layDown(entry: Entry, answer: OverlayAnswer) -> None:
    nominal = answer.grid.nominal_geometry
    if not entry.choices:  # contours and DICOM SEG
        entry.choices = (Choice(AS_PLACED, "", 1.0, nominal),)
    key, *turns = (entry.facts["accepted"] or entry.choices[0].key).split(",")
    if isinstance(entry.source, NodeMask) and entry.source.nodeID == entry.nodeID:
        entry.place, entry.turns = nominal, ()  # its own node is what will be turned next
    else:
        chosen = next((choice for choice in entry.choices if choice.key == key), entry.choices[0])
        entry.place, entry.turns = turned(chosen.geometry, nominal, turns), tuple(turns)
    node = entry.node
    if node is None:
        node = addSegmentation(plainName(entry.source), Role.SEGMENTATION, entry.volumeNode)
        entry.nodeID = node.GetID()
    fillFrom(node, answer.content[entry.facts["file"]], entry.volumeNode)
    keepFacts(node, entry.facts)


def _putBeside(node: Any, volumeNode: Any) -> None:
    """Into the volume's folder of the subject hierarchy."""
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    volume, item = hierarchy.GetItemByDataNode(volumeNode), hierarchy.GetItemByDataNode(node)
    if volume and item:
        hierarchy.SetItemParent(item, hierarchy.GetItemParent(volume))
