"""Asks a `dicomsuite` command about a volume of the scene: hands over, waits, reads its files, leaves none on disk."""

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
from DicomSuiteLib.child_process import Progress
from DicomSuiteLib.errors import DicomSuiteError
from DicomSuiteLib.volume_nodes import volume_of_node

_RESULT = "result"
"""The folder for the command's own files, below what is handed over."""

Reader = Callable[[Mapping[str, Any], Path], Any]
"""Makes what is wanted of a command's report and the folder with its files; touches neither Qt nor MRML."""

Deliver = Callable[[Any], None]
"""Gets what the reader made, while the files still lie there; may ask the next question."""


@dataclass(frozen=True)
class Question:
    """A command of `dicomsuite`, the volume that it gets, its options, and what to read of its answer."""

    command: str
    volumeNode: Any
    options: Sequence[str]
    read: Reader


class VolumeQuery:
    """One question at a time; `failed` gets a sentence, `progressed` is as in ChildQuery.

    The volume is given as the scene has it: what the user sees is what is computed with. Only where its slices do not
    lie evenly, which a file of voxels cannot say, the DICOM files go there themselves. A module that hands over
    more than that derives its own, with another `makeHandover`, `_handOver`, `_words` and, where it must look at the
    report before its files are read, `_onFacts`.
    """

    makeHandover = VolumeHandover

    def __init__(
        self, failed: Callable[[str], None], progressed: Callable[[Progress], None] = lambda progress: None
    ) -> None:
        self._failed = failed
        self._handover = self.makeHandover(self._onHandedOver, self._onFailed)
        self._child = ChildQuery(self._onFacts, self._onFailed, progressed)
        self._reading = Background()
        self._handed: HandedVolume | None = None
        self._forget()

    @property
    def isBusy(self) -> bool:
        """Whether an answer is awaited."""
        return self._question is not None

    def ask(self, question: Question, deliver: Deliver) -> None:
        """Start the command; a former question is dropped. Nothing is delivered about a volume that has gone."""
        self.drop()
        self._question, self._deliver = question, deliver
        self._handOver()

    def drop(self) -> None:
        """Want no answer any more; the child and what it has written are gone soon."""
        self._forget()
        self._handover.stop()
        self._child.drop()
        self._reading.drop()
        self._deleteFiles()

    def dropOrphan(self) -> None:
        """Want no answer about a volume that has gone, and say so."""
        if self.isBusy and not slicer.mrmlScene.IsNodePresent(self._question.volumeNode):
            self._onFailed(_("The volume was removed meanwhile."))

    def _handOver(self) -> None:
        node = self._question.volumeNode
        try:
            isUneven = volume_of_node(node).grid.geometry is None
        except DicomSuiteError as error:
            self._onFailed(str(error))
        else:
            self._handover.start(node, useDatabase=isUneven)

    def _words(self, handed: HandedVolume) -> Sequence[str]:
        """The command line, as far as it is the question's own."""
        return (self._question.command, handed.volume, *self._question.options)

    def _onHandedOver(self, handed: HandedVolume) -> None:
        self._handed = handed
        self._child.ask((*self._words(handed), "--out", str(self._folder), "--progress", "json"), handed.inputText)

    def _onFacts(self, facts: Mapping[str, Any]) -> None:
        self._read(partial(self._question.read, facts, self._folder))

    def _read(self, read: Callable[[], Any]) -> None:
        """Deliver what the function returns, which may take long."""
        self._reading.run(partial(_outcome, read), self._onRead)

    @property
    def _folder(self) -> Path:
        """Of the command's own files."""
        return self._handed.folder / _RESULT

    def _onRead(self, outcome: _Outcome) -> None:
        self.dropOrphan()
        if not self.isBusy:
            return
        if outcome.trouble:
            self._onFailed(outcome.trouble)
            return
        deliver, handed, self._handed = self._deliver, self._handed, None
        self.drop()  # so that the next question can be asked from within the answer
        try:
            deliver(outcome.content)
        finally:
            handed.delete()

    def _onFailed(self, reason: str) -> None:
        self.drop()
        self._failed(reason)

    def _forget(self) -> None:
        """Keep no node alive that the scene may have removed."""
        self._question: Question | None = None
        self._deliver: Deliver | None = None

    def _deleteFiles(self) -> None:
        if self._handed is not None:
            self._handed.delete()
            self._handed = None


@dataclass(frozen=True)
class _Outcome:
    content: Any
    trouble: str = ""


def _outcome(read: Callable[[], Any]) -> _Outcome:
    try:
        return _Outcome(read())
    except (DicomSuiteError, OSError) as error:
        return _Outcome(None, str(error))
