"""What became of each mask: an `Entry` for each, kept while the module lives, and found again in a loaded scene."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import qt
import slicer

from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.slice_transform import slice_grid_of
from DicomSuiteRTOverlayGui.mask_sources import FileMask, MaskSource, nodeMask
from DicomSuiteRTOverlayGui.own_nodes import Role, ownNodes
from DicomSuiteRTOverlayLib.given_mask import AS_GIVEN
from DicomSuiteRTOverlayLib.placement import Verdict
from DicomSuiteRTOverlayLib.read_segments import ReadSegments
from DicomSuiteRTOverlayLib.volume_facts import geometry_of

_FACTS = "DicomSuiteRTOverlay.Facts"
_KEPT_FACTS = ("state", "verdict", "accepted", "reason", "findings", "notes")
"""What is saved with a scene; none of it names a file or a patient."""

_LONG_ENDINGS = (".seg.nrrd", ".nii.gz")


@dataclass(frozen=True, eq=False)
class Choice:
    """One place that the user can choose: `geometry` is that of the mask's voxels, in the patient."""

    key: str
    words: str
    probability: float
    geometry: ImageGeometry
    picture: qt.QPixmap | None = None


@dataclass(eq=False)
class Entry:
    """One mask.

    `facts` are the mask's part of alignment.json; `choices` are the candidates, best first; `place` is where the voxels
    of the node lie now; `asRead` is what a mask holds that waits for the user's choice.
    """

    source: MaskSource
    volumeID: str
    facts: Mapping[str, Any]
    choices: tuple[Choice, ...]
    nodeID: str = ""
    place: ImageGeometry | None = None
    asRead: ReadSegments | None = None
    turns: tuple[str, ...] = ()

    @property
    def state(self) -> str:
        """Whether it is "placed", "waits" for the user's choice or was "refused"."""
        return self.facts["state"]

    @property
    def name(self) -> str:
        """What the mask is called."""
        node = self.node
        if node is not None:
            return node.GetName()
        return plainName(self.source)

    @property
    def node(self) -> Any:
        """The segmentation, or None."""
        return slicer.mrmlScene.GetNodeByID(self.nodeID) if self.nodeID else None

    @property
    def volumeNode(self) -> Any:
        """The volume that the mask was laid over, or None where it has gone."""
        return slicer.mrmlScene.GetNodeByID(self.volumeID)


def plainName(source: MaskSource) -> str:
    """The name of a mask without the ending of its file."""
    if not isinstance(source, FileMask) or source.series:
        return source.name
    long = next((ending for ending in _LONG_ENDINGS if source.name.lower().endswith(ending)), "")
    return source.name[: -len(long)] if long else Path(source.name).stem


def keepFacts(node: Any, facts: Mapping[str, Any]) -> None:
    """Write on a node what is to be known of it in a saved scene."""
    node.SetAttribute(_FACTS, json.dumps({name: facts[name] for name in _KEPT_FACTS}))


def choicesOf(facts: Mapping[str, Any], folder: Path) -> tuple[Choice, ...]:
    """The candidates of a mask, with their pictures, which lie in `folder`."""
    return tuple(
        Choice(
            candidate["key"],
            candidate["words"],
            candidate["probability"],
            geometry_of(candidate),
            qt.QPixmap(str(folder / candidate["picture"])) if candidate["picture"] else None,
        )
        for candidate in facts["candidates"]
    )


def restoredEntries() -> list[Entry]:
    """The masks of a scene that was loaded; all that is known of them is that they lie where they do."""
    return [_restored(node) for node in ownNodes([Role.SEGMENTATION])]


def _restored(node: Any) -> Entry:
    volume = node.GetNodeReference(node.GetReferenceImageGeometryReferenceRole())
    if volume is not None and node.GetParentTransformNode() is None:  # a preview, which is not saved, lay between
        node.SetAndObserveTransformNodeID(volume.GetTransformNodeID())
    place = None if volume is None or volume.GetImageData() is None else slice_grid_of(volume).nominal_geometry
    choices = () if place is None else (Choice(AS_GIVEN, "", 1.0, place),)
    volumeID = "" if volume is None else volume.GetID()
    return Entry(nodeMask(node), volumeID, _factsOf(node), choices, node.GetID(), place)


def _factsOf(node: Any) -> Mapping[str, Any]:
    unknown = dict.fromkeys(_KEPT_FACTS, "") | {"accepted": None, "findings": [], "notes": []}
    return unknown | {"state": "placed", "verdict": Verdict.PLACED} | json.loads(node.GetAttribute(_FACTS) or "{}")
