"""Shows in the views where a mask would lie, before anything is decided: only a matrix changes, so it is immediate."""

from __future__ import annotations

from typing import Any

import numpy as np
import vtk
from slicer.i18n import tr as _

from DicomSuiteLib.geometry import LPS_FROM_RAS, ImageGeometry
from DicomSuiteRTOverlayGui.entries import Entry
from DicomSuiteRTOverlayGui.own_nodes import PASSING, Role, addOwnNode, ownNodes, removeOwnNodes
from DicomSuiteRTOverlayGui.placed_nodes import addSegmentation, fillFrom, localFromPatient

_OUTLINE_ONLY = 0.25
"""Opacity of the inside of a mask that is not decided on."""


class Preview:
    """One mask at a time, moved by a transform of its own between it and what moves its volume."""

    def __init__(self) -> None:
        self._entry: Entry | None = None
        self._hidden: Any = None

    def show(self, entry: Entry, geometry: ImageGeometry) -> None:
        """Show the mask as if its voxels had this geometry; its volume must be in the scene."""
        if entry is not self._entry or not ownNodes([Role.TURN]):
            self.clear()
            self._begin(entry)
        local = localFromPatient(entry.volumeNode)
        patient = LPS_FROM_RAS @ geometry.ijk_to_lps @ np.linalg.inv(self._base(entry).ijk_to_lps) @ LPS_FROM_RAS
        matrix = vtk.vtkMatrix4x4()
        matrix.DeepCopy((local @ patient @ np.linalg.inv(local)).ravel().tolist())
        (turn,) = ownNodes([Role.TURN])
        turn.SetMatrixTransformToParent(matrix)

    def clear(self) -> None:
        """Everything as it was; a mask that was placed lies where it did."""
        self._entry = None
        if self._hidden is not None:
            self._hidden.SetVisibility3D(True)
            self._hidden = None
        removeOwnNodes(PASSING)

    def _base(self, entry: Entry) -> ImageGeometry:
        """Where the voxels lie without the preview's transform."""
        return entry.place if entry.state == "placed" else entry.asRead.geometry

    def _begin(self, entry: Entry) -> None:
        self._entry = entry
        volume = entry.volumeNode
        turn = addOwnNode("vtkMRMLLinearTransformNode", _("Preview of a place"), Role.TURN)
        turn.SetHideFromEditors(True)
        turn.SetAndObserveTransformNodeID(volume.GetTransformNodeID())
        node = entry.node
        if node is None:
            name = _("{name} (preview)").format(name=entry.name)  # its own name is left for what will be accepted
            node = addSegmentation(name, Role.PREVIEW, volume)
            fillFrom(node, entry.asRead, volume)
            node.GetDisplayNode().SetOpacity2DFill(_OUTLINE_ONLY)
        node.SetAndObserveTransformNodeID(turn.GetID())
        display = node.GetDisplayNode()
        if display.GetVisibility3D():
            self._hidden = display  # a surface that is mirrored shows its dark inside
            display.SetVisibility3D(False)

