"""Asks `dicomsuite overlay` about masks of the scene: hands over, waits, reads its files, and leaves none on disk."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from DicomSuiteGui.background import Background
from DicomSuiteGui.child_query import ChildQuery
from DicomSuiteLib.errors import DicomSuiteError
from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.slice_grid import SAME_PLACE_MM, SliceGrid
from DicomSuiteRTOverlayGui.handover import HandedOver, Handover
from DicomSuiteRTOverlayGui.mask_sources import MaskSource, NodeMask
from DicomSuiteRTOverlayLib.given_mask import AS_GIVEN
from DicomSuiteRTOverlayLib.read_segments import ReadSegments, read_segments
from DicomSuiteRTOverlayLib.volume_facts import grid_of

_RESULT = "result"
"""The folder for the command's own files, below what is handed over."""


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


class OverlayQuery:
    """One question at a time; `answered`, `failed` and `progressed` as in ChildQuery."""

    def __init__(
        self,
        answered: Callable[[OverlayAnswer], None],
        failed: Callable[[str], None],
        progressed: Callable[[int, int], None] = lambda done, total: None,
    ) -> None:
        self._answered = answered
        self._failed = failed
        self._handover = Handover(self._onHandedOver, self._onFailed)
        self._child = ChildQuery(self._onChild, self._onFailed, progressed)
        self._reading = Background()
        self._handed: HandedOver | None = None
        self._question: Question | None = None

    @property
    def isBusy(self) -> bool:
        """Whether an answer is awaited."""
        return self._question is not None

    def ask(self, question: Question) -> None:
        """Start the command; a former question is dropped."""
        self.drop()
        self._question = question
        self._handover.start(question.volumeNode, question.masks)

    def drop(self) -> None:
        """Want no answer any more."""
        self._question = None
        self._handover.stop()
        self._child.drop()
        self._reading.drop()
        self._deleteFiles()

    def _onHandedOver(self, handed: HandedOver) -> None:
        self._handed = handed
        words = ("overlay", handed.volume, *handed.masks, "--out", str(handed.folder / _RESULT), "--progress", "json")
        self._child.ask((*words, *self._question.options), handed.inputText)

    def _onChild(self, facts: Mapping[str, Any]) -> None:
        volumeNode, masks = self._question.volumeNode, self._question.masks
        grid = grid_of(facts["volume"])
        known = self._handed.grid
        if self._handed.isFromDatabase and not _isSameLattice(grid, ImageGeometry.from_volume_node(volumeNode)):
            self._deleteFiles()  # somebody has moved or changed the volume since it was loaded
            self._handover.start(volumeNode, masks, useDatabase=False)
        elif not _areSlicesEqual(grid, known) and any(isinstance(mask, NodeMask) for mask in masks):
            self._deleteFiles()  # masks were drawn on slices whose true positions are known only now
            self._handover.start(volumeNode, masks, grid=grid)
        else:
            folder = self._handed.folder / _RESULT
            work = partial(_read, self._question.read, facts, folder, grid)
            self._reading.run(work, self._onRead)

    def _onRead(self, outcome: OverlayAnswer | str) -> None:
        if isinstance(outcome, str):
            self._onFailed(outcome)
            return
        handed, self._handed = self._handed, None
        self.drop()  # so that the next question can be asked from within the answer
        try:
            self._answered(outcome)
        finally:
            handed.delete()

    def _onFailed(self, reason: str) -> None:
        self.drop()
        self._failed(reason)

    def _deleteFiles(self) -> None:
        if self._handed is not None:
            self._handed.delete()
            self._handed = None


def _read(read: Reader, facts: Mapping[str, Any], folder: Path, grid: SliceGrid) -> OverlayAnswer | str:
    try:
        return OverlayAnswer(facts, folder, read(facts, folder, grid), grid)
    except (DicomSuiteError, OSError) as error:
        return str(error)


def _isSameLattice(grid: SliceGrid, geometry: ImageGeometry) -> bool:
    """Whether a node's voxels are those of `grid`, slices that are moved by themselves left out of account."""
    if grid.size != geometry.size:
        return False
    columns, rows, _slices = grid.size
    corners = [(i, j, 0) for i in (0, columns) for j in (0, rows)]
    return bool(np.abs(grid.lps_from_ijk(corners) - geometry.lps_from_ijk(corners)).max() <= SAME_PLACE_MM)


def _areSlicesEqual(grid: SliceGrid, other: SliceGrid) -> bool:
    return bool(np.abs(np.subtract(grid.positions, other.positions)).max() <= SAME_PLACE_MM)
