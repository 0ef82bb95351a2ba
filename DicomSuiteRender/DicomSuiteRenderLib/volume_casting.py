"""The display nodes through which Slicer's ray casters draw a volume: one is shown, all others are hidden."""

from __future__ import annotations

from typing import Any

from DicomSuiteLib.scene import mrml_scene
from DicomSuiteRenderLib.average_shader import average_along_rays, is_average
from DicomSuiteRenderLib.own_nodes import Role, new_own_node, own_node, own_nodes
from DicomSuiteRenderLib.ray_caster import RayCaster
from DicomSuiteRenderLib.render_mode import Technique, VolumeLook
from DicomSuiteRenderLib.volume_property import set_look

_DISPLAY = "vtkMRMLVolumeRenderingDisplayNode"


def show_volume(look: VolumeLook, ray_caster: RayCaster, rendered_node: Any, volume_node: Any, view_node: Any) -> Any:
    """Draw `rendered_node`, which stands for `volume_node`, in a view; returns the display node.

    The view's technique is not set here.
    """
    properties = property_node(volume_node, view_node)
    set_look(properties, look)
    display = _display(ray_caster, look.technique is Technique.AVERAGE, rendered_node, volume_node, view_node)
    display.SetAndObserveVolumePropertyNodeID(properties.GetID())
    display.SetVisibility(True)
    return display


def crop_volume(volume_node: Any, view_node: Any, roi_node: Any) -> None:
    """Cut a volume off outside a vtkMRMLMarkupsROINode, and follow it; None shows it whole."""
    for display in own_nodes(Role.CASTER, volume_node, view_node):
        display.SetAndObserveROINodeID(roi_node and roi_node.GetID())
        display.SetCroppingEnabled(roi_node is not None)


def property_node(volume_node: Any, view_node: Any) -> Any:
    """The vtkMRMLVolumePropertyNode that holds the look of a volume in a view; also there for surfaces alone."""
    return own_node("vtkMRMLVolumePropertyNode", "Look of a volume", Role.VOLUME_PROPERTY, volume_node, view_node)


def visible_display(volume_node: Any, view_node: Any) -> Any:
    """The display node of a volume that render modes show in a view; None where they show none."""
    displays = own_nodes(Role.CASTER, volume_node, view_node)
    return next((display for display in displays if display.GetVisibility()), None)


def hide_other_volumes(view_node: Any, shown: Any) -> None:
    """Hide all volume rendering that may be seen in a view, whoever began it, but that of one display node."""
    for display in displays_in_view(view_node):
        if display is not shown:
            display.SetVisibility(False)


def displays_in_view(view_node: Any) -> list[Any]:
    """All volume rendering display nodes that may be seen in a view; all there are for None."""
    scene = mrml_scene()
    count = scene.GetNumberOfNodesByClass(_DISPLAY)
    displays = [scene.GetNthNodeByClass(number, _DISPLAY) for number in range(count)]
    return [one for one in displays if view_node is None or one.IsDisplayableInView(view_node.GetID())]


def _display(ray_caster: RayCaster, averages: bool, rendered_node: Any, volume_node: Any, view_node: Any) -> Any:
    """A mapper keeps the shader that it began with, so an average has a display node of its own."""
    for display in own_nodes(Role.CASTER, volume_node, view_node):
        is_wanted = display.GetClassName() == ray_caster and display.GetDisplayableNode() is rendered_node
        shader = display.GetShaderPropertyNode()
        if is_wanted and is_average(shader and shader.GetShaderProperty()) == averages:
            return display
    display = new_own_node(ray_caster, "Render mode", Role.CASTER, volume_node, view_node)
    if view_node is not None:
        display.AddViewNodeID(view_node.GetID())
    display.SetVisibility(False)
    if averages:
        display.SetAndObserveShaderPropertyNodeID(_average_shader(volume_node, view_node).GetID())
    display.SetSaveWithScene(rendered_node.GetSaveWithScene())
    rendered_node.AddAndObserveDisplayNodeID(display.GetID())
    return display


def _average_shader(volume_node: Any, view_node: Any) -> Any:
    found = own_nodes(Role.SHADER, volume_node, view_node)
    if found:
        return found[0]
    shader = new_own_node("vtkMRMLShaderPropertyNode", "Average intensity", Role.SHADER, volume_node, view_node)
    average_along_rays(shader)
    return shader
