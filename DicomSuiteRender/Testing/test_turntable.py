"""The camera goes round the patient in equal steps, and a slice view through all slices; both come back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from application import slicer
from DicomSuiteRenderLib.errors import RenderError
from DicomSuiteRenderLib.offscreen_views import View3D
from DicomSuiteRenderLib.turntable import turntable
from DicomSuiteRenderLib.window_picture import Picture
from view_phantoms import ball_node, look_from_anterior, show_in_3d

SIZE = (120, 100)
coordinates = st.floats(-300, 300)
points = st.tuples(coordinates, coordinates, coordinates)


class WatchedView:
    """A view that draws nothing and remembers where its camera stood at each picture."""

    def __init__(self, position: tuple, focal_point: tuple, view_up: tuple = (0, 0, 1)) -> None:
        self.camera_node = slicer.vtkMRMLCameraNode()
        self.camera_node.SetPosition(position)
        self.camera_node.SetFocalPoint(focal_point)
        self.camera_node.SetViewUp(view_up)
        self.poses: list[np.ndarray] = []

    def pose(self) -> np.ndarray:
        camera: Any = self.camera_node.GetCamera()
        return np.array([camera.GetPosition(), camera.GetFocalPoint(), camera.GetViewUp()])

    def picture(self, transparent: bool = False) -> Picture:
        self.poses.append(self.pose())
        return np.zeros((1, 1, 4 if transparent else 3), np.uint8)


@pytest.fixture(autouse=True)
def scene() -> Iterator[None]:
    slicer.mrmlScene.Clear(0)
    yield
    slicer.mrmlScene.Clear(0)


@given(points, points, st.integers(1, 400))
def test_every_step_is_the_same_angle_about_the_superior_axis_through_the_focal_point(
    position: tuple, focal_point: tuple, frames: int
) -> None:
    view = WatchedView(position, focal_point)
    start = view.pose()
    assert sum(1 for _ in turntable(view, frames)) == frames
    poses = np.array(view.poses)
    arms = poses[:, 0] - start[1]
    across = arms[:, 0] + 1j * arms[:, 1]
    expected = across[0] * np.exp(2j * np.pi * np.arange(frames) / frames)
    assert np.abs(across - expected).max() < 1e-9
    assert np.ptp(arms[:, 2]) < 1e-9
    assert np.abs(poses[:, 1] - start[1]).max() < 1e-12
    assert np.abs(poses[:, 2] - (0, 0, 1)).max() < 1e-12
    assert np.abs(view.pose() - start).max() < 1e-12


def test_from_anterior_the_camera_goes_to_the_patient_s_left_first() -> None:
    view = WatchedView((0, 100, 0), (0, 0, 0))
    list(turntable(view, 4))
    assert np.allclose([pose[0] for pose in view.poses], [(0, 100, 0), (-100, 0, 0), (0, -100, 0), (100, 0, 0)])


def test_view_that_looks_down_turns_about_what_it_looks_at() -> None:
    view = WatchedView((0, 0, 100), (0, 0, 0), (0, 1, 0))
    list(turntable(view, 4))
    assert np.allclose([pose[0] for pose in view.poses], [(0, 0, 100)] * 4)
    assert np.allclose([pose[2] for pose in view.poses], [(0, 1, 0), (-1, 0, 0), (0, -1, 0), (1, 0, 0)])


def test_camera_comes_back_when_the_pictures_are_given_up() -> None:
    view = WatchedView((0, 100, 0), (0, 0, 0))
    with closing(turntable(view, 10)) as pictures:
        next(pictures), next(pictures), next(pictures)
        assert view.pose()[0][0] < -1
    assert view.pose()[0].tolist() == [0, 100, 0]


def test_nose_of_the_ball_goes_round() -> None:
    show_in_3d(ball_node())
    with View3D(SIZE) as view:
        look_from_anterior(view)
        before = view.picture()
        pictures = [picture.astype(int) for picture in turntable(view, 4)]
        assert np.array_equal(view.picture(), before)
        assert {picture.shape[-1] for picture in turntable(view, 2, transparent=True)} == {4}
    assert np.array_equal(pictures[0], before)
    nose = [np.argwhere((picture[..., 1] > 200) & (picture[..., 2] > 200))[:, 1] - SIZE[0] / 2 for picture in pictures]
    front, from_left, behind, from_right = nose
    assert abs(front.mean()) < 1 and front.size
    assert from_left.max() < -10, "seen from the patient's left, the front is at the left"
    assert behind.size == 0 or np.abs(behind).max() < 6
    assert from_right.min() > 10


def test_scene_that_is_closed_in_the_middle_ends_the_pictures_in_words() -> None:
    ball = ball_node()
    show_in_3d(ball)
    with View3D(SIZE) as view:
        turning = turntable(view, 4)
        next(turning)
        slicer.mrmlScene.Clear(0)
        with pytest.raises(RenderError, match="view is closed"):
            next(turning)


@pytest.mark.parametrize("frames", [0, -3])
def test_turntable_without_a_picture_is_refused_at_once(frames: int) -> None:
    with pytest.raises(RenderError, match="at least 1 picture"):
        turntable(WatchedView((0, 1, 0), (0, 0, 0)), frames)
