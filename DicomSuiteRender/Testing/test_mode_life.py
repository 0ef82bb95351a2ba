"""What was there before comes back; what a mode put into the scene goes with its volume and its view."""

from dataclasses import replace

import pytest

from application import slicer, vtk
from DicomSuiteLib.scene import mrml_scene
from DicomSuiteLib.volume_nodes import node_of_volume, remove_volume_node
from DicomSuiteRenderLib.applied_mode import applied_mode
from DicomSuiteRenderLib.apply_mode import NO_VIEW, apply_mode
from DicomSuiteRenderLib.built_in_modes import built_in_modes
from DicomSuiteRenderLib.crop_box import box_around, roi_of_box
from DicomSuiteRenderLib.errors import RenderError
from DicomSuiteRenderLib.isosurface import isosurface
from DicomSuiteRenderLib.mode_dump import mode_dump
from DicomSuiteRenderLib.offscreen_views import View3D
from DicomSuiteRenderLib.own_nodes import is_own, remove_orphans
from DicomSuiteRenderLib.render_mode import Technique
from DicomSuiteRenderLib.render_state import capture_state, restore_state
from DicomSuiteRenderLib.window_level import WindowLevel
from mode_phantoms import phantom, shown

MODES = {mode.key: mode for mode in built_in_modes()}


def own_node_names():
    scene = mrml_scene()
    nodes = (scene.GetNthNode(number) for number in range(scene.GetNumberOfNodes()))
    return sorted(node.GetName() for node in nodes if is_own(node))


def user_rendering(volume_node):
    """What Slicer's own Volume Rendering module puts into the scene, without its presets."""
    scene = mrml_scene()
    properties = scene.AddNewNodeByClass("vtkMRMLVolumePropertyNode")
    display = scene.AddNewNodeByClass("vtkMRMLCPURayCastVolumeRenderingDisplayNode")
    display.SetAndObserveVolumePropertyNodeID(properties.GetID())
    volume_node.AddAndObserveDisplayNodeID(display.GetID())
    return display


def properties(node, attributes):
    return {name: getattr(node, f"Get{name}")() for name in attributes}


VIEW = ("BackgroundColor", "BackgroundColor2", "RaycastTechnique", "BoxVisible", "AxisLabelsVisible", "UseDepthPeeling")
CAMERA = ("Position", "FocalPoint", "ViewUp", "ViewAngle", "ParallelScale")


@pytest.mark.parametrize("key", ["skin-and-bone", "mip", "average", "ct-bone"])
def test_reset_restores_view_camera_and_the_users_own_rendering(key):
    with shown(phantom()) as (node, view):
        theirs = user_rendering(node)
        view.node.SetBackgroundColor(0.1, 0.2, 0.3)
        view.node.SetRaycastTechnique(view.node.MinimumIntensityProjection)
        view.node.SetAxisLabelsVisible(True)
        view.node.SetUseDepthPeeling(False)
        view.camera_node.SetPosition(1, 2, 3)
        before = properties(view.node, VIEW), properties(view.camera_node, CAMERA)
        nodes = mrml_scene().GetNumberOfNodes()
        state = capture_state(node, view.node)
        apply_mode(MODES[key], node, view.node)
        assert not theirs.GetVisibility()
        apply_mode(MODES["bone-surface"], node, view.node)
        restore_state(state)
        assert (properties(view.node, VIEW), properties(view.camera_node, CAMERA)) == before
        assert theirs.GetVisibility()
        assert own_node_names() == []
        assert mrml_scene().GetNumberOfNodes() == nodes
        mrml_scene().RemoveNode(theirs.GetVolumePropertyNode())


def test_reset_brings_back_the_mode_that_was_there_when_the_state_was_captured():
    window = WindowLevel.from_ends(-100, 300)
    with shown(phantom()) as (node, view):
        apply_mode(MODES["composite-bone"], node, view.node, window=window)
        before = mode_dump(node, view.node)
        state = capture_state(node, view.node)
        apply_mode(MODES["skin-surface"], node, view.node)
        restore_state(state)
        assert mode_dump(node, view.node) == before
        assert applied_mode(node, view.node).mode == MODES["composite-bone"]
        assert applied_mode(node, view.node).window == window


def test_volume_that_is_deleted_while_it_is_rendered_leaves_no_error_and_no_nodes():
    for key in ("ct-bone", "skin-and-bone", "average"):
        with shown(phantom()) as (node, view):
            apply_mode(MODES[key], node, view.node)
            view.picture()
            remove_volume_node(node)
            view.picture()
            remove_orphans()
            assert view.picture()[60:140, 60:140].std() < 15
            assert mode_dump(node, view.node, view.renderer)["drawn"]["volumes"] == []
            with pytest.raises(RenderError, match="no volume"):
                apply_mode(MODES[key], node, view.node)
        assert own_node_names() == []


def test_state_of_a_volume_that_was_deleted_is_restored_as_far_as_it_can_be():
    with shown(phantom()) as (node, view):
        apply_mode(MODES["mip"], node, view.node)
        view.node.SetAxisLabelsVisible(True)
        state = capture_state(node, view.node)
        apply_mode(MODES["ct-bone"], node, view.node)
        remove_volume_node(node)
        restore_state(state)
        assert view.node.GetAxisLabelsVisible()
        remove_orphans()
    assert own_node_names() == []


def test_closed_view_takes_its_nodes_with_it_at_the_next_mode():
    with shown(phantom()) as (node, view):
        with View3D((50, 50)) as other:
            apply_mode(MODES["skin-and-bone"], node, other.node)
        assert {"Bone", "Skin"} < set(own_node_names())
        apply_mode(MODES["mip"], node, view.node)
        assert not {"Bone", "Skin"} & set(own_node_names())


def test_two_views_show_the_same_volume_in_two_modes():
    with shown(phantom()) as (node, view), View3D((200, 200)) as other:
        apply_mode(MODES["bone-surface"], node, view.node)
        apply_mode(MODES["pet-mip"], node, other.node)
        assert len(mode_dump(node, view.node)["surfaces"]) == 1
        assert mode_dump(node, view.node)["volume"] is None
        assert mode_dump(node, other.node)["volume"]["look"]["technique"] is Technique.MAXIMUM
        assert view.picture()[0, 0].max() < 100 < other.picture()[0, 0].min()


def test_two_views_show_the_same_volume_in_two_modes_drawn():
    with shown(phantom()) as (node, view), View3D((200, 200)) as other:
        apply_mode(MODES["bone-surface"], node, view.node)
        apply_mode(MODES["mip"], node, other.node)
        view.picture(), other.picture()
        first, second = (mode_dump(node, one.node, one.renderer)["drawn"] for one in (view, other))
        assert (len(first["volumes"]), len(first["surfaces"])) == (0, 1)
        assert (len(second["volumes"]), len(second["surfaces"])) == (1, 0)


def test_another_volume_is_not_seen_behind_the_one_that_was_clicked():
    with shown(phantom()) as (node, view):
        second = node_of_volume(phantom("MR"), "second")
        apply_mode(MODES["skin-and-bone"], node, view.node)
        apply_mode(MODES["mip"], second, view.node)
        view.picture()
        drawn = mode_dump(second, view.node, view.renderer)["drawn"]
        assert (len(drawn["volumes"]), drawn["surfaces"]) == (1, [])
        remove_volume_node(second)
        remove_orphans()


def test_without_a_view_the_display_is_prepared_and_the_user_is_told():
    node = node_of_volume(phantom(), "phantom")
    assert apply_mode(MODES["ct-bone"], node, None) == (NO_VIEW,)
    dump = mode_dump(node, None)
    assert dump["view"] is None
    assert dump["volume"]["look"]["opacity"] == MODES["ct-bone"].look.opacity
    apply_mode(MODES["skin-and-bone"], node, None)
    assert [surface["name"] for surface in mode_dump(node, None)["surfaces"]] == ["Bone", "Skin"]
    restore_state(replace(capture_state(node, None), applied=None))
    assert own_node_names() == []
    remove_volume_node(node)


def test_another_technique_in_the_view_of_an_average_is_no_error():
    with shown(phantom()) as (node, view):
        apply_mode(MODES["x-ray"], node, view.node)
        for technique in (view.node.Composite, view.node.MinimumIntensityProjection):
            view.node.SetRaycastTechnique(technique)
            assert view.picture().max() > 50


def test_crop_box_cuts_volume_and_surfaces_and_goes_away_with_the_next_mode():
    with shown(phantom()) as (node, view):
        box = box_around(phantom().grid)
        roi = roi_of_box(replace(box, size=(20.0, 20.0, 20.0)), "crop")
        for key in ("ct-soft-tissue", "skin-surface"):
            apply_mode(MODES[key], node, view.node)
            whole = (view.picture(transparent=True)[..., 3] > 0).mean()
            apply_mode(MODES[key], node, view.node, crop=roi)
            part = (view.picture(transparent=True)[..., 3] > 0).mean()
            assert 0 < part < whole / 3, key
            assert applied_mode(node, view.node).crop is roi
        apply_mode(MODES["skin-surface"], node, view.node)
        assert (view.picture(transparent=True)[..., 3] > 0).mean() == pytest.approx(whole, abs=0.01)
        mrml_scene().RemoveNode(roi)


@pytest.mark.parametrize("key", ["ct-soft-tissue", "skin-surface"])
def test_crop_box_that_is_deleted_shows_everything_again(key):
    with shown(phantom()) as (node, view):
        apply_mode(MODES[key], node, view.node)
        whole = view.picture()
        roi = roi_of_box(replace(box_around(phantom().grid), size=(20.0, 20.0, 20.0)), "crop")
        apply_mode(MODES[key], node, view.node, crop=roi)
        assert (view.picture() != whole).any()
        mrml_scene().RemoveNode(roi)
        assert applied_mode(node, view.node).crop is None
        assert (view.picture() != whole).mean() < 0.01


def test_surfaces_are_made_once_for_each_value_and_again_when_voxels_change():
    made = []

    def counted(volume, value):
        made.append(value)
        return isosurface(volume, value)

    with shown(phantom("MR")) as (node, view):
        for key in ("bone-surface", "mip", "skin-and-bone", "skin-surface"):
            apply_mode(MODES[key], node, view.node, surfaces=counted)
        assert made == [175.0, -200.0]
        slicer.util.arrayFromVolume(node)[:] += 1
        node.GetImageData().Modified()
        apply_mode(MODES["bone-surface"], node, view.node, surfaces=counted)
        assert made == [175.0, -200.0, 175.0]


def test_many_thresholds_do_not_fill_the_scene():
    with shown(phantom("MR")) as (node, view):
        for value in range(0, 700, 100):
            levels = (replace(MODES["bone-surface"].levels[0], value=value),)
            apply_mode(replace(MODES["bone-surface"], levels=levels), node, view.node)
            assert len(mode_dump(node, view.node)["surfaces"]) == 1
        assert own_node_names().count("Bone") <= 4


def test_level_that_no_voxel_reaches_is_told_and_draws_nothing():
    with shown(phantom("MR")) as (node, view):
        levels = (replace(MODES["bone-surface"].levels[0], value=5000.0),)
        notices = apply_mode(replace(MODES["bone-surface"], levels=levels), node, view.node)
        assert notices == ("Bone: the volume has no surface at 5000.",)


def test_picture_moves_with_the_transform_of_the_volume():
    with shown(phantom()) as (node, view):
        transform = mrml_scene().AddNewNodeByClass("vtkMRMLLinearTransformNode")
        node.SetAndObserveTransformNodeID(transform.GetID())
        for key in ("bone-surface", "ct-bone"):
            apply_mode(MODES[key], node, view.node)
            still = view.picture()
            _move(transform, 15.0)
            assert (view.picture().astype(int) - still).std() > 5, key
            _move(transform, 0.0)
        mrml_scene().RemoveNode(transform)


def _move(transform, right):
    matrix = vtk.vtkMatrix4x4()
    matrix.SetElement(0, 3, right)
    transform.SetMatrixTransformToParent(matrix)
