"""The isosurfaces of a render mode as model nodes: made once for each value, shown, coloured and cropped."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from DicomSuiteLib.volumes import Volume
from DicomSuiteRenderLib.own_nodes import Role, new_own_node, own_node, own_nodes, own_nodes_in_view
from DicomSuiteRenderLib.prepared_volume import PreparedVolume
from DicomSuiteRenderLib.render_mode import IsoLevel

SurfaceMaker = Callable[[Volume, float], Any]
"""Makes the isosurface of a volume at a value: vtkPolyData with normals, LPS mm."""

KEPT_SURFACES = 4
"""Surfaces that are held for a volume in a view, hidden ones included, so that going back to a mode is at once."""

_CONTENT = "DicomSuiteRender.Content"


def show_surfaces(
    levels: tuple[IsoLevel, ...], prepared: PreparedVolume, volume_node: Any, view_node: Any, make: SurfaceMaker
) -> tuple[str, ...]:
    """Show these levels of a volume in a view, and no other surfaces there; returns notices about empty ones."""
    wanted = {f"{prepared.content} from: {level.value!r}": level for level in levels}
    kept = {node.GetAttribute(_CONTENT): node for node in own_nodes(Role.SURFACE, volume_node, view_node)}
    meshes = {name: make(prepared.volume, level.value) for name, level in wanted.items() if name not in kept}
    hide_surfaces(view_node)
    spare = [node for content, node in kept.items() if content not in wanted]
    may_add = max(KEPT_SURFACES, len(wanted)) - len(kept)
    notices = []
    for content, level in wanted.items():
        node = kept.get(content)
        if node is None:
            node = _new_model(volume_node, view_node) if may_add > 0 else spare.pop(0)
            may_add -= 1
            _set_mesh(node, meshes[content])
            node.SetAttribute(_CONTENT, content)
        _show(node, level, prepared.node.GetTransformNodeID())
        if not node.GetPolyData().GetNumberOfCells():
            notices.append(f"{level.name}: the volume has no surface at {level.value:g}.")
    return tuple(notices)


def hide_surfaces(view_node: Any) -> None:
    """Hide the surfaces that render modes show in a view, of whatever volume."""
    for node in own_nodes_in_view(Role.SURFACE, view_node):
        node.GetDisplayNode().SetVisibility(False)


def crop_surfaces(volume_node: Any, view_node: Any, roi_node: Any) -> None:
    """Cut the surfaces off outside a vtkMRMLMarkupsROINode, and follow it; None shows them whole."""
    clip = None
    if roi_node is not None:
        clip = own_node("vtkMRMLClipNode", "Crop box", Role.CLIP, volume_node, view_node)
        clip.SetAndObserveClippingNodeID(roi_node.GetID())
        clip.SetClippingNodeState(roi_node, clip.ClipNegativeSpace)
    for node in own_nodes(Role.SURFACE, volume_node, view_node):
        display = node.GetDisplayNode()
        display.SetAndObserveClipNodeID(clip and clip.GetID())
        display.SetClipping(clip is not None)


def visible_surfaces(volume_node: Any, view_node: Any) -> list[Any]:
    """The model nodes of a volume's surfaces that are shown in a view."""
    nodes = own_nodes(Role.SURFACE, volume_node, view_node)
    return [node for node in nodes if node.GetDisplayNode().GetVisibility()]


def _new_model(volume_node: Any, view_node: Any) -> Any:
    node = new_own_node("vtkMRMLModelNode", "Surface", Role.SURFACE, volume_node, view_node)
    node.CreateDefaultDisplayNodes()
    display = node.GetDisplayNode()
    display.SetVisibility2D(False)
    display.SetScalarVisibility(False)
    display.SetBackfaceCulling(False)
    if view_node is not None:
        display.AddViewNodeID(view_node.GetID())
    return node


def _set_mesh(node: Any, mesh_lps: Any) -> None:
    """MRML is RAS: a half turn about the superior axis, which leaves inside and outside as they are."""
    import vtk

    turn = vtk.vtkTransform()
    turn.Scale(-1, -1, 1)
    ras = vtk.vtkTransformPolyDataFilter()
    ras.SetTransform(turn)
    ras.SetInputData(mesh_lps)
    ras.Update()
    node.SetAndObservePolyData(ras.GetOutput())


def _show(node: Any, level: IsoLevel, transform_id: str | None) -> None:
    node.SetName(level.name)
    node.SetAndObserveTransformNodeID(transform_id)
    display = node.GetDisplayNode()
    modified = display.StartModify()
    display.SetColor(level.colour)
    display.SetOpacity(level.opacity)
    display.SetVisibility(True)
    display.EndModify(modified)
