"""Lets a click or drag of the left button move the crosshair, and every slice view with it."""

from __future__ import annotations

from typing import Any

import slicer
import vtk

from DicomSuiteGui.crosshair import crosshairNode
from DicomSuiteGui.scene_changes import SceneChanges


class CrosshairGestures:
    """From `start` to `stop`: click and drag in slice views, click on something in 3D views; else as in Slicer.

    Slicer's own widgets do the work. They let go of an event that something nearer wants: a markup under the
    mouse, one that is being placed, the mouse mode for window and level.
    """

    def __init__(self) -> None:
        self._changes = SceneChanges(self._bindAll)
        self._layoutManager = None
        self._isShownByUs = False

    def start(self) -> None:
        """Begin, and show the crosshair where it is hidden."""
        self.stop()
        self._layoutManager = slicer.app.layoutManager()
        if self._layoutManager is not None:
            self._layoutManager.connect("layoutChanged()", self._bindAll)
        self._changes.follow()
        self._bindAll()
        crosshair = crosshairNode()
        if crosshair is not None and crosshair.GetCrosshairMode() == crosshair.NoCrosshair:
            crosshair.SetCrosshairMode(crosshair.ShowBasic)
            self._isShownByUs = True

    def stop(self) -> None:
        """Leave the views as they were."""
        self._changes.stop()
        if self._layoutManager is not None:
            self._layoutManager.disconnect("layoutChanged()", self._bindAll)
            self._layoutManager = None
        for widget in (*_sliceWidgets(), *_cameraWidgets()):
            _unbind(widget)
        crosshair = crosshairNode()
        if self._isShownByUs and crosshair is not None:
            crosshair.SetCrosshairMode(crosshair.NoCrosshair)
        self._isShownByUs = False

    def _bindAll(self) -> None:
        """Also in views that a new layout has brought."""
        for widget in _sliceWidgets():
            _unbind(widget)
            _bindDrag(widget)
        for widget in _cameraWidgets():
            _unbind(widget)
            _bindClick(widget)


def _sliceWidgets() -> list[Any]:
    managers = _managers("vtkMRMLSliceNode", "vtkMRMLCrosshairDisplayableManager")
    return [manager.GetSliceIntersectionWidget() for manager in managers]


def _cameraWidgets() -> list[Any]:
    return [manager.GetCameraWidget() for manager in _managers("vtkMRMLViewNode", "vtkMRMLCameraDisplayableManager")]


def _managers(viewClass: str, managerClass: str) -> list[Any]:
    """Those of every view that has been shown."""
    logic = slicer.app.applicationLogic()
    views = slicer.util.getNodesByClass(viewClass)
    return [manager for view in views if (manager := logic.GetViewDisplayableManagerByClassName(view, managerClass))]


def _bindDrag(widget: Any) -> None:
    widget.SetEventTranslationClickAndDrag(
        widget.WidgetStateIdle,
        vtk.vtkCommand.LeftButtonPressEvent,
        vtk.vtkEvent.NoModifier,
        widget.WidgetStateMoveCrosshair,
        widget.WidgetEventMoveCrosshairStart,
        widget.WidgetEventMoveCrosshairEnd,
    )


def _bindClick(widget: Any) -> None:
    """A drag turns a 3D view."""
    widget.SetEventTranslation(*_click(widget), widget.WidgetEventSetCrosshairPosition)


def _unbind(widget: Any) -> None:
    nothing = vtk.vtkWidgetEvent.NoEvent
    if widget.IsA("vtkMRMLCameraWidget"):
        widget.SetEventTranslation(*_click(widget), nothing)
        return
    left, state = vtk.vtkCommand.LeftButtonPressEvent, widget.WidgetStateMoveCrosshair
    widget.SetEventTranslationClickAndDrag(
        widget.WidgetStateIdle, left, vtk.vtkEvent.NoModifier, state, nothing, nothing
    )
    widget.SetEventTranslation(state, vtk.vtkCommand.MouseMoveEvent, vtk.vtkEvent.AnyModifier, nothing)


def _click(widget: Any) -> tuple[int, int, int]:
    event = slicer.vtkMRMLInteractionEventData.LeftButtonClickEvent
    return widget.WidgetStateIdle, event, vtk.vtkEvent.NoModifier
