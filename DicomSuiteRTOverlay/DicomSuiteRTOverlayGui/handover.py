"""Gives a volume and masks of the scene to a child process."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import slicer
import vtk
from slicer.i18n import tr as _

from DicomSuiteGui.volume_handover import HandedVolume, VolumeHandover
from DicomSuiteLib.errors import DicomSuiteError
from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.segments import Segmentation
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteLib.slice_transform import slice_grid_of, slice_transform_of
from DicomSuiteRTOverlayGui.mask_sources import MaskSource, NodeMask
from DicomSuiteRTOverlayLib.errors import OverlayError
from DicomSuiteRTOverlayLib.segmentation_node import labels_of_node
from DicomSuiteRTOverlayLib.write_mask import write_seg_nrrd


@dataclass(frozen=True)
class HandedOver(HandedVolume):
    """The volume, the masks as words of the command line, and where the volume's voxels are taken to lie."""

    masks: tuple[str, ...]
    grid: SliceGrid


class Handover:
    """Prepares one hand-over at a time, beside the windows; `delivered` gets it, `failed` why there is none."""

    def __init__(self, delivered: Callable[[HandedOver], None], failed: Callable[[str], None]) -> None:
        self._delivered = delivered
        self._failed = failed
        self._volume = VolumeHandover(self._onVolume, failed)
        self._masks: list[str] = []
        self._grid: SliceGrid | None = None

    def start(
        self, volumeNode: Any, masks: Sequence[MaskSource], *, useDatabase: bool = True, grid: SliceGrid | None = None
    ) -> None:
        """Begin; `grid`: where the volume's voxels lie, if that is known better than from the scene."""
        self.stop()
        try:
            self._grid = grid or slice_grid_of(volumeNode)
            make = [_maker(mask, volumeNode, self._grid) for mask in masks]
        except DicomSuiteError as error:
            self._failed(str(error))
            return
        words = self._masks = []
        write = partial(_writeMasks, make, words)
        self._volume.start(volumeNode, useDatabase=useDatabase, alongside=write)

    def stop(self) -> None:
        """Drop what is under way."""
        self._volume.stop()

    def _onVolume(self, handed: HandedVolume) -> None:
        self._delivered(HandedOver(handed.volume, handed.inputText, handed.folder, tuple(self._masks), self._grid))


def _writeMasks(make: Sequence[Callable[[Path], str]], words: list[str], folder: Path) -> None:
    words += [one(folder / str(number)) for number, one in enumerate(make, start=1)]


def _maker(mask: MaskSource, volumeNode: Any, grid: SliceGrid) -> Callable[[Path], str]:
    """What writes a mask into a folder of its own, where it is no file yet, and returns its path; touches no node."""
    if not isinstance(mask, NodeMask):
        return lambda folder: mask.path
    node = slicer.mrmlScene.GetNodeByID(mask.nodeID)
    if node is None:
        raise OverlayError(_("{name} is no longer in the scene.").format(name=mask.name))
    make = _segmentationMaker(node, volumeNode, grid)

    def write(folder: Path) -> str:
        folder.mkdir()
        path = folder / f"{_fileName(mask.name)}.seg.nrrd"
        write_seg_nrrd(path, make())
        return str(path)

    return write


def _segmentationMaker(node: Any, volumeNode: Any, grid: SliceGrid) -> Callable[[], Segmentation]:
    """What makes a node's segments as they lie in the patient."""
    labels = labels_of_node(node)
    mover = slice_transform_of(volumeNode)
    if node.GetTransformNodeID() == volumeNode.GetTransformNodeID():
        offset = labels.offset_in(ImageGeometry.from_volume_node(volumeNode))
        if offset is not None:
            return partial(labels.segmentation_on, grid, offset)
    target = volumeNode if mover is None else mover
    matrix = vtk.vtkMatrix4x4()
    between = slicer.vtkMRMLTransformNode.GetMatrixTransformBetweenNodes
    if not between(node.GetParentTransformNode(), target.GetParentTransformNode(), matrix):
        text = _("{name} is moved by a transform that bends it. Harden the transform first.")
        raise OverlayError(text.format(name=node.GetName()))
    moved = slicer.util.arrayFromVTKMatrix(matrix) @ labels.geometry.ijk_to_ras
    place = SliceGrid.from_geometry(ImageGeometry.from_ijk_to_ras(moved, labels.geometry.size))
    return partial(labels.segmentation_on, place, (0, 0, 0))


def _fileName(name: str) -> str:
    """A node's name without what file systems refuse."""
    return re.sub(r"[^\w.+-]+", "_", name).strip("._") or "mask"
