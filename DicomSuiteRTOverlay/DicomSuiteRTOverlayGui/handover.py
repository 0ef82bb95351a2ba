"""Gives a volume and masks of the scene to a child process: its DICOM files where the database has them, else NRRD."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import slicer
import vtk
from slicer.i18n import tr as _

from DicomSuiteGui.background import Background
from DicomSuiteGui.dicom_database import dicomDatabase
from DicomSuiteGui.loaded_series import instancesOf
from DicomSuiteGui.paced import Paced
from DicomSuiteLib.ephemeral_folder import ephemeral_folder
from DicomSuiteLib.errors import DicomSuiteError
from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.listed_files import STANDARD_INPUT
from DicomSuiteLib.segments import Segmentation
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteLib.slice_transform import slice_grid_of, slice_transform_of
from DicomSuiteRTOverlayGui.mask_sources import MaskSource, NodeMask
from DicomSuiteRTOverlayLib.errors import OverlayError
from DicomSuiteRTOverlayLib.segmentation_node import labels_of_node
from DicomSuiteRTOverlayLib.volume_file import write_volume_nrrd
from DicomSuiteRTOverlayLib.write_mask import write_seg_nrrd


@dataclass(frozen=True)
class HandedOver:
    """What the command needs.

    `volume` and `masks` are words of its command line, `inputText` goes to its standard input; `folder` holds what was
    written for it and is to be deleted at the end; `grid` is where the volume's voxels are taken to lie.
    """

    volume: str
    inputText: str
    masks: tuple[str, ...]
    folder: Path
    grid: SliceGrid

    @property
    def isFromDatabase(self) -> bool:
        """Whether the volume's own files are used."""
        return self.volume == STANDARD_INPUT

    def delete(self) -> None:
        """Delete what was written."""
        shutil.rmtree(self.folder, ignore_errors=True)  # what cannot be removed now goes with the folder around it


class Handover:
    """Prepares one hand-over at a time, beside the windows; `delivered` gets it, `failed` why there is none."""

    def __init__(self, delivered: Callable[[HandedOver], None], failed: Callable[[str], None]) -> None:
        self._delivered = delivered
        self._failed = failed
        self._listing = Paced()
        self._writing = Background()
        self._folder: Path | None = None

    def start(
        self, volumeNode: Any, masks: Sequence[MaskSource], *, useDatabase: bool = True, grid: SliceGrid | None = None
    ) -> None:
        """Begin; `grid`: where the volume's voxels lie, if that is known better than from the scene."""
        self.stop()
        try:
            grid = grid or slice_grid_of(volumeNode)
            make = [_maker(mask, volumeNode, grid) for mask in masks]
            self._folder = Path(tempfile.mkdtemp(dir=ephemeral_folder()))
        except (DicomSuiteError, OSError) as error:
            self._failed(str(error))
            return
        files: list[str] = []
        database = dicomDatabase()
        instances = instancesOf(volumeNode) if useDatabase and database.isOpen else []
        finish = partial(self._write, volumeNode, make, files, grid)
        self._listing.start(map(database.fileForInstance, instances), files.append, finish)

    def stop(self) -> None:
        """Drop what is under way."""
        self._listing.stop()
        self._writing.drop()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def _write(self, volumeNode: Any, make: Sequence[Callable[[Path], str]], files: list[str], grid: SliceGrid) -> None:
        folder = self._folder
        if files and all(files):
            volume, writeVolume = STANDARD_INPUT, None
        else:
            volume, files = str(folder / "volume.nrrd"), []
            geometry = ImageGeometry.from_volume_node(volumeNode)
            writeVolume = partial(write_volume_nrrd, volume, slicer.util.arrayFromVolume(volumeNode), geometry)

        def work() -> HandedOver | str:
            try:
                if writeVolume is not None:
                    writeVolume()
                words = tuple(one(folder / str(number)) for number, one in enumerate(make, start=1))
            except (DicomSuiteError, OSError) as error:
                return str(error)
            return HandedOver(volume, "".join(f"{path}\0" for path in files), words, folder, grid)

        self._writing.run(work, self._finish)

    def _finish(self, outcome: HandedOver | str) -> None:
        if isinstance(outcome, str):
            self.stop()
            self._failed(outcome)
        else:
            self._folder = None  # it belongs to who gets it
            self._delivered(outcome)


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
