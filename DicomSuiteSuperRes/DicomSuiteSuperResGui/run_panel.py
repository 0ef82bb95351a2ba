"""Super-resolving a volume, and comparing the result with it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import slicer
from slicer.i18n import tr as _

from DicomSuiteGui.job_words import durationText
from DicomSuiteGui.push_buttons import addPushButton
from DicomSuiteGui.tool_buttons import setPossible
from DicomSuiteLib.plain_signal import Signal
from DicomSuiteLib.read_volume import read_volume
from DicomSuiteLib.volumes import Volume
from DicomSuiteSuperResGui.command_panel import Command, CommandPanel
from DicomSuiteSuperResGui.derived_nodes import addDerivedVolume, markSuperResolved, showVolume, sourceOf
from DicomSuiteSuperResGui.only_output import onlyOutput
from DicomSuiteSuperResLib.provenance import sidecar_of

COMMAND = "superres"


@dataclass(frozen=True, eq=False)
class Derived:
    """What the command has made: the volume, what is told of its origin, how long it took, what speaks against it."""

    volume: Volume
    provenance: Mapping[str, Any]
    seconds: float
    warnings: tuple[str, ...]


class RunPanel(CommandPanel):
    """Super-resolves; `compareAsked` is emitted with a run's input and result."""

    def __init__(self) -> None:
        toolTip = _("Make the volume with thin slices; the input stays as it is")
        super().__init__(Command(COMMAND, _("Super-&resolve"), toolTip, readDerived))
        self.compareAsked = Signal()
        self._resultID = ""
        self.compareButton = addPushButton(self.buttons, _("Com&pare"), self._onCompare)
        self.buttons.setStretch(0, 1)
        self._show()

    @property
    def result(self) -> Any:
        """The volume of the last run; None where there is none, or it has gone."""
        return slicer.mrmlScene.GetNodeByID(self._resultID) if self._resultID else None

    def sceneCloses(self) -> None:
        """Stop what is under way, say nothing about it, and hold nothing of the scene."""
        self._resultID = ""
        super().sceneCloses()

    def deliver(self, source: Any, derived: Derived) -> None:
        """Add the result beside its source, and show it."""
        node = addDerivedVolume(derived.volume, _("{name} super-resolved").format(name=source.GetName()), source)
        markSuperResolved(node, derived.provenance)
        showVolume(node)
        self._resultID = node.GetID()
        words = _("{name}: {size} voxels, in {time}.")
        size = " × ".join(map(str, derived.volume.grid.size))
        text = words.format(name=node.GetName(), size=size, time=durationText(derived.seconds))
        self.activity.say(text, derived.warnings)
        self.ended.emit(node)

    def _show(self) -> None:
        super()._show()
        whyNone = "" if _pairOf(self.result) else _("Super-resolve a volume first.")
        setPossible(self.compareButton, whyNone, _("Show the input and its result side by side"))

    def _onCompare(self) -> None:
        self.compareAsked.emit(*_pairOf(self.result))


def readDerived(facts: Mapping[str, Any], folder: Path) -> Derived:
    """What the command reports, with the voxels that it has written; raises why there are none."""
    output = onlyOutput(facts)
    path = folder / output["file"]
    provenance = json.loads(sidecar_of(path).read_text(encoding="utf-8"))
    return Derived(read_volume(path), provenance, output["seconds"], tuple(output["warnings"]))


def _pairOf(result: Any) -> tuple[Any, Any] | None:
    """Input and result, where both are in the scene."""
    source = None if result is None else sourceOf(result)
    return None if source is None else (source, result)
