"""A layout with a slice view, or one of each plane, for every volume that is compared; all show the same place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
import qt
import slicer
from slicer.i18n import tr as _

from DicomSuiteGui.crosshair import crosshairNode
from DicomSuiteLib.segment_colours import segment_colour

LAYOUT = 1205
"""Number of the layout, above those that Slicer keeps for itself."""

_VIEW_GROUP = 1205
"""Of its views: zoom, pan and crosshair concern each other, and not the views of other layouts."""

_TAG = "DicomSuiteCompare"
_COLUMNS = {1: 1, 2: 2, 3: 3, 4: 2, 5: 3, 6: 3}
"""Views side by side, by how many there are, where each volume has one."""
_MOST_ROWS = 3
"""Volumes up to which each has a row of planes; more have a column each, since screens are wide."""
_MARGIN = 1.05
"""How much more than the volumes the views show."""


class ComparedPlanes(Enum):
    """Which planes each volume is shown in; the values are Slicer's names of them."""

    AXIAL = ("Axial",)
    SAGITTAL = ("Sagittal",)
    CORONAL = ("Coronal",)
    ALL = ("Axial", "Sagittal", "Coronal")

    def label(self) -> str:
        """As the user reads it."""
        match self:
            case ComparedPlanes.AXIAL:
                return _("Axial")
            case ComparedPlanes.SAGITTAL:
                return _("Sagittal")
            case ComparedPlanes.CORONAL:
                return _("Coronal")
            case ComparedPlanes.ALL:
                return _("All three planes")


@dataclass(frozen=True)
class ViewPlace:
    """A slice view of the layout: the number of its volume, from 1, and Slicer's name of its plane."""

    number: int
    plane: str

    @property
    def tag(self) -> str:
        """Name of its slice node, unique in the scene."""
        return f"{_TAG}{self.number}{self.plane}"


class CompareLayout:
    """Shows volumes side by side, and then again what was there before."""

    def __init__(self) -> None:
        self._former: int | None = None
        self._nodes: list[Any] = []
        self._planes = ComparedPlanes.AXIAL
        self._fitting = qt.QTimer()  # the views get their size when the event loop has laid them out
        self._fitting.setSingleShot(True)
        self._fitting.connect("timeout()", self._fitLaidOut)

    @property
    def isShown(self) -> bool:
        """Whether this layout is the one that is shown."""
        manager = slicer.app.layoutManager()
        return manager is not None and manager.layout == LAYOUT

    def show(self, nodes: Sequence[Any], planes: ComparedPlanes) -> None:
        """Show these volumes in linked views of one scale, where the crosshair is, else at the middle of them all."""
        manager = slicer.app.layoutManager()
        if manager.layout != LAYOUT:
            self._former = manager.layout
        self._nodes, self._planes = list(nodes), planes
        _describe(manager.layoutLogic().GetLayoutNode(), layoutText(len(nodes), planes))
        manager.setLayout(LAYOUT)
        for composite in _composites():  # also of those that the former choice had
            composite.SetBackgroundVolumeID(None)
        with slicer.util.RenderBlocker():
            for place in _places(len(nodes), planes):
                _prepare(place, self._nodes[place.number - 1])
            self._fit()
        self._fitting.start(0)

    def end(self) -> None:
        """Go back to the layout of before, unless the user has chosen another one meanwhile, and leave no views."""
        if self.isShown:
            fourUp = slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView
            slicer.app.layoutManager().setLayout(fourUp if self._former is None else self._former)
        if slicer.app.layoutManager() is not None:
            with slicer.util.RenderBlocker():  # each view that goes would make all the others draw
                _removeViews()
        self.forget()

    def forget(self) -> None:
        """Leave the layout as it is, and hold nothing of the scene."""
        self._fitting.stop()
        self._former, self._nodes = None, []

    def _fitLaidOut(self) -> None:
        """The last time: then the views are the user's."""
        self._fit()
        self._nodes = []

    def _fit(self) -> None:
        """The same scale everywhere, so that every view shows all of every volume."""
        nodes = [node for node in self._nodes if slicer.mrmlScene.IsNodePresent(node)]
        if not self.isShown or not nodes:
            return
        low, high = _bounds(nodes)
        crosshair = _crosshairIn(low, high)
        views = [_sliceNode(place) for place in _places(len(self._nodes), self._planes)]
        scale = max(_scale(view, high - low) for view in views) * _MARGIN
        for view in views:
            width, height, _depth = view.GetDimensions()
            view.SetFieldOfView(scale * width, scale * height, view.GetFieldOfView()[2])
            view.SetXYZOrigin(0, 0, 0)
            view.JumpSliceByCentering(*((low + high) / 2).tolist())
            if crosshair is not None:
                view.JumpSliceByOffsetting(*crosshair)


def layoutText(count: int, planes: ComparedPlanes) -> str:
    """Slicer's description of the layout: a row for each volume or each plane, or for one plane rows of views."""
    places = _places(count, planes)
    several = len(planes.value) if count <= _MOST_ROWS else count
    columns = _COLUMNS[count] if len(planes.value) == 1 else several
    rows = [places[start : start + columns] for start in range(0, len(places), columns)]
    return f'<layout type="vertical">{"".join(map(_row, rows))}</layout>'


def _places(count: int, planes: ComparedPlanes) -> list[ViewPlace]:
    """Row by row."""
    numbers = range(1, count + 1)
    if count <= _MOST_ROWS:
        return [ViewPlace(number, plane) for number in numbers for plane in planes.value]
    return [ViewPlace(number, plane) for plane in planes.value for number in numbers]


def _row(places: Sequence[ViewPlace]) -> str:
    return f'<item><layout type="horizontal">{"".join(map(_item, places))}</layout></item>'


def _item(place: ViewPlace) -> str:
    colour = "#" + "".join(f"{round(255 * part):02x}" for part in segment_colour(place.number - 1))
    properties = {
        "orientation": place.plane,
        "viewgroup": str(_VIEW_GROUP),
        "viewlabel": str(place.number),
        "viewcolor": colour,
    }
    texts = [f'<property name="{name}" action="default">{value}</property>' for name, value in properties.items()]
    return f'<item><view class="vtkMRMLSliceNode" singletontag="{place.tag}">{"".join(texts)}</view></item>'


def _describe(layoutNode: Any, text: str) -> None:
    if layoutNode.IsLayoutDescription(LAYOUT):
        layoutNode.SetLayoutDescription(LAYOUT, text)
    else:
        layoutNode.AddLayoutDescription(LAYOUT, text)


def _sliceNode(place: ViewPlace) -> Any:
    return slicer.mrmlScene.GetSingletonNode(place.tag, "vtkMRMLSliceNode")


def _prepare(place: ViewPlace, volumeNode: Any) -> None:
    """Show a volume, in its whole depth, in a view that follows its neighbours."""
    view = _sliceNode(place)
    view.SetOrientation(place.plane)
    logic = slicer.app.applicationLogic().GetSliceLogic(view)
    composite = logic.GetSliceCompositeNode()
    composite.SetBackgroundVolumeID(volumeNode.GetID())
    composite.SetForegroundVolumeID(None)
    composite.SetLabelVolumeID(None)
    logic.FitSliceToBackground()
    composite.SetLinkedControl(True)
    composite.SetHotLinkedControl(True)


def _composites() -> list[Any]:
    """What says which volumes the views of this layout show."""
    composites = slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode")
    return [node for node in composites if (node.GetLayoutName() or "").startswith(_TAG)]


def _removeViews() -> None:
    """Take the views of this layout out of the scene, with what Slicer has made for them."""
    scene, logics = slicer.mrmlScene, slicer.app.applicationLogic()
    for view in slicer.util.getNodesByClass("vtkMRMLSliceNode"):
        if not (view.GetLayoutName() or "").startswith(_TAG):
            continue
        logic = logics.GetSliceLogic(view)
        parts = [logic.GetSliceCompositeNode(), logic.GetSliceModelNode(), logic.GetSliceModelTransformNode()]
        parts += [logic.GetSliceModelDisplayNode(), logic.GetSliceDisplayNode()]
        scene.RemoveNode(view)
        for part in parts:
            if part is not None and scene.IsNodePresent(part):
                scene.RemoveNode(part)


def _bounds(nodes: Sequence[Any]) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest corner of the box around volumes, RAS mm."""
    boxes = []
    for node in nodes:
        bounds = [0.0] * 6
        node.GetRASBounds(bounds)
        boxes.append(bounds)
    boxes = np.array(boxes)
    return boxes[:, ::2].min(axis=0), boxes[:, 1::2].max(axis=0)


def _crosshairIn(low: np.ndarray, high: np.ndarray) -> tuple[float, float, float] | None:
    """Where the user has put the crosshair, RAS mm, if it is in this box."""
    crosshair = crosshairNode()
    ras = (0.0, 0.0, 0.0) if crosshair is None else tuple(crosshair.GetCrosshairRAS())
    isPut = any(ras) and bool(np.all((low <= ras) & (ras <= high)))
    return ras if isPut else None


def _scale(view: Any, size: np.ndarray) -> float:
    """mm for a pixel at which a box of this size (RAS mm) fits a slice view."""
    toRAS = view.GetSliceToRAS()
    width, height, _depth = view.GetDimensions()
    across, down = (
        sum(abs(toRAS.GetElement(axis, column)) * size[axis] for axis in range(3)) for column in (0, 1)
    )
    return max(across / max(width, 1), down / max(height, 1))
