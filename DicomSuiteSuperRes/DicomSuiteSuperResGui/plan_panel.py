"""What a super-resolution will give and cost, and what speaks against it, told before it runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path
from typing import Any

import qt
from slicer.i18n import tr as _

from DicomSuiteGui.background import Background
from DicomSuiteGui.job_words import durationText
from DicomSuiteGui.plain_label import plainLabel, showText
from DicomSuiteGui.volume_query import Question, VolumeQuery
from DicomSuiteGui.warning_lines import WarningLines
from DicomSuiteLib.errors import DicomSuiteError
from DicomSuiteLib.plain_signal import Signal
from DicomSuiteLib.volumes import Volume
from DicomSuiteSuperResGui.only_output import onlyOutput
from DicomSuiteSuperResLib.bundled_models import BundledModel
from DicomSuiteSuperResLib.domain_check import domain_warnings
from DicomSuiteSuperResLib.models import ModelScope, Upsampling
from DicomSuiteSuperResLib.output_plan import OutputPlan, plan
from DicomSuiteSuperResLib.super_resolution import SuperResRequest

COMMAND = "superres"
SETTLE_MS = 400
"""How long choices must rest before a file of the user's is looked at, which takes a process of its own."""
_MEGABYTE, _GIGABYTE = 1e6, 1e9


class PlanPanel:
    """Plans for bundled models are made here; a user's model is looked at by a child process, where it can do no harm.

    `changed` is emitted without arguments when what was found out about a user's model has changed.
    """

    def __init__(self) -> None:
        self.changed = Signal()
        self.obstacle = ""
        self._asked: Question | None = None
        self._background = Background()
        self._query = VolumeQuery(self._onRefused)
        self._settling = qt.QTimer()
        self._settling.setSingleShot(True)
        self._settling.setInterval(SETTLE_MS)
        self._settling.connect("timeout()", lambda: self._query.ask(self._asked, self._onEstimate))
        self._build()

    @property
    def isBusy(self) -> bool:
        """Whether a user's model is being looked at."""
        return self._settling.active or self._query.isBusy

    def showObstacle(self, text: str) -> None:
        """Nothing can be planned, for this reason."""
        self._forget()
        self._show(text, text, ())

    def showBundled(self, volume: Volume, model: BundledModel, request: SuperResRequest) -> None:
        """Plan this volume for a bundled model."""
        self._forget()
        try:
            planned = plan(volume.grid, model, request, volume.voxels.itemsize)
        except DicomSuiteError as error:
            self._show(str(error), str(error), ())
            return
        facts = {
            "size": planned.size,
            "spacing": planned.spacing,
            "axis": "ijk"[planned.axis],
            "factor": planned.factor,
            "memory_bytes": planned.memory_bytes,
            "seconds": planned.seconds,
        }
        self._show("", planText(facts), planned.notes)
        self._background.run(partial(_doubts, volume, model, planned), self._onDoubts)

    def showOwn(self, node: Any, words: Sequence[str]) -> None:
        """Have a user's model, given in these words of the command line, looked at with this volume node."""
        question = Question(COMMAND, node, (*words, "--estimate"), _readEstimate)
        if question == self._asked:
            return
        self._forget()
        self._asked = question
        self._settling.start()
        text = _("Your model is being looked at…")
        self._show(text, text, ())

    def exit(self) -> None:
        """Another module is shown."""
        self._forget()

    def sceneCloses(self) -> None:
        """Hold nothing of the scene any more."""
        self.showObstacle("")

    def _build(self) -> None:
        self.widget = qt.QWidget()
        layout = qt.QVBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        self.label = plainLabel()
        self.label.accessibleName = _("What the result will be")
        self.warnings = WarningLines()
        layout.addWidget(self.label)
        layout.addWidget(self.warnings.widget)
        self._show("", "", ())

    def _show(self, obstacle: str, text: str, warnings: Sequence[str]) -> None:
        self.obstacle = obstacle
        showText(self.label, text)
        self.warnings.show(warnings)

    def _onDoubts(self, doubts: Sequence[str]) -> None:
        self.warnings.show(doubts)

    def _forget(self) -> None:
        self._background.drop()
        self._asked = None
        self._settling.stop()
        self._query.drop()

    def _onEstimate(self, facts: Mapping[str, Any]) -> None:
        self._show("", planText(facts), facts["warnings"])
        self.changed.emit()

    def _onRefused(self, reason: str) -> None:
        self._show(reason, reason, ())
        self.changed.emit()


def planText(facts: Mapping[str, Any]) -> str:
    """Size, memory and time, by the names that the command reports them under."""
    size = " × ".join(map(str, facts["size"]))
    spacing = " × ".join(f"{length:.3g}" for length in facts["spacing"])
    return "\n".join(
        [
            _("Result: {size} voxels of {spacing} mm").format(size=size, spacing=spacing),
            _("{factor:.3g} times as many slices along {axis}").format(factor=facts["factor"], axis=facts["axis"]),
            _("About {memory} of memory and {time} on the processor").format(
                memory=memoryText(facts["memory_bytes"]), time=durationText(max(facts["seconds"], 1))
            ),
        ]
    )


def memoryText(count: float) -> str:
    """Bytes as people read them."""
    if count >= _GIGABYTE:
        return _("{count:.1f} GB").format(count=count / _GIGABYTE)
    return _("{count} MB").format(count=max(round(count / _MEGABYTE), 1))


@dataclass(frozen=True)
class _Described:
    """What of a bundled model is known without loading it."""

    upsampling: Upsampling
    scope: ModelScope


def _doubts(volume: Volume, model: BundledModel, planned: OutputPlan) -> Sequence[str]:
    """What of the plan does not come from the network, and what of the volume the model was not made for."""
    known = {field.name: model.card[field.name] for field in fields(ModelScope) if field.name in model.card}
    described = _Described(model.upsampling, ModelScope(**known))
    try:
        return (*planned.notes, *domain_warnings(volume, described, planned))
    except DicomSuiteError as error:
        return (*planned.notes, str(error))


def _readEstimate(facts: Mapping[str, Any], folder: Path) -> Mapping[str, Any]:
    return onlyOutput(facts)
