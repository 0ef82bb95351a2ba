"""Everything that a render mode is responsible for, read back from the scene and from what is being drawn."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from DicomSuiteRenderLib.average_shader import is_average
from DicomSuiteRenderLib.mode_camera import CameraPlace, camera_node_of
from DicomSuiteRenderLib.mode_surfaces import visible_surfaces
from DicomSuiteRenderLib.render_mode import Technique
from DicomSuiteRenderLib.view_look import ViewLook
from DicomSuiteRenderLib.volume_casting import displays_in_view, visible_display
from DicomSuiteRenderLib.volume_property import look_of

Dump = dict[str, Any]
"""Plain values under the names of properties."""

_BLENDS = ("composite", "maximum", "minimum", "average", "additive")
"""vtkVolumeMapper's blend modes by their numbers."""


def mode_dump(volume_node: Any, view_node: Any, renderer: Any = None) -> Dump:
    """Properties of a volume's display in a view.

    Parameters
    ----------
    renderer : vtkRenderer of the view after it was drawn; what it really draws is under "drawn", empty without it

    Returns
    -------
    dict
        "view", "camera", "volume" (None where it is not shown), "surfaces", "others" (number of volume displays in the
        view besides) and "drawn". Lengths are RAS mm.
    """
    display = visible_display(volume_node, view_node)
    camera = view_node and camera_node_of(view_node)
    others = [one for one in displays_in_view(view_node) if one is not display and one.GetVisibility()]
    return {
        "view": view_node and asdict(ViewLook.of(view_node)),
        "camera": camera and asdict(CameraPlace.of(camera)),
        "volume": display and _volume(display, view_node),
        "surfaces": [_surface(node) for node in visible_surfaces(volume_node, view_node)],
        "others": len(others),
        "drawn": {} if renderer is None else _drawn(renderer),
    }


def _volume(display: Any, view_node: Any) -> Dump:
    properties = display.GetVolumePropertyNode().GetVolumeProperty()
    roi = display.GetROINode()
    return {
        "ray caster": display.GetClassName(),
        "size": display.GetVolumeNode().GetImageData().GetDimensions(),
        "look": asdict(look_of(properties, _technique(display, view_node))),
        "unit distance": properties.GetScalarOpacityUnitDistance(),
        "interpolation": properties.GetInterpolationTypeAsString(),
        "cropped by": roi.GetID() if roi and display.GetCroppingEnabled() else None,
    }


def _technique(display: Any, view_node: Any) -> Technique | None:
    """As the view and the display node together make it; None where there is no view to tell."""
    if view_node is None:
        return None
    shader = display.GetShaderPropertyNode()
    match view_node.GetRaycastTechnique():
        case view_node.MaximumIntensityProjection:
            averages = is_average(shader and shader.GetShaderProperty())
            return Technique.AVERAGE if averages else Technique.MAXIMUM
        case view_node.MinimumIntensityProjection:
            return Technique.MINIMUM
        case _:
            return Technique.COMPOSITE


def _surface(node: Any) -> Dump:
    display = node.GetDisplayNode()
    clip = display.GetClipNode()
    mesh = node.GetPolyData()
    return {
        "name": node.GetName(),
        "colour": display.GetColor(),
        "opacity": display.GetOpacity(),
        "has normals": mesh.GetPointData().GetNormals() is not None,
        "cropped by": clip.GetClippingNodeID() if clip and display.GetClipping() else None,
    }


def _drawn(renderer: Any) -> Dump:
    """What the renderer holds and shows, whatever the scene says."""
    volumes, actors = renderer.GetVolumes(), renderer.GetActors()
    shown = [volumes.GetItemAsObject(number) for number in range(volumes.GetNumberOfItems())]
    surfaces = [actors.GetItemAsObject(number) for number in range(actors.GetNumberOfItems())]
    return {
        "background": (renderer.GetBackground(), renderer.GetBackground2()),
        "volumes": [_drawn_volume(volume) for volume in shown if volume.GetVisibility()],
        "surfaces": [_drawn_surface(actor) for actor in surfaces if actor.GetVisibility()],
    }


def _drawn_volume(volume: Any) -> Dump:
    mapper = volume.GetMapper()
    blend = "average" if is_average(volume.GetShaderProperty()) else _BLENDS[mapper.GetBlendMode()]
    planes = mapper.GetClippingPlanes()
    return {
        "mapper": mapper.GetClassName(),
        "size": mapper.GetInputDataObject(0, 0).GetDimensions(),
        "look": asdict(look_of(volume.GetProperty(), Technique(blend))),
        "clipping planes": planes.GetNumberOfItems() if planes else 0,
    }


def _drawn_surface(actor: Any) -> Dump:
    shown = actor.GetProperty()
    return {"colour": shown.GetColor(), "opacity": shown.GetOpacity()}
