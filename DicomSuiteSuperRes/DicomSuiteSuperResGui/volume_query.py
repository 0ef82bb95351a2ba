"""Runs a `dicomsuite` command on a volume of the scene: hands over, waits, reads its files, leaves none on disk."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import slicer
from slicer.i18n import tr as _

from DicomSuiteGui.background import Background
from DicomSuiteGui.child_query import ChildQuery
from DicomSuiteGui.volume_handover import HandedVolume, VolumeHandover
from DicomSuiteLib.errors import DicomSuiteError
from DicomSuiteLib.volume_nodes import volume_of_node

_RESULT = "result"
"""The folder for the command's own files, below what is handed over."""

Reader = Callable[[Mapping[str, Any], Path], Any]
"""Makes what a panel wants of a command's report and the folder with its files; touches neither Qt nor MRML."""


@dataclass(frozen=True)
class Question:
    """A command of `dicomsuite`, the volume that it gets, its options, and what to read of its answer."""

    command: str
    volumeNode: Any
    options: Sequence[str]
    read: Reader


class VolumeQuery:
    """One question at a time.

    `answered` gets the volume node and what the reader made, `failed` a sentence, `progressed` done and total.

    The volume is given as the scene has it: what the user sees is what is computed with. Only where its slices do not
    lie evenly, which a file of voxels cannot say, the DICOM files go there themselves.
    """

    def __init__(
        self,
        answered: Callable[[Any, Any], None],
        failed: Callable[[str], None],
        progressed: Callable[[int, int], None] = lambda done, total: None,
    ) -> None:
        self._answered = answered
        self._failed = failed
        self._handover = VolumeHandover(self._onHandedOver, self._onFailed)
        self._child = ChildQuery(self._onChild, self._onFailed, progressed)
        self._reading = Background()
        self._handed: HandedVolume | None = None
        self._question: Question | None = None

    @property
    def isBusy(self) -> bool:
        """Whether an answer is awaited."""
        return self._question is not None

    def dropOrphan(self) -> None:
        """Want no answer about a volume that has gone, and say so."""
        if self.isBusy and not slicer.mrmlScene.IsNodePresent(self._question.volumeNode):
            self._onFailed(_("The volume was removed meanwhile."))

    def ask(self, question: Question) -> None:
        """Start the command; a former question is dropped."""
        self.drop()
        try:
            isUneven = volume_of_node(question.volumeNode).grid.geometry is None
        except DicomSuiteError as error:
            self._failed(str(error))
            return
        self._question = question
        self._handover.start(question.volumeNode, useDatabase=isUneven)

    def drop(self) -> None:
        """Want no answer any more; the child and what it has written are gone soon."""
        self._question = None
        self._handover.stop()
        self._child.drop()
        self._reading.drop()
        self._deleteFiles()

    def _onHandedOver(self, handed: HandedVolume) -> None:
        self._handed = handed
        question = self._question
        words = (question.command, handed.volume, "--out", str(handed.folder / _RESULT), "--progress", "json")
        self._child.ask((*words, *question.options), handed.inputText)

    def _onChild(self, facts: Mapping[str, Any]) -> None:
        work = partial(_read, self._question.read, facts, self._handed.folder / _RESULT)
        self._reading.run(work, self._onRead)

    def _onRead(self, outcome: _Read) -> None:
        self.dropOrphan()
        if not self.isBusy:
            return
        node = self._question.volumeNode
        self.drop()  # so that the next question can be asked from within the answer
        if outcome.trouble:
            self._failed(outcome.trouble)
        else:
            self._answered(node, outcome.content)

    def _onFailed(self, reason: str) -> None:
        self.drop()
        self._failed(reason)

    def _deleteFiles(self) -> None:
        if self._handed is not None:
            self._handed.delete()
            self._handed = None


@dataclass(frozen=True)
class _Read:
    content: Any
    trouble: str = ""


def _read(read: Reader, facts: Mapping[str, Any], folder: Path) -> _Read:
    try:
        return _Read(read(facts, folder))
    except (DicomSuiteError, OSError) as error:
        return _Read(None, str(error))
