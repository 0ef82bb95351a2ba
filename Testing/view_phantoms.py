"""Small volumes in the scene whose pictures tell where the view stands."""

from __future__ import annotations

from typing import Any

import numpy as np

from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.scene import mrml_scene
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteLib.volume_nodes import node_of_volume
from DicomSuiteLib.volumes import Volume

SIDE = 64
CENTRED = ImageGeometry((SIDE,) * 3, (1, 1, 1), (-(SIDE - 1) / 2,) * 3, np.eye(3))


def ball_with_nose() -> Volume:
    """A ball of water in air, with bone in front of it, to the anterior."""
    k, j, i = np.indices((SIDE,) * 3) - (SIDE - 1) / 2
    voxels = np.where(k**2 + j**2 + i**2 < 20**2, 0, -1000).astype(np.int16)
    voxels[(np.hypot(k, i) < 5) & (j < -18) & (j > -30)] = 1000
    return Volume(voxels, SliceGrid.from_geometry(CENTRED), "CT")


def ball_node() -> Any:
    """The ball in the scene."""
    return node_of_volume(ball_with_nose(), "ball")


def show_in_3d(volume_node: Any, low: float = -500, high: float = 1000) -> Any:
    """Show a volume by the CPU's ray caster, from `low` (clear, red) to `high` (opaque, white); the display node."""
    scene = mrml_scene()
    node = scene.AddNewNodeByClass("vtkMRMLVolumePropertyNode")
    opacity, colour = node.GetScalarOpacity(), node.GetColor()
    for value, share in ((low, 0.0), (0.0, 0.5), (high, 1.0)):
        opacity.AddPoint(value, share)
    # VTK's table of colours is black at a first point that it hits exactly.
    colour.AddRGBPoint(-9999.0, 1, 0, 0)
    colour.AddRGBPoint(0.0, 1, 0, 0)
    colour.AddRGBPoint(high, 1, 1, 1)
    display = scene.AddNewNodeByClass("vtkMRMLCPURayCastVolumeRenderingDisplayNode")
    display.SetAndObserveVolumePropertyNodeID(node.GetID())
    volume_node.AddAndObserveDisplayNodeID(display.GetID())
    display.SetVisibility(True)
    return display


def look_from_anterior(view: Any) -> None:
    """Let the whole scene fit a 3D view, seen from the patient's front."""
    camera = view.camera_node
    camera.SetFocalPoint(0, 0, 0)
    camera.SetPosition(0, 250, 0)
    camera.SetViewUp(0, 0, 1)
    camera.ResetClippingRange()
