"""One click: a render mode sets everything that decides what a 3D view shows of a volume."""

from __future__ import annotations

from typing import Any

from DicomSuiteLib.volume_nodes import volume_of_node
from DicomSuiteRenderLib.applied_mode import AppliedMode, note_applied_mode
from DicomSuiteRenderLib.isosurface import isosurface
from DicomSuiteRenderLib.mode_camera import CameraPlace, camera_node_of
from DicomSuiteRenderLib.mode_surfaces import SurfaceMaker, crop_surfaces, show_surfaces
from DicomSuiteRenderLib.native_mode import in_native_values
from DicomSuiteRenderLib.own_nodes import remove_orphans
from DicomSuiteRenderLib.prepared_volume import PreparedVolume, TableRemoval, prepared_volume
from DicomSuiteRenderLib.ray_caster import RayCaster, fastest_ray_caster
from DicomSuiteRenderLib.render_mode import RenderMode, Technique, ViewDirection, VolumeLook
from DicomSuiteRenderLib.rendered_volume import RenderRoom, rendered_volume
from DicomSuiteRenderLib.table_removal import without_table
from DicomSuiteRenderLib.view_look import ViewLook
from DicomSuiteRenderLib.volume_casting import crop_volume, hide_other_volumes, show_volume
from DicomSuiteRenderLib.window_level import WindowLevel

NO_VIEW = "There is no 3D view now; choose a layout with one, and click the mode again for its background and camera."


def apply_mode(
    mode: RenderMode,
    volume_node: Any,
    view_node: Any,
    *,
    window: WindowLevel | None = None,
    crop: Any = None,
    ray_caster: RayCaster | None = None,
    surfaces: SurfaceMaker = isosurface,
    remove_table: TableRemoval = without_table,
) -> tuple[str, ...]:
    """Show a volume in a 3D view as a mode says, and nothing of what other modes have shown there; returns notices.

    Doing it twice is the same as doing it once. `restore_state` undoes it. What the user has put into the view besides
    volume rendering stays.

    Parameters
    ----------
    volume_node : vtkMRMLScalarVolumeNode
    view_node : vtkMRMLViewNode; None where there is no 3D view: what belongs to the volume is set, with a notice
    window : display window for modes whose values are relative to it; that of the slice views if not given
    crop : vtkMRMLMarkupsROINode outside of which nothing is shown, as long as it exists
    ray_caster : the fastest one here if not given; an average is always made by that of OpenGL
    surfaces : makes an isosurface of a volume at a value, LPS mm
    remove_table : takes the scanner's table out of a volume

    Raises
    ------
    RenderError, VolumeError
        If the volume cannot be rendered in 3D; nothing is changed then.
    """
    remove_orphans()
    keeps_air = mode.look is None or mode.look.technique is not Technique.MINIMUM
    prepared = prepared_volume(volume_node, remove_table if mode.removes_table else None, keeps_air)
    window = window or window_of(volume_node)
    native = in_native_values(mode, window)
    notices = [*prepared.notices, *show_surfaces(native.levels, prepared, volume_node, view_node, surfaces)]
    display = None
    if native.look is not None:
        caster = _ray_caster(native.look, ray_caster)
        room = _room(native.look, caster, prepared, view_node)
        node, notice = rendered_volume(volume_node, prepared, room)
        notices += notice
        display = show_volume(native.look, caster, node, volume_node, view_node)
    hide_other_volumes(view_node, display)
    crop_volume(volume_node, view_node, crop)
    crop_surfaces(volume_node, view_node, crop)
    note_applied_mode(AppliedMode(mode, window, crop), volume_node, view_node)
    if view_node is None:
        return (*notices, NO_VIEW)
    ViewLook.of_mode(mode).set_on(view_node)
    look_from(mode.direction, volume_node, view_node)
    return tuple(notices)


def look_from(direction: ViewDirection, volume_node: Any, view_node: Any) -> None:
    """Turn the camera of a view to all of a volume; without effect while nobody shows the view."""
    camera = camera_node_of(view_node)
    if camera is not None:
        CameraPlace.in_front_of(volume_of_node(volume_node).grid, direction).set_on(camera)


def window_of(volume_node: Any) -> WindowLevel:
    """The window in which the slice views show a volume; the whole range where it has no display yet."""
    display = volume_node.GetDisplayNode()
    if display is not None and display.IsA("vtkMRMLScalarVolumeDisplayNode") and display.GetWindow() > 0:
        return WindowLevel.from_ends(display.GetWindowLevelMin(), display.GetWindowLevelMax())
    low, high = volume_node.GetImageData().GetScalarRange()
    return WindowLevel.from_ends(low, high if high > low else low + 1)


def _ray_caster(look: VolumeLook, wanted: RayCaster | None) -> RayCaster:
    if look.technique is Technique.AVERAGE:
        return RayCaster.GPU
    return wanted or fastest_ray_caster()


def _room(look: VolumeLook, ray_caster: RayCaster, prepared: PreparedVolume, view_node: Any) -> RenderRoom:
    card_megabytes = 0 if view_node is None else view_node.GetGPUMemorySize()
    return RenderRoom.of(ray_caster, prepared.volume.voxels.itemsize, look.shading is not None, card_megabytes)
