"""A slice view without a window, with which tests see what Slicer's own slice views would show."""

from __future__ import annotations

from typing import Any

from DicomSuiteLib.scene import application_logic, mrml_scene
from DicomSuiteRenderLib.offscreen_views import OffscreenView, add_view_node

_MANAGERS_2D = (
    "vtkMRMLVolumeGlyphSliceDisplayableManager",
    "vtkMRMLModelSliceDisplayableManager",
    "vtkMRMLCrosshairDisplayableManager",
    "vtkMRMLOrientationMarkerDisplayableManager",
    "vtkMRMLRulerDisplayableManager",
    "vtkMRMLScalarBarDisplayableManager",
    "vtkMRMLColorLegendDisplayableManager",
    "vtkMRMLMarkupsDisplayableManager",
    "vtkMRMLSegmentationsDisplayableManager2D",
)
"""What the application's slice views and the modules Colors, Markups and Segmentations register."""


class SliceView2D(OffscreenView):
    """A slice view of `size` (width, height) pixels; `node` is its vtkMRMLSliceNode, `logic` its vtkMRMLSliceLogic."""

    def __init__(self, size: tuple[int, int] = (500, 500)) -> None:
        super().__init__("vtkMRMLSliceViewDisplayableManagerFactory", _MANAGERS_2D, size)
        import slicer
        import vtk

        self.renderer.GetActiveCamera().ParallelProjectionOn()
        self._mapper = vtk.vtkImageMapper()
        self._mapper.SetColorWindow(255)
        self._mapper.SetColorLevel(255 / 2)
        self._image = vtk.vtkActor2D()
        self._image.SetMapper(self._mapper)
        self._image.GetProperty().SetDisplayLocationToBackground()
        self.node = add_view_node("vtkMRMLSliceNode")
        self.logic = slicer.vtkMRMLSliceLogic()
        self.logic.SetMRMLApplicationLogic(application_logic())
        application_logic().GetSliceLogics().AddItem(self.logic)
        self.logic.SetMRMLScene(mrml_scene())
        self.logic.SetSliceNode(self.node)
        self.composite_node.SetLinkedControl(False)
        self._managers.SetMRMLDisplayableNode(self.node)
        self.logic.ResizeSliceNode(*size)

    @property
    def composite_node(self) -> Any:
        """The vtkMRMLSliceCompositeNode: which volumes are shown."""
        return self.logic.GetSliceCompositeNode()

    def show(self, volume_node: Any, orientation: str) -> None:
        """Show the middle slice of a volume, all of it: "Axial", "Sagittal", "Coronal", or another preset's name."""
        self.node.SetOrientation(orientation)
        self.composite_node.SetBackgroundVolumeID(volume_node.GetID())
        self.logic.FitSliceToBackground()
        self.logic.SnapSliceOffsetToIJK()

    def close(self) -> None:
        """Take the view and what it is made of out of the scene."""
        if self.node is None:
            return
        application_logic().GetSliceLogics().RemoveItem(self.logic)
        composite = self.composite_node
        self.logic.DeleteSliceModel()
        self.logic.SetSliceNode(None)
        self.logic.SetMRMLScene(None)
        self._let_go(self.node, composite)
        self.node = None

    def _draw(self) -> None:
        image = self.logic.GetImageDataConnection()
        self._mapper.SetInputConnection(image)
        if image is None:
            self.renderer.RemoveViewProp(self._image)
        else:
            self.renderer.AddViewProp(self._image)
        super()._draw()
