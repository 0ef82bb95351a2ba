"""Pictures from all around: the camera goes round the patient in equal steps."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from DicomSuiteLib.geometry import FloatArray
from DicomSuiteRenderLib.errors import RenderError
from DicomSuiteRenderLib.window_picture import Picture


class CameraView(Protocol):
    """A 3D view that can be turned and drawn: `View3D`, or one of the application's."""

    @property
    def camera_node(self) -> Any:
        """The vtkMRMLCameraNode of the view."""

    def picture(self, transparent: bool = False) -> Picture:
        """What the view shows now."""


@dataclass(frozen=True)
class _Pose:
    """Where a camera stands, what it looks at and which way is up: RAS mm, RAS mm, RAS vector."""

    position: FloatArray
    focal_point: FloatArray
    view_up: FloatArray

    @classmethod
    def of(cls, camera_node: Any) -> _Pose:
        camera = camera_node.GetCamera()
        return cls(*(np.array(vector) for vector in (camera.GetPosition(), camera.GetFocalPoint(), camera.GetViewUp())))

    def turned(self, degrees: float) -> _Pose:
        """The pose after a turn about the superior axis through the focal point: by way of the patient's left."""
        angle = np.radians(degrees)
        cos, sin = np.cos(angle), np.sin(angle)
        turn = np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])
        arm = self.position - self.focal_point
        return _Pose(self.focal_point + turn @ arm, self.focal_point, turn @ self.view_up)

    def give(self, camera_node: Any) -> None:
        was_modifying = camera_node.StartModify()
        camera_node.SetPosition(self.position)
        camera_node.SetFocalPoint(self.focal_point)
        camera_node.SetViewUp(self.view_up)
        camera_node.EndModify(was_modifying)
        camera_node.ResetClippingRange()


def turntable(view: CameraView, frames: int, transparent: bool = False) -> Iterator[Picture]:
    """Draw `frames` pictures, each 360 / frames degrees further, the first from where the camera is.

    The camera goes round the superior axis through its focal point, from anterior by way of the patient's left. It is
    back in its place when the pictures end, or when the iterator is closed before that.

    Raises
    ------
    RenderError
        If `frames` is not at least 1.
    """
    if frames < 1:
        raise RenderError(f"A turntable has at least 1 picture, not {frames}; give how many there shall be.")
    return _turntable(view, frames, transparent)


def _turntable(view: CameraView, frames: int, transparent: bool) -> Iterator[Picture]:
    camera_node = view.camera_node
    with _pose_kept(camera_node) as start:
        for frame in range(frames):
            # From the start each time, so that rounding does not add up.
            start.turned(360 * frame / frames).give(camera_node)
            yield view.picture(transparent)


@contextmanager
def _pose_kept(camera_node: Any) -> Iterator[_Pose]:
    pose = _Pose.of(camera_node)
    try:
        yield pose
    finally:
        pose.give(camera_node)
