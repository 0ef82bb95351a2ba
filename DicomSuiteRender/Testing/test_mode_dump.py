"""One click sets everything: what is read back from the scene and from the renderer equals the mode's specification."""

from dataclasses import replace
from itertools import pairwise

import pytest

from application import slicer
from DicomSuiteLib.scene import mrml_scene
from DicomSuiteRenderLib.application_presets import application_presets
from DicomSuiteRenderLib.apply_mode import apply_mode
from DicomSuiteRenderLib.built_in_modes import built_in_modes
from DicomSuiteRenderLib.mode_dump import mode_dump
from DicomSuiteRenderLib.ray_caster import RayCaster, fastest_ray_caster
from DicomSuiteRenderLib.render_mode import RenderMode, Shading, Technique, ViewDirection, VolumeLook
from mode_phantoms import phantom, shown
from mode_specification import close_to, specified

EDGES = RenderMode(
    "edges",
    "Edges",
    VolumeLook(
        Technique.COMPOSITE,
        opacity=((-500.0, 0.0), (0.0, 0.25), (0.5, 0.75)),
        colours=((-500.0, 1.0, 0.5, 0.25),),
        gradient_opacity=((0.0, 0.0), (90.0, 0.5)),
        shading=Shading(0.2, 0.6, 0.3, 12.5),
    ),
    background=((0.1, 0.2, 0.3), (0.4, 0.5, 0.6)),
)
MODES = (*built_in_modes(), EDGES, *application_presets())
"""Slicer's presets are there inside Slicer only."""


def names(mode):
    return mode.key


@pytest.fixture(scope="module")
def volume_and_view():
    with shown(phantom()) as (node, view):
        yield node, view


@pytest.mark.parametrize("mode", MODES, ids=names)
def test_dump_after_one_click_equals_the_specification(mode, volume_and_view):
    node, view = volume_and_view
    apply_mode(mode, node, view.node)
    view.picture()
    dump = mode_dump(node, view.node, view.renderer)
    del dump["camera"]
    assert dump == close_to(specified(mode, fastest_ray_caster()))


@pytest.mark.parametrize("mode", built_in_modes(), ids=names)
def test_a_ray_caster_that_was_asked_for_is_used(mode, volume_and_view):
    node, view = volume_and_view
    apply_mode(mode, node, view.node, ray_caster=RayCaster.GPU)
    dump = mode_dump(node, view.node)
    assert dump["volume"] == close_to(specified(mode, RayCaster.GPU)["volume"])


@pytest.mark.parametrize("mode", MODES, ids=names)
def test_twice_is_the_same_as_once(mode, volume_and_view):
    node, view = volume_and_view
    apply_mode(mode, node, view.node)
    view.picture()
    once, nodes = mode_dump(node, view.node, view.renderer), mrml_scene().GetNumberOfNodes()
    apply_mode(mode, node, view.node)
    view.picture()
    assert mode_dump(node, view.node, view.renderer) == once
    assert mrml_scene().GetNumberOfNodes() == nodes


def test_a_mode_is_the_same_whatever_was_shown_before(volume_and_view):
    node, view = volume_and_view
    first = {}
    for mode in built_in_modes():
        apply_mode(mode, node, view.node)
        first[mode.key] = mode_dump(node, view.node)
    for before, mode in pairwise(reversed(built_in_modes())):
        apply_mode(before, node, view.node)
        apply_mode(mode, node, view.node)
        assert mode_dump(node, view.node) == first[mode.key]


@pytest.mark.parametrize("direction", ViewDirection)
def test_camera_looks_from_where_the_mode_says(direction, volume_and_view):
    node, view = volume_and_view
    apply_mode(replace(built_in_modes()[0], direction=direction), node, view.node)
    camera = mode_dump(node, view.node)["camera"]
    towards = [there - here for there, here in zip(camera["position"], camera["focal_point"], strict=True)]
    axis = "LRPAIS".index(direction.value[0].upper())
    assert towards[axis // 2] * (1 if axis % 2 else -1) > 2 * 64
    assert camera["focal_point"] == pytest.approx((0, -11.5, 131.5))
    view.camera_node.RotateTo(getattr(slicer.vtkMRMLCameraNode, direction.value.capitalize()))
    assert camera["view_up"] == pytest.approx(view.camera_node.GetViewUp())
    assert camera["position"] == pytest.approx(view.camera_node.GetPosition())
