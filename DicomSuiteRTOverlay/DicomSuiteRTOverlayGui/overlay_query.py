"""Asks `dicomsuite overlay` about masks of the scene."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from DicomSuiteGui.volume_query import VolumeQuery
from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.slice_grid import SAME_PLACE_MM, SliceGrid
from DicomSuiteRTOverlayGui.handover import HandedOver, Handover
from DicomSuiteRTOverlayGui.mask_sources import MaskSource, NodeMask
from DicomSuiteRTOverlayLib.given_mask import AS_GIVEN
from DicomSuiteRTOverlayLib.read_segments import ReadSegments, read_segments
from DicomSuiteRTOverlayLib.volume_facts import grid_of


@dataclass(frozen=True)
class OverlayAnswer:
    """What the command found.

    `facts` is what alignment.json holds, `folder` where its files lie while the answer is delivered; `content` is what
    was read of them; `grid` is where the volume's voxels lie.
    """

    facts: Mapping[str, Any]
    folder: Path
    content: Any
    grid: SliceGrid


Reader = Callable[[Mapping[str, Any], Path, SliceGrid], Any]
"""Reads files of an answer beside the windows, so that it may take long; it touches no node."""


def readMasks(facts: Mapping[str, Any], folder: Path, grid: SliceGrid) -> Mapping[str, ReadSegments]:
    """The voxels of the masks that were placed, and of those that wait as their files have them, by file name.

    A mask of which no voxel lies inside the volume is left out.
    """
    masks = facts["masks"]
    names = [mask["file"] for mask in masks if any(segment["voxels"] for segment in mask["segments"])]
    names += [mask["source_file"] for mask in masks if mask["state"] == "waits"]
    return {name: read_segments(folder / name) for name in names}


def asGiven(count: int) -> tuple[str, ...]:
    """Options that take the first `count` masks to lie where they do: they were placed before, perhaps by hand."""
    return tuple(word for number in range(1, count + 1) for word in ("--accept", f"{number}={AS_GIVEN}"))


@dataclass(frozen=True)
class Question:
    """Which masks are to be laid over which volume, the command's options, and what to read of its answer."""

    volumeNode: Any
    masks: Sequence[MaskSource]
    options: tuple[str, ...] = ()
    read: Reader = readMasks


class OverlayQuery(VolumeQuery):
    """As any question about a volume, but the volume's own files are preferred: they know best where its slices lie.

    What is delivered is an OverlayAnswer.
    """

    makeHandover = Handover

    def _handOver(self) -> None:
        self._handover.start(self._question.volumeNode, self._question.masks)

    def _words(self, handed: HandedOver) -> Sequence[str]:
        return ("overlay", handed.volume, *handed.masks, *self._question.options)

    def _onFacts(self, facts: Mapping[str, Any]) -> None:
        question, handed = self._question, self._handed
        grid = grid_of(facts["volume"])
        if handed.isFromDatabase and not _isSameLattice(grid, ImageGeometry.from_volume_node(question.volumeNode)):
            self._handOverAgain(useDatabase=False)  # somebody has moved or changed the volume since it was loaded
        elif not _areSlicesEqual(grid, handed.grid) and any(isinstance(mask, NodeMask) for mask in question.masks):
            self._handOverAgain(grid=grid)  # masks were drawn on slices whose true positions are known only now
        else:
            self._read(partial(_answer, question.read, facts, self._folder, grid))

    def _handOverAgain(self, **better: Any) -> None:
        self._deleteFiles()
        self._handover.start(self._question.volumeNode, self._question.masks, **better)


def _answer(read: Reader, facts: Mapping[str, Any], folder: Path, grid: SliceGrid) -> OverlayAnswer:
    return OverlayAnswer(facts, folder, read(facts, folder, grid), grid)


def _isSameLattice(grid: SliceGrid, geometry: ImageGeometry) -> bool:
    """Whether a node's voxels are those of `grid`, slices that are moved by themselves left out of account."""
    if grid.size != geometry.size:
        return False
    columns, rows, _slices = grid.size
    corners = [(i, j, 0) for i in (0, columns) for j in (0, rows)]
    return bool(np.abs(grid.lps_from_ijk(corners) - geometry.lps_from_ijk(corners)).max() <= SAME_PLACE_MM)


def _areSlicesEqual(grid: SliceGrid, other: SliceGrid) -> bool:
    return bool(np.abs(np.subtract(grid.positions, other.positions)).max() <= SAME_PLACE_MM)
