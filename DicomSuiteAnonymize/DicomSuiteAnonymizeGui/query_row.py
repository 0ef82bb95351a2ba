"""A button that asks a `dicomsuite` child process something: how far it is, a way to stop it, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import qt
from slicer.i18n import tr as _

from DicomSuiteGui.child_query import ChildQuery
from DicomSuiteGui.plain_label import plainLabel, showText
from DicomSuiteGui.progress_row import ProgressRow
from DicomSuiteGui.tool_buttons import setPossible
from DicomSuiteLib.child_process import Progress
from DicomSuiteLib.plain_signal import Signal


class QueryRow:
    """One question at a time; `asked` is emitted without arguments when the button is pressed.

    Parameters: `answered` gets what the command reported as its result; `toolTip` says what the button does.
    """

    def __init__(self, text: str, toolTip: str, answered: Callable[[Mapping[str, Any]], None]) -> None:
        self.asked = Signal()
        self._answered = answered
        self._toolTip = toolTip
        self._reason = ""
        self._query = ChildQuery(self._onAnswered, self._onFailed, self._onProgress)
        self.widget = qt.QWidget()
        layout = qt.QVBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        self.button = qt.QPushButton(text)
        self.button.connect("clicked()", self.asked.emit)
        self.progress = ProgressRow(self._onStop, _("Stop; nothing is changed"))
        self.statusLabel = plainLabel()
        layout.addWidget(self.button)
        layout.addLayout(self.progress.layout)
        layout.addWidget(self.statusLabel)
        self.say("")
        self.setReason("")

    def cleanup(self) -> None:
        """Want no answer any more."""
        self._query.drop()

    @property
    def isBusy(self) -> bool:
        """Whether an answer is awaited."""
        return self._query.isBusy

    def setReason(self, reason: str) -> None:
        """Enable the button, or say why there is nothing to ask."""
        self._reason = reason
        self._show()

    def ask(self, arguments: Sequence[str], inputText: str = "") -> None:
        """Put the question; a former one is dropped."""
        self.say("")
        self.progress.setProgress(0, 0)
        self._query.ask(arguments, inputText)
        self._show()

    def drop(self) -> None:
        """Want no answer, and say nothing: what was asked about is no longer chosen."""
        self._query.drop()
        self.say("")
        self._show()

    def say(self, text: str) -> None:
        """Tell what came of it; "" for nothing."""
        showText(self.statusLabel, text)

    def _show(self) -> None:
        self.progress.show(self.isBusy)
        busy = _("Wait for the answer, or cancel.") if self.isBusy else ""
        setPossible(self.button, self._reason or busy, self._toolTip)

    def _onStop(self) -> None:
        self.drop()
        self.say(_("Stopped."))

    def _onProgress(self, progress: Progress) -> None:
        self.progress.setProgress(progress.done, progress.total)

    def _onAnswered(self, result: Mapping[str, Any]) -> None:
        self._show()
        self._answered(result)

    def _onFailed(self, reason: str) -> None:
        self._show()
        self.say(reason)
