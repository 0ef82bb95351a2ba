"""Views without a window: Slicer's own displayable managers draw the scene, in the application and without it."""

from __future__ import annotations

from itertools import count
from types import TracebackType
from typing import Any, Self

from DicomSuiteLib.scene import application_logic, mrml_scene
from DicomSuiteRenderLib.errors import RenderError
from DicomSuiteRenderLib.render_window import offscreen_window
from DicomSuiteRenderLib.window_picture import Picture, window_picture

_MANAGERS_3D = (
    "vtkMRMLCameraDisplayableManager",
    "vtkMRMLViewDisplayableManager",
    "vtkMRMLModelDisplayableManager",
    "vtkMRMLThreeDReformatDisplayableManager",
    "vtkMRMLCrosshairDisplayableManager3D",
    "vtkMRMLOrientationMarkerDisplayableManager",
    "vtkMRMLRulerDisplayableManager",
    "vtkMRMLColorLegendDisplayableManager",
    "vtkMRMLMarkupsDisplayableManager",
    "vtkMRMLSegmentationsDisplayableManager3D",
    "vtkMRMLVolumeRenderingDisplayableManager",
)
"""What the application's views and the modules Colors, Markups, Segmentations and Volume Rendering register."""

_LAYOUT = "DicomSuiteOffscreenViews"
"""The node that stands for the layout of these views: the application makes widgets only for those of its own."""

_CPU_CASTER = "vtkFixedPointVolumeRayCastMapper"

_VIEWS = "vtkMRMLAbstractViewNode"

_numbers = count(1)


class OffscreenView:
    """A render window in memory whose renderer is filled by displayable managers.

    It closes by itself when the scene is closed.

    Raises
    ------
    MissingPackageError
        As for `mrml_scene`.
    RenderError
        As for `offscreen_window`.
    """

    def __init__(self, factory_class: str, managers: tuple[str, ...], size: tuple[int, int]) -> None:
        logic = application_logic()
        import slicer
        import vtk

        factory = getattr(slicer, factory_class).GetInstance()
        factory.SetMRMLApplicationLogic(logic)
        self.renderer = vtk.vtkRenderer()
        self.window = offscreen_window(size)
        self.window.AddRenderer(self.renderer)
        # Some managers ask for an interactor; a generic one never starts an event loop.
        self._interactor = vtk.vtkGenericRenderWindowInteractor()
        self._interactor.SetRenderWindow(self.window)
        for manager in managers:
            if not factory.IsDisplayableManagerRegistered(manager):
                factory.RegisterDisplayableManager(manager)
        self._managers = slicer.vtkMRMLDisplayableManagerGroup()
        self._managers.Initialize(factory, self.renderer)
        self.node: Any = None
        self._scene = mrml_scene()
        self._closing = self._scene.AddObserver(self._scene.StartCloseEvent, lambda caller, event: self.close())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the picture, pixels."""
        return self.window.GetSize()

    def picture(self, transparent: bool = False) -> Picture:
        """Draw the scene; `transparent` leaves the background away and gives a fourth channel, the opacity.

        Raises
        ------
        RenderError
            If the view or its scene has been closed.
        """
        if self.node is None:
            raise RenderError("The view is closed, and so may be its scene; show the volume again.")
        return window_picture(self.window, self._draw, transparent)

    def close(self) -> None:
        """Take the view and what belongs to it out of the scene; once is enough, twice is the same."""
        raise NotImplementedError

    def _draw(self) -> None:
        self.window.Render()

    def _let_go(self, *nodes: Any) -> None:
        """Let the managers forget the scene before the nodes of the view leave it."""
        self._scene.RemoveObserver(self._closing)
        self._managers.SetMRMLDisplayableNode(None)
        self.window.Finalize()
        for node in nodes:
            self._scene.RemoveNode(node)
        _remove_unused_layout()


class View3D(OffscreenView):
    """A 3D view of `size` (width, height) pixels; `node` is its vtkMRMLViewNode."""

    def __init__(self, size: tuple[int, int] = (600, 600)) -> None:
        super().__init__("vtkMRMLThreeDViewDisplayableManagerFactory", _MANAGERS_3D, size)
        import slicer

        self.node = add_view_node("vtkMRMLViewNode")
        self._logic = slicer.vtkMRMLViewLogic()
        self._logic.SetMRMLApplicationLogic(application_logic())
        self._logic.SetName(self.node.GetLayoutName())
        self._logic.SetMRMLScene(mrml_scene())
        application_logic().GetViewLogics().AddItem(self._logic)
        self.node.SetBoxVisible(False)
        self.node.SetAxisLabelsVisible(False)
        self._managers.SetMRMLDisplayableNode(self.node)

    @property
    def camera_node(self) -> Any:
        """The vtkMRMLCameraNode of the view."""
        return self._managers.GetDisplayableManagerByClassName("vtkMRMLCameraDisplayableManager").GetCameraNode()

    def close(self) -> None:
        """Take the view and its camera out of the scene."""
        if self.node is None:
            return
        application_logic().GetViewLogics().RemoveItem(self._logic)
        camera = self.camera_node
        self._logic.SetMRMLScene(None)
        self._let_go(self.node, camera)
        self.node = None

    def _draw(self) -> None:
        # What the application's own view does for the same switch.
        peels = bool(self.node.GetUseDepthPeeling())
        self.window.SetAlphaBitPlanes(peels)
        self.renderer.SetUseDepthPeeling(peels)
        casters = self._ray_casters()
        # The CPU's ray caster draws noise in a peeling pass.
        self.renderer.SetUseDepthPeelingForVolumes(peels and not any(caster.IsA(_CPU_CASTER) for caster in casters))
        # Surfaces have steps at their borders; the values of a volume are left as they are.
        self.renderer.SetUseFXAA(not casters)
        self.renderer.ResetCameraClippingRange()
        super()._draw()

    def _ray_casters(self) -> list[Any]:
        """Mappers of the volumes that are seen."""
        volumes = [volume for volume in self.renderer.GetVolumes() if volume.GetVisibility()]
        return [volume.GetMapper() for volume in volumes if volume.GetMapper() is not None]


def add_view_node(class_name: str) -> Any:
    """A view node of a layout of its own, which is neither saved nor listed."""
    scene = mrml_scene()
    layout = _layout_node() or scene.AddNode(_hidden_node("vtkMRMLScriptedModuleNode", _LAYOUT))
    node = _hidden_node(class_name, f"{_LAYOUT}{next(_numbers)}")
    node.SetLayoutName(node.GetSingletonTag())
    node.SetAndObserveParentLayoutNodeID(layout.GetID())
    return scene.AddNode(node)


def _layout_node() -> Any:
    return mrml_scene().GetSingletonNode(_LAYOUT, "vtkMRMLScriptedModuleNode")


def _remove_unused_layout() -> None:
    scene, layout = mrml_scene(), _layout_node()
    views = [scene.GetNthNodeByClass(n, _VIEWS) for n in range(scene.GetNumberOfNodesByClass(_VIEWS))]
    if layout is not None and all(view.GetParentLayoutNode() is not layout for view in views):
        scene.RemoveNode(layout)


def _hidden_node(class_name: str, tag: str) -> Any:
    node = mrml_scene().CreateNodeByClass(class_name)
    node.UnRegister(None)
    node.SetSingletonTag(tag)
    node.SetHideFromEditors(True)
    node.SetSaveWithScene(False)
    return node
