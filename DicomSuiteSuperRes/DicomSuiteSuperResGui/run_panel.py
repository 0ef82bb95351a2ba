"""The button that super-resolves a volume, how far that is, and what came of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from DicomSuiteGui.job_words import durationText
from DicomSuiteGui.push_buttons import addPushButton
from DicomSuiteGui.tool_buttons import setPossible
from DicomSuiteLib.errors import DicomSuiteError
from DicomSuiteLib.plain_signal import Signal
from DicomSuiteLib.read_volume import read_volume
from DicomSuiteLib.volumes import Volume
from DicomSuiteSuperResGui.activity import Activity
from DicomSuiteSuperResGui.derived_nodes import addDerivedVolume, markSuperResolved, showVolume, sourceOf
from DicomSuiteSuperResGui.volume_query import Question, VolumeQuery
from DicomSuiteSuperResLib.errors import SuperResError
from DicomSuiteSuperResLib.provenance import sidecar_of

COMMAND = "superres"


@dataclass(frozen=True, eq=False)
class Derived:
    """What the command has made: the volume, what is told of its origin, how long it took, what speaks against it."""

    volume: Volume
    provenance: Mapping[str, Any]
    seconds: float
    warnings: tuple[str, ...]


class RunPanel:
    """One run at a time.

    `changed` is emitted without arguments when a run begins or ends, `ended` with the new volume node, and
    `compareAsked` with a run's input and result.
    """

    def __init__(self) -> None:
        self.changed, self.ended, self.compareAsked = Signal(), Signal(), Signal()
        self._volumeNode: Any = None
        self._options: Sequence[str] = ()
        self._whyNot = self._resultID = ""
        self._query = VolumeQuery(self._onAnswered, self._onFailed, self._onProgress)
        self._build()
        self._show()

    @property
    def isBusy(self) -> bool:
        """Whether a run is under way."""
        return self._query.isBusy

    @property
    def result(self) -> Any:
        """The volume of the last run; None where there is none, or it has gone."""
        return slicer.mrmlScene.GetNodeByID(self._resultID) if self._resultID else None

    def sceneChanged(self) -> None:
        """Nodes have come or gone."""
        self._query.dropOrphan()

    def setQuestion(self, volumeNode: Any, options: Sequence[str], whyNot: str) -> None:
        """Let the button super-resolve this volume with these options of the command, or say why it cannot."""
        self._volumeNode, self._options, self._whyNot = volumeNode, options, whyNot
        self._show()

    def sceneCloses(self) -> None:
        """Stop what is under way, say nothing about it, and hold nothing of the scene."""
        self._query.drop()
        self._resultID = ""
        self._volumeNode = None
        self._end("")

    def _build(self) -> None:
        self.widget = qt.QWidget()
        layout = qt.QVBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        row = qt.QHBoxLayout()
        self.runButton = addPushButton(row, _("Super-&resolve"), self._onRun)
        self.compareButton = addPushButton(row, _("Com&pare"), self._onCompare)
        row.setStretch(0, 1)
        layout.addLayout(row)
        self.activity = Activity(self._onCancel)
        layout.addWidget(self.activity.widget)

    def _show(self) -> None:
        whyNot = _("Wait for what is under way, or cancel it.") if self.isBusy else self._whyNot
        setPossible(self.runButton, whyNot, _("Make the volume with thin slices; the input stays as it is"))
        whyNone = "" if _pairOf(self.result) else _("Super-resolve a volume first.")
        setPossible(self.compareButton, whyNone, _("Show the input and its result side by side"))

    def _onRun(self) -> None:
        self.activity.begin(_("The volume is handed over…"))
        self._query.ask(Question(COMMAND, self._volumeNode, self._options, readDerived))
        self._show()
        self.changed.emit()

    def _onProgress(self, done: int, total: int) -> None:
        self.activity.progress(done, total)

    def _onCancel(self) -> None:
        self._query.drop()
        self._end(_("Cancelled; nothing was changed."))

    def _onFailed(self, reason: str) -> None:
        self._end(reason)

    def _onAnswered(self, source: Any, derived: Derived) -> None:
        try:
            node = addDerivedVolume(derived.volume, _("{name} super-resolved").format(name=source.GetName()), source)
        except DicomSuiteError as error:
            self._end(str(error))
            return
        markSuperResolved(node, derived.provenance)
        showVolume(node)
        self._resultID = node.GetID()
        words = _("{name}: {size} voxels, in {time}.")
        size = " × ".join(map(str, derived.volume.grid.size))
        text = words.format(name=node.GetName(), size=size, time=durationText(derived.seconds))
        self._end(text, derived.warnings)
        self.ended.emit(node)

    def _end(self, text: str, warnings: Sequence[str] = ()) -> None:
        self.activity.end(text, warnings)
        self._show()
        self.changed.emit()

    def _onCompare(self) -> None:
        self.compareAsked.emit(*_pairOf(self.result))


def readDerived(facts: Mapping[str, Any], folder: Path) -> Derived:
    """What the command reports, with the voxels that it has written; raises why there are none."""
    if not facts["outputs"]:
        raise SuperResError(facts["refused"][0]["reason"])
    (output,) = facts["outputs"]
    path = folder / output["file"]
    provenance = json.loads(sidecar_of(path).read_text(encoding="utf-8"))
    return Derived(read_volume(path), provenance, output["seconds"], tuple(output["warnings"]))


def _pairOf(result: Any) -> tuple[Any, Any] | None:
    """Input and result, where both are in the scene."""
    source = None if result is None else sourceOf(result)
    return None if source is None else (source, result)
