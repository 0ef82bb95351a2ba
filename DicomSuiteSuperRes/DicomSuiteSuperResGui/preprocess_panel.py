"""Steps that prepare a volume, each of its own accord: brain only, bias field, values, registration, a thick copy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import qt
from slicer.i18n import tr as _

from DicomSuiteGui.push_buttons import addPushButton
from DicomSuiteGui.tool_buttons import setPossible
from DicomSuiteLib.errors import DicomSuiteError
from DicomSuiteLib.plain_signal import Signal
from DicomSuiteSuperResGui.activity import Activity
from DicomSuiteSuperResGui.choices import BrainMethod, ValueScale
from DicomSuiteSuperResGui.prepared_nodes import Prepared, addPrepared, readPrepared
from DicomSuiteSuperResGui.volume_query import Question, VolumeQuery
from DicomSuiteSuperResLib.preprocess_options import OutputKind

COMMAND = "preprocess"


class PreprocessPanel:
    """What is ticked are parameters, whose boxes are in the .ui file; `ended` is emitted with the prepared volume."""

    def __init__(self) -> None:
        self.ended = Signal()
        self._volumeNode: Any = None
        self._options: Sequence[str] = ()
        self._whyNot = ""
        self._query = VolumeQuery(self._onAnswered, self._onFailed, self._onProgress)
        self._build()
        self._show()

    @property
    def isBusy(self) -> bool:
        """Whether a volume is being prepared."""
        return self._query.isBusy

    def sceneChanged(self) -> None:
        """Nodes have come or gone."""
        self._query.dropOrphan()

    def setQuestion(self, volumeNode: Any, parameters: Any, whyNot: str) -> None:
        """Let the button prepare this volume as the parameters say, or say why it cannot."""
        self._volumeNode = volumeNode
        self._options = stepWords(parameters)
        self._whyNot = whyNot or _whyNotSteps(parameters, self._options)
        self._show()

    def sceneCloses(self) -> None:
        """Stop what is under way, say nothing about it, and hold nothing of the scene."""
        self._query.drop()
        self._volumeNode = None
        self._end("")

    def _build(self) -> None:
        self.widget = qt.QWidget()
        layout = qt.QVBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        row = qt.QHBoxLayout()
        self.runButton = addPushButton(row, _("Prepare"), self._onRun)
        layout.addLayout(row)
        self.activity = Activity(self._onCancel)
        layout.addWidget(self.activity.widget)

    def _show(self) -> None:
        whyNot = _("Wait for what is under way, or cancel it.") if self.isBusy else self._whyNot
        setPossible(self.runButton, whyNot, _("Make a prepared copy; the volume itself stays as it is"))

    def _onRun(self) -> None:
        self.activity.begin(_("The volume is handed over…"))
        self._query.ask(Question(COMMAND, self._volumeNode, self._options, readPrepared))
        self._show()

    def _onProgress(self, done: int, total: int) -> None:
        self.activity.progress(done, total)

    def _onCancel(self) -> None:
        self._query.drop()
        self._end(_("Cancelled; nothing was changed."))

    def _onFailed(self, reason: str) -> None:
        self._end(reason)

    def _onAnswered(self, source: Any, prepared: Prepared) -> None:
        try:
            nodes = addPrepared(prepared, source)
        except DicomSuiteError as error:
            self._end(str(error))
            return
        names = ", ".join(node.GetName() for node in nodes)
        self._end(_("Made: {names}").format(names=names), prepared.warnings)
        if {OutputKind.PREPARED, OutputKind.LOW} & prepared.volumes.keys():
            self.ended.emit(nodes[0])

    def _end(self, text: str, warnings: Sequence[str] = ()) -> None:
        self.activity.end(text, warnings)
        self._show()


def _whyNotSteps(parameters: Any, words: Sequence[str]) -> str:
    if not words:
        return _("Tick at least one step.")
    if parameters.normalisation.needsBrain and parameters.brainMethod is BrainMethod.NONE:
        return _("White matter is looked for in the brain: choose how the brain is found.")
    return ""


def stepWords(parameters: Any) -> tuple[str, ...]:
    """The steps that are chosen, as words of the command line; none where there are none."""
    words: list[str] = []
    if parameters.brainMethod is not BrainMethod.NONE:
        words += ["--brain", parameters.brainMethod.value]
    if parameters.biasField:
        words += ["--bias-field"]
    if parameters.normalisation is not ValueScale.NONE:
        words += ["--normalise", parameters.normalisation.value]
    if parameters.register:
        words += ["--register"]
    if parameters.makePair:
        words += ["--pairs", str(parameters.pairFactor)]
    return tuple(words)

