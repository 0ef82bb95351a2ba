"""A button that has a command of `dicomsuite` work on a volume, how far that is, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import qt

from DicomSuiteGui.push_buttons import addPushButton
from DicomSuiteGui.query_activity import QueryActivity
from DicomSuiteGui.tool_buttons import setPossible
from DicomSuiteGui.volume_query import Question, Reader
from DicomSuiteLib.plain_signal import Signal


@dataclass(frozen=True)
class Command:
    """A command by its name, what its button says and does, and what is read of its answer."""

    name: str
    buttonText: str
    toolTip: str
    read: Reader


class CommandPanel:
    """One run at a time; a panel derives its own and says with `deliver` what becomes of what was read.

    `changed` is emitted without arguments when a run begins or ends, `ended` with a volume node that was made.
    """

    def __init__(self, command: Command) -> None:
        self._command = command
        self._volumeNode: Any = None
        self._options: Sequence[str] = ()
        self._whyNot = ""
        self.ended = Signal()
        self.activity = QueryActivity()
        self.changed = self.activity.changed
        self.changed.connect(self._show)
        self._build()

    def deliver(self, source: Any, content: Any) -> None:
        """Put into the scene what was made of the volume node `source`, and say so.

        Raises
        ------
        DicomSuiteError
            If that cannot be; the user is told why.
        """
        raise NotImplementedError

    @property
    def isBusy(self) -> bool:
        """Whether a run is under way."""
        return self.activity.isBusy

    def setQuestion(self, volumeNode: Any, options: Sequence[str], whyNot: str) -> None:
        """Let the button run the command on this volume with these options, or say why it cannot."""
        self._volumeNode, self._options, self._whyNot = volumeNode, options, whyNot
        self._show()

    def sceneChanged(self) -> None:
        """Nodes have come or gone."""
        self.activity.dropOrphan()

    def sceneCloses(self) -> None:
        """Stop what is under way, say nothing about it, and hold nothing of the scene."""
        self._volumeNode = None
        self.activity.cleanup()
        self._show()

    def _build(self) -> None:
        self.widget = qt.QWidget()
        layout = qt.QVBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        self.buttons = qt.QHBoxLayout()
        self.runButton = addPushButton(self.buttons, self._command.buttonText, self._onRun)
        layout.addLayout(self.buttons)
        layout.addWidget(self.activity.widget)

    def _show(self) -> None:
        setPossible(self.runButton, self.activity.reason or self._whyNot, self._command.toolTip)

    def _onRun(self) -> None:
        question = Question(self._command.name, self._volumeNode, self._options, self._command.read)
        self.activity.say("")
        self.activity.ask(question, partial(self.deliver, self._volumeNode))
