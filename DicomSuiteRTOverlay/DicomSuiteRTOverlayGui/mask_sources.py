"""Where masks come from: files, series of the DICOM database, nodes of the scene."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import slicer
from slicer.i18n import tr as _

from DicomSuiteGui.dicom_database import dicomDatabase
from DicomSuiteGui.loaded_series import seriesOf
from DicomSuiteRTOverlayGui.own_nodes import ownNodes

MASK_MODALITIES = ("RTSTRUCT", "SEG")
_MASK_NODES = ("vtkMRMLSegmentationNode", "vtkMRMLLabelMapVolumeNode")


@dataclass(frozen=True)
class FileMask:
    """A file; `series` is its SeriesInstanceUID where the DICOM database knows it."""

    path: str
    name: str
    kind: str
    series: str = ""


@dataclass(frozen=True)
class NodeMask:
    """A segmentation or labelmap of the scene."""

    nodeID: str
    name: str
    kind: str


MaskSource = FileMask | NodeMask


def masksOfFiles(paths: Iterable[str]) -> list[FileMask]:
    """What the user has named."""
    return [FileMask(path, Path(path).name, _("file")) for path in paths]


def masksOfStudy(volumeNode: Any) -> list[FileMask]:
    """RTSTRUCT and SEG of the study that a volume was loaded from, as the database lists them."""
    series = seriesOf(volumeNode)
    database = dicomDatabase()
    return masksOfSeries(database.seriesForStudy(database.studyForSeries(series))) if series else []


def masksOfSeries(uids: Iterable[str]) -> list[FileMask]:
    """Those of some series of the database that are RTSTRUCT or SEG."""
    database = dicomDatabase()
    found = []
    for uid in uids if database.isOpen else ():
        modality = database.fieldForSeries("Modality", uid)
        if modality in MASK_MODALITIES:
            name = database.descriptionForSeries(uid) or modality
            found += [FileMask(path, name, modality, uid) for path in database.filesForSeries(uid)]
    return found


def masksOfScene() -> list[NodeMask]:
    """Segmentations and labelmaps that this module has not made."""
    own = {node.GetID() for node in ownNodes()}
    nodes = [node for className in _MASK_NODES for node in slicer.util.getNodesByClass(className)]
    return [nodeMask(node) for node in nodes if node.GetID() not in own and not node.GetHideFromEditors()]


def nodeMask(node: Any) -> NodeMask:
    """A node as a mask."""
    isLabelmap = node.IsA("vtkMRMLLabelMapVolumeNode")
    return NodeMask(node.GetID(), node.GetName(), _("labelmap") if isLabelmap else _("segmentation"))
