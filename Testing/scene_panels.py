"""Volumes of known values and places in the scene, and what panels of this module are given by it."""

from __future__ import annotations

from typing import Any

import numpy as np

from application import processEvents, slicer
from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteLib.volume_nodes import node_of_volume
from DicomSuiteLib.volumes import Volume

TURN = np.deg2rad(25)
STRAIGHT = ImageGeometry((32, 28, 20), (1.5, 1.5, 2.5), (-24.0, -20.0, -25.0), ((1, 0, 0), (0, 1, 0), (0, 0, 1)))
OBLIQUE = ImageGeometry(
    (24, 40, 16),
    (2.0, 1.0, 3.0),
    (-18.0, -30.0, -20.0),
    ((np.cos(TURN), -np.sin(TURN), 0), (np.sin(TURN), np.cos(TURN), 0), (0, 0, 1)),
)
"""Two grids that overlap, with other spacings and directions."""


class PanelParameters:
    """What the panels read and write of the module's parameter node."""

    def __init__(self) -> None:
        self.compared: list[Any] = []


def add_volume(name: str, geometry: ImageGeometry = STRAIGHT, *, modality: str = "CT", offset: int = 0) -> Any:
    """A volume in the scene whose every voxel has a value of its own, from `offset` on."""
    voxels = np.arange(np.prod(geometry.size), dtype=np.int32).reshape(geometry.size[::-1]) + offset
    return node_of_volume(Volume(voxels, SliceGrid.from_geometry(geometry), modality), name)


def value_at(geometry: ImageGeometry, ijk: tuple[int, int, int], offset: int = 0) -> int:
    """What `add_volume` has put into a voxel."""
    columns, rows, _ = geometry.size
    i, j, k = ijk
    return offset + i + columns * (j + rows * k)


def slice_composite() -> Any:
    """A node that says what a slice view shows; the application has one for each of its views.

    Views of a layout that is not shown, which earlier tests may have left, do not count.
    """
    found = [node for node in slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode") if _is_shown(node)]
    return found[0] if found else slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSliceCompositeNode")


def _is_shown(composite: Any) -> bool:
    name = composite.GetLayoutName()
    view = slicer.mrmlScene.GetSingletonNode(name, "vtkMRMLSliceNode") if name else None
    return view is None or view.IsMappedInLayout()


def slice_nodes() -> list[Any]:
    """The nodes of axial, sagittal and coronal slice views; the application's own, which it shows."""
    found = slicer.util.getNodesByClass("vtkMRMLSliceNode")
    return found or [_slice_node(orientation) for orientation in ("Axial", "Sagittal", "Coronal")]


def _slice_node(orientation: str) -> Any:
    node = slicer.mrmlScene.CreateNodeByClass("vtkMRMLSliceNode")
    node.UnRegister(None)
    node.SetLayoutName(f"Test{orientation}")
    node = slicer.mrmlScene.AddNode(node)
    node.SetOrientation(orientation)
    return node


def drag(view: str, *places: tuple[int, int]) -> None:
    """Press the left mouse button at the first place (pixels) of a slice view, move it, release it at the last."""
    interactor = slicer.app.layoutManager().sliceWidget(view).sliceView().interactor()
    events = ["MouseMoveEvent", "LeftButtonPressEvent", *["MouseMoveEvent"] * (len(places) - 1)]
    for event, place in zip([*events, "LeftButtonReleaseEvent"], [places[0], *places, places[-1]], strict=True):
        interactor.SetEventInformation(*place, 0, 0)
        interactor.InvokeEvent(event)
    processEvents()
