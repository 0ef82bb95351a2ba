"""Keeps the volume nodes that are looked at as volumes, with the unit of their values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import slicer

from DicomSuiteGui.background import Background
from DicomSuiteGui.loaded_series import isLabelmap
from DicomSuiteGui.loaded_volumes import describedVolume, filesOf
from DicomSuiteLib.errors import DicomSuiteError
from DicomSuiteLib.value_unit import ValueUnit
from DicomSuiteLib.volumes import Volume
from DicomSuiteRenderLib.volume_units import value_unit, value_unit_of_node

_SCALED_MODALITIES = ("CT", "PT")
"""Those whose DICOM files tell the unit of their values."""


@dataclass
class _Read:
    state: tuple[Any, ...]
    volume: Volume
    unit: ValueUnit


class SceneVolumes:
    """Keeps what was read until the node, its voxels or what moves it has changed.

    `unitFound` is called, without arguments, when a unit has become known that had to be looked up in many files.
    """

    def __init__(self, unitFound: Callable[[], None]) -> None:
        self._unitFound = unitFound
        self._read: dict[str, _Read] = {}
        self._background = Background()

    def volume(self, node: Any) -> Volume:
        """The node as a volume; its voxels are the node's own.

        Raises
        ------
        VolumeError
            If it holds no voxels or several values a voxel, or a transform bends it.
        """
        return self._upToDate(node).volume

    def unit(self, node: Any) -> ValueUnit:
        """The unit of its values as far as it is known now; raises as `volume`."""
        return self._upToDate(node).unit

    def forget(self) -> None:
        """Let go of the voxels of every volume, and look nothing up any more."""
        self._background.drop()
        self._read.clear()

    def forgetRemoved(self) -> None:
        """Let go of the voxels of volumes that are not in the scene any more."""
        self._read = {nodeID: kept for nodeID, kept in self._read.items() if slicer.mrmlScene.GetNodeByID(nodeID)}

    def _upToDate(self, node: Any) -> _Read:
        state = _stateOf(node)
        kept = self._read.get(node.GetID())
        if kept is None or kept.state != state:
            kept = _Read(state, describedVolume(node, filesOf(node)), value_unit_of_node(node))
            self._read[node.GetID()] = kept
            if kept.volume.is_dicom and kept.volume.modality in _SCALED_MODALITIES:
                # Slicer calls every CT HU, whether its numbers were rescaled to them or not.
                self._background.run(partial(unitOf, kept.volume), partial(self._onUnit, kept))
        return kept

    def _onUnit(self, read: _Read, unit: ValueUnit) -> None:
        read.unit = unit
        self._unitFound()


def shownVolumes(first: Any, others: Sequence[Any] = ()) -> list[Any]:
    """`first`, `others`, and what the slice views of the layout show, each once."""
    scene = slicer.mrmlScene
    composites = [node for node in slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode") if _isInLayout(node)]
    ids = [
        nodeID for node in composites for nodeID in (node.GetBackgroundVolumeID(), node.GetForegroundVolumeID())
    ]
    found = [first, *others, *(scene.GetNodeByID(nodeID) for nodeID in ids if nodeID)]
    return list({node.GetID(): node for node in found if _isRead(node)}.values())


def _isInLayout(composite: Any) -> bool:
    """Whether its slice view is on the screen; also where there are no views."""
    name = composite.GetLayoutName()
    view = slicer.mrmlScene.GetSingletonNode(name, "vtkMRMLSliceNode") if name else None
    return view is None or view.IsMappedInLayout()


def _isRead(node: Any) -> bool:
    """Whether it is a volume whose voxels have values, not labels."""
    return node is not None and node.IsA("vtkMRMLScalarVolumeNode") and not isLabelmap(node)


def _stateOf(node: Any) -> tuple[Any, ...]:
    image, parent = node.GetImageData(), node.GetParentTransformNode()
    return (
        node.GetMTime(),
        None if image is None else image.GetMTime(),
        None if parent is None else (parent.GetID(), parent.GetTransformToWorldMTime()),
    )


def unitOf(volume: Volume) -> ValueUnit:
    """The unit that the volume's files give its values, with the reason where they give none."""
    try:
        return value_unit(volume)
    except DicomSuiteError as error:
        return ValueUnit(note=str(error))
