"""The volume nodes of the scene as volumes, with what the DICOM database knows of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import slicer

from DicomSuiteGui.dicom_database import dicomDatabase
from DicomSuiteGui.loaded_series import instancesOf, isLabelmap, seriesOf
from DicomSuiteLib.volume_nodes import volume_of_node
from DicomSuiteLib.volumes import Volume

_FRAME_OF_REFERENCE = "0020,0052"


def volumesOfScene() -> list[Any]:
    """Volumes that the user can choose, in the order of the scene."""
    nodes = slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")
    return [node for node in nodes if not isLabelmap(node) and not node.GetHideFromEditors()]


def describedVolume(node: Any, files: Sequence[Path]) -> Volume:
    """The node as a volume of these files, with the series and frame of reference that the DICOM database has for it.

    Its voxels are the node's own.

    Raises
    ------
    VolumeError
        If it holds no voxels or several values a voxel, or a transform bends it.
    """
    volume, series = volume_of_node(node), seriesOf(node)
    if not series or not files:
        return replace(volume, files=tuple(files))
    database = dicomDatabase()
    return replace(
        volume,
        files=tuple(files),
        series_uid=series,
        modality=volume.modality or database.fieldForSeries("Modality", series),
        frame_of_reference_uid=database.fileValue(str(files[0]), _FRAME_OF_REFERENCE),
    )


def filesOf(node: Any) -> tuple[Path, ...]:
    """The DICOM files that the database has for a volume node, in their order; none for others."""
    database, instances = dicomDatabase(), instancesOf(node)
    paths = [database.fileForInstance(instance) for instance in instances] if database.isOpen else []
    return tuple(map(Path, paths)) if all(paths) else ()


def firstFileOf(node: Any) -> tuple[Path, ...]:
    """The first of `filesOf`, where there is one: looking up all of them takes a while."""
    database, instances = dicomDatabase(), instancesOf(node)
    path = database.fileForInstance(instances[0]) if instances and database.isOpen else ""
    return (Path(path),) if path else ()
