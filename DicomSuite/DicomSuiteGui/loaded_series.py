"""Which DICOM series the nodes of the scene were loaded from."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import slicer

from DicomSuiteGui.dicom_database import dicomDatabase

_INSTANCES = "DICOM.instanceUIDs"
"""Slicer's attribute for them."""


def instancesOf(node: Any) -> list[str]:
    """SOPInstanceUIDs that a node was loaded from."""
    return [] if node is None else (node.GetAttribute(_INSTANCES) or "").split()


def seriesOf(node: Any) -> str:
    """SeriesInstanceUID that a node was loaded from; "" where the database does not know."""
    instances = instancesOf(node)
    database = dicomDatabase()
    if not instances or not database.isOpen:
        return ""
    path = database.fileForInstance(instances[0])
    return database.seriesForFile(path) if path else ""


def volumeOfSeries(uids: Collection[str]) -> Any:
    """The first volume of the scene that was loaded from one of these series, or None."""
    nodes = slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")
    return next((node for node in nodes if not isLabelmap(node) and seriesOf(node) in uids), None)


def isLabelmap(node: Any) -> bool:
    """Labelmaps are scalar volumes too."""
    return node.IsA("vtkMRMLLabelMapVolumeNode")
