"""The mask that measurements are limited to, as voxels of the reference."""

from __future__ import annotations

from typing import Any

import numpy as np
import slicer
from slicer.i18n import tr as _

from DicomSuiteLib.segments import BoolArray
from DicomSuiteLib.volume_nodes import volume_of_node
from DicomSuiteSuperResLib.errors import SuperResError

SAME_PLACE_MM = 1e-3
"""By which a mask's voxels may be apart from the volume's."""


def maskOn(maskNode: Any, volumeNode: Any) -> BoolArray | None:
    """Every voxel (k, j, i) of a volume node that has a label or lies in a segment; None where no mask is chosen.

    Raises
    ------
    SuperResError
        If a labelmap has other voxels than the volume.
    VolumeError
        As for `volume_of_node`.
    """
    if maskNode is None:
        return None
    return _segments(maskNode, volumeNode) if maskNode.IsA("vtkMRMLSegmentationNode") else _labels(maskNode, volumeNode)


def _labels(maskNode: Any, volumeNode: Any) -> BoolArray:
    mask, volume = volume_of_node(maskNode), volume_of_node(volumeNode)
    if not mask.grid.is_close(volume.grid, SAME_PLACE_MM):
        words = _("The labels of {mask} have other voxels than {volume}; turn them into a segmentation first.")
        raise SuperResError(words.format(mask=maskNode.GetName(), volume=volumeNode.GetName()))
    return mask.voxels > 0


def _segments(maskNode: Any, volumeNode: Any) -> BoolArray:
    names = maskNode.GetSegmentation().GetSegmentIDs()
    found = np.zeros(slicer.util.arrayFromVolume(volumeNode).shape, bool)
    for name in names:
        found |= slicer.util.arrayFromSegmentBinaryLabelmap(maskNode, name, volumeNode) > 0
    return found
