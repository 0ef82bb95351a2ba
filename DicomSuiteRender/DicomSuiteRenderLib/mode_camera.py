"""Where the camera of a 3D view is: in front of a volume, so that all of it is seen."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from DicomSuiteLib.geometry import RAS_SIGNS, FloatArray, Vector3
from DicomSuiteLib.scene import module_logic
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteRenderLib.render_mode import ViewDirection

VIEW_ANGLE = 30.0
"""Degrees from the bottom to the top of the picture: VTK's and Slicer's default."""
_MARGIN = 1.05
"""A volume does not touch the edges of the picture."""

_AXES: Mapping[ViewDirection, tuple[Vector3, Vector3]] = MappingProxyType(
    {
        ViewDirection.ANTERIOR: ((0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
        ViewDirection.POSTERIOR: ((0.0, -1.0, 0.0), (0.0, 0.0, 1.0)),
        ViewDirection.LEFT: ((-1.0, 0.0, 0.0), (0.0, 0.0, 1.0)),
        ViewDirection.RIGHT: ((1.0, 0.0, 0.0), (0.0, 0.0, 1.0)),
        ViewDirection.SUPERIOR: ((0.0, 0.0, 1.0), (0.0, -1.0, 0.0)),
        ViewDirection.INFERIOR: ((0.0, 0.0, -1.0), (0.0, 1.0, 0.0)),
    }
)
"""RAS directions from the patient to the camera, and up in the picture: those of Slicer's own view buttons."""


@dataclass(frozen=True)
class CameraPlace:
    """Position, focal point (RAS mm) and view-up of a camera, and how much it sees.

    Parameters
    ----------
    view_angle : degrees, for perspective
    parallel_scale : mm from the middle to the top of the picture, for parallel projection
    """

    position: Vector3
    focal_point: Vector3
    view_up: Vector3
    view_angle: float
    parallel_scale: float

    @classmethod
    def in_front_of(cls, grid: SliceGrid, direction: ViewDirection) -> CameraPlace:
        """Look at all of a volume, however it is turned, in a picture that is as wide as high or wider."""
        corners = _corners(grid)
        centre = (corners.min(axis=0) + corners.max(axis=0)) / 2
        towards, up = (np.array(axis) for axis in _AXES[direction])
        offsets = corners - centre
        aside = np.maximum(np.abs(offsets @ up), np.abs(offsets @ np.cross(up, towards))) * _MARGIN
        distance = float((offsets @ towards + aside / math.tan(math.radians(VIEW_ANGLE / 2))).max())
        return cls(_vector(centre + distance * towards), _vector(centre), _vector(up), VIEW_ANGLE, float(aside.max()))

    @classmethod
    def of(cls, camera_node: Any) -> CameraPlace:
        """Read a vtkMRMLCameraNode."""
        return cls(
            tuple(camera_node.GetPosition()),
            tuple(camera_node.GetFocalPoint()),
            tuple(camera_node.GetViewUp()),
            camera_node.GetViewAngle(),
            camera_node.GetParallelScale(),
        )

    def set_on(self, camera_node: Any) -> None:
        """Move a vtkMRMLCameraNode here; perspective or parallel projection stays."""
        modified = camera_node.StartModify()
        camera_node.SetPosition(self.position)
        camera_node.SetFocalPoint(self.focal_point)
        camera_node.SetViewUp(self.view_up)
        camera_node.SetViewAngle(self.view_angle)
        camera_node.SetParallelScale(self.parallel_scale)
        camera_node.EndModify(modified)
        camera_node.ResetClippingRange()


def camera_node_of(view_node: Any) -> Any:
    """The vtkMRMLCameraNode of a view; None while nobody shows the view."""
    return module_logic("Cameras").GetViewActiveCameraNode(view_node)


def _corners(grid: SliceGrid) -> FloatArray:
    """Outer corners of the volume, (8, 3), RAS mm; of the first and last slices where they lie."""
    columns, rows, slices = grid.size
    ijk = [
        (i, j, k) for i in (-0.5, columns - 0.5) for j in (-0.5, rows - 0.5) for k in (-0.5, slices - 0.5)
    ]
    return grid.lps_from_ijk(ijk) * RAS_SIGNS


def _vector(values: FloatArray) -> Vector3:
    return tuple(values.tolist())
