"""What a 3D view showed before a render mode, and how to get back to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from DicomSuiteLib.scene import mrml_scene
from DicomSuiteRenderLib.applied_mode import AppliedMode, applied_mode
from DicomSuiteRenderLib.apply_mode import apply_mode
from DicomSuiteRenderLib.mode_camera import CameraPlace, camera_node_of
from DicomSuiteRenderLib.own_nodes import Role, own_nodes_in_view, remove_own_nodes
from DicomSuiteRenderLib.view_look import ViewLook
from DicomSuiteRenderLib.volume_casting import displays_in_view


@dataclass(frozen=True, eq=False)
class RenderState:
    """What `restore_state` needs.

    Parameters
    ----------
    volume_node, view_node : of whom it is
    look, camera : of the view; None without one, or while nobody shows it
    visibilities : display nodes of volumes and of modes' surfaces in the view, each with whether it was shown
    applied : the render mode that showed the volume then, if one did
    """

    volume_node: Any
    view_node: Any
    look: ViewLook | None
    camera: CameraPlace | None
    visibilities: tuple[tuple[Any, bool], ...]
    applied: AppliedMode | None


def capture_state(volume_node: Any, view_node: Any) -> RenderState:
    """Remember what a view shows; to be called before the first mode is applied. No view: None."""
    camera = view_node and camera_node_of(view_node)
    displays = [*displays_in_view(view_node), *_surface_displays(view_node)]
    return RenderState(
        volume_node,
        view_node,
        view_node and ViewLook.of(view_node),
        camera and CameraPlace.of(camera),
        tuple((display, bool(display.GetVisibility())) for display in displays),
        applied_mode(volume_node, view_node),
    )


def restore_state(state: RenderState) -> None:
    """Show again what was shown: whatever modes have put into the view since then leaves the scene.

    Nodes that were removed in the meantime stay away.
    """
    scene = mrml_scene()
    if state.applied is None:
        remove_own_nodes(state.volume_node, state.view_node)
    elif scene.IsNodePresent(state.volume_node):
        applied = state.applied
        apply_mode(applied.mode, state.volume_node, state.view_node, window=applied.window, crop=applied.crop)
    for display, is_visible in state.visibilities:
        if scene.IsNodePresent(display):
            display.SetVisibility(is_visible)
    if state.view_node is None or not scene.IsNodePresent(state.view_node):
        return
    state.look.set_on(state.view_node)
    camera = camera_node_of(state.view_node)
    if camera is not None and state.camera is not None:
        state.camera.set_on(camera)


def _surface_displays(view_node: Any) -> list[Any]:
    return [node.GetDisplayNode() for node in own_nodes_in_view(Role.SURFACE, view_node)]
