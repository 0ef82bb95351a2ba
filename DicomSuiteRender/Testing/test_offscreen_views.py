"""Views without a window show what the scene holds, and leave nothing behind."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pytest

from application import slicer, vtk
from DicomSuiteRenderLib.errors import RenderError
from DicomSuiteRenderLib.offscreen_views import View3D
from offscreen_slices import SliceView2D
from source_files import ROOT
from view_phantoms import SIDE, ball_node, look_from_anterior, show_in_3d

SIZE = (240, 200)
MIDDLE = (SIZE[1] // 2, SIZE[0] // 2)
BLACK, RED = (0.0, 0.0, 0.0), (1.0, 0.0, 0.0)


@pytest.fixture(autouse=True)
def scene() -> Iterator[None]:
    slicer.mrmlScene.Clear(0)
    yield
    slicer.mrmlScene.Clear(0)


def node_ids() -> set[str]:
    nodes = slicer.mrmlScene
    return {nodes.GetNthNode(number).GetID() for number in range(nodes.GetNumberOfNodes())}


def add_sphere(colour: tuple[float, float, float] = RED, opacity: float = 1.0, radius: float = 40.0) -> None:
    source = vtk.vtkSphereSource()
    source.SetRadius(radius)
    source.SetThetaResolution(64)
    source.SetPhiResolution(64)
    source.Update()
    model = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLModelNode")
    model.SetAndObservePolyData(source.GetOutput())
    model.CreateDefaultDisplayNodes()
    display = model.GetDisplayNode()
    display.SetColor(colour)
    display.SetOpacity(opacity)
    display.SetVisibility2D(True)


def test_3d_view_shows_the_volume_on_the_background_of_its_node() -> None:
    show_in_3d(ball_node())
    with View3D(SIZE) as view:
        view.node.SetBackgroundColor(0, 0, 1)
        view.node.SetBackgroundColor2(0, 1, 0)
        look_from_anterior(view)
        picture = view.picture()
    assert (picture.shape, picture.dtype) == ((*SIZE[::-1], 3), np.uint8)
    picture = picture.astype(int)
    assert tuple(picture[0, 0]) == pytest.approx((0, 255, 0), abs=3)
    assert tuple(picture[-1, 0]) == pytest.approx((0, 0, 255), abs=3)
    assert picture[MIDDLE].min() > 200, "the nose in front is white"
    beside = picture[MIDDLE[0], MIDDLE[1] - 25]
    assert beside[0] > 200 > 60 > beside[1:].max(), "the ball behind it is red"


def test_3d_view_shows_models_and_slice_view_cuts_them() -> None:
    add_sphere()
    with View3D(SIZE) as view:
        look_from_anterior(view)
        red, green, _ = view.picture()[MIDDLE].astype(int)
        assert red > 100 + green
    ball = ball_node()
    with SliceView2D(SIZE) as view:
        view.show(ball, "Axial")
        colours = np.ptp(view.picture().astype(int), axis=-1)
        assert (colours > 100).sum() > 100, "the cut is a red line on grey"


def test_a_view_shows_what_changes_after_its_first_picture() -> None:
    ball = ball_node()
    display = show_in_3d(ball)
    with View3D(SIZE) as view:
        view.node.SetBackgroundColor(BLACK)
        view.node.SetBackgroundColor2(BLACK)
        look_from_anterior(view)
        assert view.picture().any()
        display.SetVisibility(False)
        assert not view.picture().any()
        display.SetVisibility(True)
        assert view.picture().any()
        slicer.mrmlScene.RemoveNode(ball)
        assert not view.picture().any()


@pytest.mark.parametrize(("first", "second"), [((0.2, 0.3, 0.4), (0.7, 0.1, 0.9)), (BLACK, BLACK)])
def test_transparent_picture_laid_on_the_background_is_the_opaque_one(first: tuple, second: tuple) -> None:
    show_in_3d(ball_node())
    add_sphere(opacity=0.4)
    with View3D(SIZE) as view:
        view.node.SetBackgroundColor(first)
        view.node.SetBackgroundColor2(second)
        look_from_anterior(view)
        opaque, transparent = view.picture().astype(float), view.picture(transparent=True).astype(float)
        assert np.array_equal(view.picture(), opaque)
    assert transparent.shape == (*SIZE[::-1], 4)
    opacity = transparent[..., 3:] / 255
    assert opacity[0, 0] == 0 and opacity[MIDDLE] > 0.9
    assert opacity[MIDDLE[0], MIDDLE[1] - 35] == pytest.approx(1 - 0.6**2, abs=0.02), "both walls of the sphere"
    background = opaque[:, :1]
    assert np.abs(transparent[..., :3] * opacity + background * (1 - opacity) - opaque).max() <= 3


def test_translucent_surfaces_are_peeled_as_the_view_s_node_says() -> None:
    add_sphere(opacity=0.4)
    with View3D(SIZE) as view:
        look_from_anterior(view)
        for peels in (True, False, True):
            view.node.SetUseDepthPeeling(peels)
            view.picture()
            assert view.renderer.GetLastRenderingUsedDepthPeeling() == peels


def test_borders_of_surfaces_are_smooth() -> None:
    add_sphere(BLACK)
    with View3D(SIZE) as view:
        view.node.SetBackgroundColor(1, 1, 1)
        view.node.SetBackgroundColor2(1, 1, 1)
        look_from_anterior(view)
        shades = view.picture()[..., 0].astype(int)
    assert ((shades > 60) & (shades < 200)).sum() > 100


def test_volume_with_a_translucent_surface_is_the_same_in_every_picture() -> None:
    show_in_3d(ball_node())
    add_sphere(opacity=0.4, radius=12)
    with View3D(SIZE) as view:
        look_from_anterior(view)
        first = view.picture()
        assert all(np.array_equal(view.picture(), first) for _ in range(5))


def test_slice_view_shows_the_middle_slice_in_the_window_of_the_volume() -> None:
    ball = ball_node()
    ball.GetDisplayNode().SetInterpolate(False)
    ball.GetDisplayNode().SetWindowLevelMinMax(-1000, 1000)
    with SliceView2D((SIDE, SIDE)) as view:
        view.show(ball, "Axial")
        assert view.logic.GetSliceOffset() == pytest.approx(0.5)
        picture = view.picture()
    shades = set(np.unique(picture).tolist())
    assert shades == {0, 127, 255} or shades == {0, 128, 255}
    columns = picture[..., 0].max(axis=0)
    assert picture[10, SIDE // 2, 0] == 255 and picture[-11, SIDE // 2, 0] < 200, "anterior is at the top"
    assert columns[0] == columns[-1] == 0


def test_slice_view_without_a_volume_is_black() -> None:
    with SliceView2D(SIZE) as view:
        assert not view.picture().any()


@pytest.mark.parametrize("size", [(0, 100), (100, -1), (9000, 100)])
def test_size_that_cannot_be_drawn_is_refused_and_leaves_nothing(size: tuple[int, int]) -> None:
    before = node_ids()
    for view in (View3D, SliceView2D):
        with pytest.raises(RenderError, match=f"{size[0]} x {size[1]} pixels cannot be drawn"):
            view(size)
    assert node_ids() == before


@pytest.mark.stand_in
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="EGL is Linux's")
def test_without_opengl_there_is_an_error_in_words_and_no_crash() -> None:
    code = "from DicomSuiteRenderLib.offscreen_views import View3D\nView3D()"
    environment = {name: value for name, value in os.environ.items() if name != "DISPLAY"}
    environment |= {
        "PYTHONPATH": os.pathsep.join([str(ROOT / "DicomSuite"), str(ROOT / "DicomSuiteRender")]),
        "__EGL_VENDOR_LIBRARY_DIRS": os.devnull,
    }
    command = [sys.executable, "-B", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60)
    assert done.returncode == 1
    assert "RenderError: There is no OpenGL here to draw with; install Mesa" in done.stderr


def test_views_side_by_side_have_cameras_of_their_own() -> None:
    add_sphere()
    with View3D(SIZE) as first, View3D(SIZE) as second:
        assert first.camera_node is not second.camera_node
        look_from_anterior(first)
        before = first.picture()
        second.camera_node.SetPosition(500, 0, 0)
        assert np.array_equal(first.picture(), before)


def test_nothing_is_left_of_a_view() -> None:
    ball = ball_node()
    show_in_3d(ball)
    slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)  # made by whoever asks first
    logic = slicer.app.applicationLogic()
    before = node_ids(), logic.GetViewLogics().GetNumberOfItems(), logic.GetSliceLogics().GetNumberOfItems()
    with pytest.raises(ZeroDivisionError), View3D(SIZE) as view, SliceView2D(SIZE) as slices:
        slices.show(ball, "Sagittal")
        view.picture()
        slices.picture()
        1 / 0  # noqa: B018
    view.close()
    after = node_ids(), logic.GetViewLogics().GetNumberOfItems(), logic.GetSliceLogics().GetNumberOfItems()
    assert after == before
    assert not [name for name in node_ids() if "Offscreen" in name]


def test_a_view_is_neither_saved_nor_taken_for_one_of_the_application_s_layout() -> None:
    with View3D(SIZE) as view, SliceView2D(SIZE) as slices:
        for node in (view.node, slices.node):
            assert not node.GetSaveWithScene()
            assert node.GetParentLayoutNode() is not None
        manager = slicer.app.layoutManager()
        assert manager is None or view.node not in [
            manager.threeDWidget(number).mrmlViewNode() for number in range(manager.threeDViewCount)
        ]


def test_a_view_closes_with_its_scene() -> None:
    ball = ball_node()
    show_in_3d(ball)
    views = View3D(SIZE), SliceView2D(SIZE)
    views[1].show(ball, "Axial")
    for view in views:
        view.picture()
    slicer.mrmlScene.Clear(0)
    assert not [name for name in node_ids() if "Offscreen" in name]
    for view in views:
        with pytest.raises(RenderError, match="view is closed"):
            view.picture()
        view.close()
