"""The box that a volume is cropped to: a markup that the user drags in any view."""

from __future__ import annotations

from typing import Any

import slicer
from slicer.i18n import tr as _

from DicomSuiteLib.volume_nodes import volume_of_node
from DicomSuiteRenderLib.crop_box import box_around, roi_of_box

_CROPS = "DicomSuiteRender.CroppedVolume"
"""The reference from a box to its volume."""


def cropRoi(volumeNode: Any) -> Any:
    """The box of a volume, made around all of it where there is none yet; shown. Errors as for `volume_of_node`."""
    node = existingRoi(volumeNode) or _newRoi(volumeNode)
    node.SetDisplayVisibility(True)
    return node


def existingRoi(volumeNode: Any) -> Any:
    """The box of a volume, or None."""
    boxes = slicer.util.getNodesByClass("vtkMRMLMarkupsROINode")
    return next((node for node in boxes if node.GetNodeReferenceID(_CROPS) == volumeNode.GetID()), None)


def hideRoi(volumeNode: Any) -> None:
    """Keep the box for later, but do not show it."""
    node = existingRoi(volumeNode)
    if node is not None:
        node.SetDisplayVisibility(False)


def _newRoi(volumeNode: Any) -> Any:
    node = roi_of_box(box_around(volume_of_node(volumeNode).grid), _("Crop box"))
    node.SetNodeReferenceID(_CROPS, volumeNode.GetID())
    node.CreateDefaultDisplayNodes()
    display = node.GetDisplayNode()
    display.SetPropertiesLabelVisibility(False)
    display.SetFillVisibility(False)  # it would lie over what it is meant to show
    return node
