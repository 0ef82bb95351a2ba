"""Shows one picture in a slice view as its file holds it, columns to the right and rows down, then what was before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import qt
import slicer
import vtk
from slicer.i18n import tr as _
from vtk.util.numpy_support import numpy_to_vtk

from DicomSuiteAnonymizeLib.pixels.frame_picture import FramePicture
from DicomSuiteGui.shown_views import whyNoSlices
from DicomSuiteLib.geometry import LPS_FROM_RAS, ImageGeometry

_VIEW = "Red"
"""Slicer's name of the view that is used, which the layout with one slice view shows."""


@dataclass(frozen=True)
class _Former:
    """What the view showed: volumes, plane, field of view and layout (None where the application has none)."""

    background: str | None
    foreground: str | None
    label: str | None
    sliceToRas: vtk.vtkMatrix4x4
    fieldOfView: tuple[float, float, float]
    layout: int | None


class PictureView:
    """A volume node for the picture, in no saved scene: its pixels may show who the patient is."""

    def __init__(self) -> None:
        self.node: Any = None
        self._former: _Former | None = None
        self._fitting = qt.QTimer()  # the view gets its size when the event loop has laid it out
        self._fitting.setSingleShot(True)
        self._fitting.connect("timeout()", self._fit)

    @property
    def isShown(self) -> bool:
        """Whether the picture is in the scene; it may have been closed with it."""
        return self.node is not None and slicer.mrmlScene.IsNodePresent(self.node)

    @property
    def whyNot(self) -> str:
        """Why there is no view to show it in; "" where there is."""
        return whyNoSlices()

    def show(self, picture: FramePicture) -> None:
        """Show this picture, in place of the one before."""
        if not self.isShown:
            self.node = _newNode(_("Picture"))
        self.node.SetAndObserveImageData(_coloured(picture))
        picture.geometry.set_on_volume_node(self.node)
        view = _sliceNode()
        if view is not None and self._former is None:
            self._former = _whatIsShown(view)
            _setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutOneUpRedSliceView)
            self._turn(view, picture.geometry)

    def end(self) -> None:
        """Take the picture out of the scene, and show what was there before."""
        self._fitting.stop()
        view, former = _sliceNode(), self._former
        self._former = None
        if self.isShown:
            display = self.node.GetDisplayNode()
            slicer.mrmlScene.RemoveNode(self.node)
            slicer.mrmlScene.RemoveNode(display)
        self.node = None
        if former is not None and view is not None:
            _showAgain(view, former)

    def _turn(self, view: Any, geometry: ImageGeometry) -> None:
        composite = _compositeOf(view)
        composite.SetBackgroundVolumeID(self.node.GetID())
        composite.SetForegroundVolumeID(None)
        composite.SetLabelVolumeID(None)
        view.GetSliceToRAS().DeepCopy(_sliceToRas(geometry).ravel().tolist())
        view.UpdateMatrices()
        self._fitting.start(0)

    def _fit(self) -> None:
        view = _sliceNode()
        logic = None if view is None else slicer.app.applicationLogic().GetSliceLogic(view)
        if logic is not None:
            logic.FitSliceToBackground()


def _newNode(name: str) -> Any:
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLVectorVolumeNode", slicer.mrmlScene.GenerateUniqueName(name))
    node.CreateDefaultDisplayNodes()
    node.GetDisplayNode().SetInterpolate(False)  # boxes are made of pixels
    for one in (node, node.GetDisplayNode()):
        one.SetSaveWithScene(False)
    return node


def _coloured(picture: FramePicture) -> vtk.vtkImageData:
    """Vector volumes have three values a voxel, also grey ones."""
    pixels = picture.pixels if picture.pixels.ndim == 3 else np.repeat(picture.pixels[..., None], 3, axis=2)
    image = vtk.vtkImageData()
    image.SetDimensions(*picture.geometry.size)
    image.GetPointData().SetScalars(numpy_to_vtk(np.ascontiguousarray(pixels).reshape(-1, 3), deep=True))
    return image


def _sliceToRas(geometry: ImageGeometry) -> np.ndarray:
    """A view's right is where columns grow, its top where rows come from; it passes through the picture's middle."""
    axes = np.array(geometry.directions)
    matrix = np.eye(4)
    matrix[:3, 0], matrix[:3, 1] = axes[:, 0], -axes[:, 1]
    matrix[:3, 2] = np.cross(matrix[:3, 0], matrix[:3, 1])
    matrix[:3, 3] = geometry.lps_from_ijk([(size - 1) / 2 for size in (*geometry.size[:2], 1)])
    return LPS_FROM_RAS @ matrix


def _sliceNode() -> Any:
    """The view that the layout with one slice view shows, else any; None where there is none."""
    nodes = [node for node in slicer.util.getNodesByClass("vtkMRMLSliceNode") if _compositeOf(node) is not None]
    return next((node for node in nodes if node.GetLayoutName() == _VIEW), next(iter(nodes), None))


def _compositeOf(view: Any) -> Any:
    """The node that says which volumes the view shows."""
    return slicer.vtkMRMLSliceLogic.GetSliceCompositeNode(view)


def _whatIsShown(view: Any) -> _Former:
    composite = _compositeOf(view)
    matrix = vtk.vtkMatrix4x4()
    matrix.DeepCopy(view.GetSliceToRAS())
    manager = slicer.app.layoutManager()
    return _Former(
        composite.GetBackgroundVolumeID(),
        composite.GetForegroundVolumeID(),
        composite.GetLabelVolumeID(),
        matrix,
        view.GetFieldOfView(),
        None if manager is None else manager.layout,
    )


def _showAgain(view: Any, former: _Former) -> None:
    composite = _compositeOf(view)
    composite.SetBackgroundVolumeID(former.background)
    composite.SetForegroundVolumeID(former.foreground)
    composite.SetLabelVolumeID(former.label)
    view.GetSliceToRAS().DeepCopy(former.sliceToRas)
    view.SetFieldOfView(*former.fieldOfView)
    view.UpdateMatrices()
    _setLayout(former.layout)


def _setLayout(layout: int | None) -> None:
    manager = slicer.app.layoutManager()
    if manager is not None and layout is not None:
        manager.setLayout(layout)
