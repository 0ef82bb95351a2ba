"""Volumes that were computed of others, as nodes: placed and shown like their source, marked with what made them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import slicer

from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteLib.volume_nodes import node_of_volume, volume_of_node
from DicomSuiteLib.volumes import Volume
from DicomSuiteSuperResLib.models import DERIVED, ModelIdentity
from DicomSuiteSuperResLib.provenance import model_words
from DicomSuiteSuperResLib.super_resolution import SuperResResult

_DERIVED = "DicomSuiteSuperRes.Derived"
_MODEL = "DicomSuiteSuperRes.Model"
_PROVENANCE = "DicomSuiteSuperRes.Provenance"
_SOURCE = "DicomSuiteSuperRes.Source"
"""Names of attributes and of a node reference, which stay right when a scene is saved and loaded."""


def addDerivedVolume(volume: Volume, name: str, source: Any) -> Any:
    """A volume node beside its source: same folder, transform, window, and meaning of its values.

    Raises
    ------
    VolumeError
        As for `node_of_volume` and `volume_of_node`.
    """
    node = node_of_volume(replace(volume, modality=volume_of_node(source).modality), name)
    copyWindow(source, node)
    placeBeside(source, node)
    return node


def placeBeside(source: Any, node: Any) -> None:
    """Put a node that was computed of `source` into its folder; what moves the source as a whole moves volumes, too."""
    node.AddNodeReferenceRole(_SOURCE)
    node.SetNodeReferenceID(_SOURCE, source.GetID())
    if node.IsA("vtkMRMLVolumeNode"):
        node.SetAndObserveTransformNodeID(_wholeMover(source))
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    item = hierarchy.GetItemByDataNode(source)
    if item:
        hierarchy.CreateItem(hierarchy.GetItemParent(item), node)


def _wholeMover(source: Any) -> str | None:
    """ID of the transform that moves a volume as a whole: one that moves single slices is none for what has others."""
    transform = source.GetParentTransformNode()
    while transform is not None and not transform.IsLinear():
        transform = transform.GetParentTransformNode()
    return None if transform is None else transform.GetID()


def copyWindow(source: Any, node: Any) -> None:
    """Show a volume node in the window of another, so that the eye compares like with like."""
    shown, display = source.GetScalarVolumeDisplayNode(), node.GetScalarVolumeDisplayNode()
    if shown is not None and shown.GetWindow() > 0:
        display.SetAutoWindowLevel(False)
        display.SetWindowLevel(shown.GetWindow(), shown.GetLevel())


def markSuperResolved(node: Any, provenance: Mapping[str, Any]) -> None:
    """Let a node say that it was not acquired, and by which model it was made; `provenance` as the command tells it."""
    node.SetAttribute(_DERIVED, DERIVED)
    node.SetAttribute(_MODEL, model_words(ModelIdentity(**provenance["model"])))
    node.SetAttribute(_PROVENANCE, json.dumps(provenance, sort_keys=True))


def isSuperResolved(node: Any) -> bool:
    """Whether a node, or None, was marked so."""
    return node is not None and node.GetAttribute(_PROVENANCE) is not None


def provenanceOf(node: Any) -> Mapping[str, Any]:
    """What `markSuperResolved` was given."""
    return json.loads(node.GetAttribute(_PROVENANCE))


def sourceOf(node: Any) -> Any:
    """The node that a node was computed of; None where that is not in the scene any more, or there was none."""
    return node.GetNodeReference(_SOURCE)


def superResolvedVolumes() -> list[Any]:
    """Those of the scene, the oldest first."""
    return [node for node in slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode") if isSuperResolved(node)]


def showVolume(node: Any) -> None:
    """Show a volume in the slice views, where there are any."""
    if slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode"):
        slicer.util.setSliceViewerLayers(background=node)


def resultOf(node: Any) -> SuperResResult:
    """A marked node as the result that it was, where it was made, whatever has moved it since.

    Raises
    ------
    VolumeError
        As for `volume_of_node`.
    """
    told = provenanceOf(node)
    grid = SliceGrid.from_geometry(ImageGeometry.from_volume_node(node))
    volume = replace(volume_of_node(node), grid=grid)
    return SuperResResult(volume, ModelIdentity(**told["model"]), told["settings"], tuple(told["warnings"]))
