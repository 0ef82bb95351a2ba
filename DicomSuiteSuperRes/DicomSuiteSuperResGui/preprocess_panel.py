"""Steps that prepare a volume, each of its own accord: brain only, bias field, values, registration, a thick copy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from slicer.i18n import tr as _

from DicomSuiteSuperResGui.choices import BrainMethod, ValueScale
from DicomSuiteSuperResGui.command_panel import Command, CommandPanel
from DicomSuiteSuperResGui.prepared_nodes import Prepared, addPrepared, readPrepared
from DicomSuiteSuperResLib.preprocess_options import OutputKind

COMMAND = "preprocess"


class PreprocessPanel(CommandPanel):
    """What is ticked are parameters, whose boxes are in the .ui file."""

    def __init__(self) -> None:
        toolTip = _("Make a prepared copy; the volume itself stays as it is")
        super().__init__(Command(COMMAND, _("Prepare"), toolTip, readPrepared))

    def setSteps(self, volumeNode: Any, parameters: Any, whyNot: str) -> None:
        """Let the button prepare this volume as the parameters say, or say why it cannot."""
        options = stepWords(parameters)
        self.setQuestion(volumeNode, options, whyNot or _whyNotSteps(parameters, options))

    def deliver(self, source: Any, prepared: Prepared) -> None:
        """Add everything that was made beside its source."""
        nodes = addPrepared(prepared, source)
        names = ", ".join(node.GetName() for node in nodes)
        self.activity.say(_("Made: {names}").format(names=names), prepared.warnings)
        if {OutputKind.PREPARED, OutputKind.LOW} & prepared.volumes.keys():
            self.ended.emit(nodes[0])


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
