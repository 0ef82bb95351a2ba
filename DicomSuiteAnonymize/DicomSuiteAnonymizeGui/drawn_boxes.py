"""Boxes that the user drags on a picture in a slice view; where they are let go they snap to whole pixels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import slicer
from slicer.i18n import tr as _

from DicomSuiteAnonymizeLib.pixels.box_markups import Box, box_of, place_box
from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.node_roles import remove_with_companions
from DicomSuiteLib.plain_signal import Signal

_CLASS = "vtkMRMLMarkupsROINode"
_FILL_OPACITY = 0.35


class DrawnBoxes:
    """ROI markups, in no saved scene; `changed` is emitted without arguments when the user has moved one."""

    def __init__(self) -> None:
        self.changed = Signal()
        self._picture: ImageGeometry | None = None
        self._observed: list[tuple[Any, int]] = []

    @property
    def isShown(self) -> bool:
        """Whether boxes can be drawn now."""
        return self._picture is not None

    @property
    def boxes(self) -> tuple[Box, ...]:
        """Those that are in the scene, in whole pixels of the picture; what was dragged off it does not count."""
        found = (box_of(node, self._picture) for node in self._nodes())
        return tuple(box for box in found if box is not None)

    def show(self, boxes: Sequence[Box], picture: ImageGeometry) -> None:
        """Show exactly these boxes, on the picture with this geometry."""
        if self._picture == picture and self.boxes == tuple(boxes):
            return
        self.clear()
        self._picture = picture
        for box in boxes:
            self._add(box)

    def clear(self) -> None:
        """Take all out of the scene."""
        nodes = self._nodes()
        for node, tag in self._observed:
            node.RemoveObserver(tag)
        self._observed, self._picture = [], None
        for node in nodes:
            remove_with_companions(node)

    def _nodes(self) -> list[Any]:
        return [node for node, _tag in self._observed if slicer.mrmlScene.IsNodePresent(node)]

    def _add(self, box: Box) -> None:
        node = slicer.mrmlScene.AddNewNodeByClass(_CLASS, slicer.mrmlScene.GenerateUniqueName(_("Blank")))
        place_box(node, box, self._picture)
        node.CreateDefaultDisplayNodes()
        display = node.GetDisplayNode()
        for one in (node, display):
            one.SetSaveWithScene(False)
        display.SetFillOpacity(_FILL_OPACITY)
        display.SetPropertiesLabelVisibility(False)
        display.SetHandlesInteractive(True)
        display.SetRotationHandleVisibility(False)  # a box lies along rows and columns
        display.SetVisibility3D(False)
        event = slicer.vtkMRMLMarkupsNode.PointEndInteractionEvent
        self._observed.append((node, node.AddObserver(event, self._onDragged)))

    def _onDragged(self, node: Any, event: str) -> None:
        box = box_of(node, self._picture)
        if box is not None:
            place_box(node, box, self._picture)
        self.changed.emit()
