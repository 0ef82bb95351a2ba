"""The one question that is under way: how far it is, a button to stop it, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import qt
from slicer.i18n import tr as _

from DicomSuiteGui.job_words import leftText
from DicomSuiteGui.plain_label import plainLabel, showText
from DicomSuiteGui.progress_row import ProgressRow
from DicomSuiteGui.volume_query import Deliver, Question, VolumeQuery
from DicomSuiteGui.warning_lines import WarningLines
from DicomSuiteLib.child_process import Progress
from DicomSuiteLib.errors import DicomSuiteError
from DicomSuiteLib.plain_signal import Signal


class QueryActivity:
    """Progress, message and warnings of one question at a time.

    `changed` is emitted without arguments when something begins or ends.
    """

    def __init__(self, makeQuery: Callable[..., VolumeQuery] = VolumeQuery) -> None:
        self.changed = Signal()
        self._query = makeQuery(self._end, self._onProgress)
        self._build()
        self.say("")

    def cleanup(self) -> None:
        """Stop what is under way, and say nothing about it."""
        self._query.drop()
        self.say("")

    @property
    def isBusy(self) -> bool:
        """Whether something is under way."""
        return self._query.isBusy

    @property
    def reason(self) -> str:
        """Why nothing else can be begun; "" where it can."""
        return _("Wait for what is under way, or cancel it.") if self.isBusy else ""

    def ask(self, question: Question, deliver: Deliver, place: qt.QLayout | None = None) -> None:
        """Run the command, showing its progress in the layout `place`; `deliver` gets what was read of its answer.

        None: where the former progress was shown, and its message stays. A DicomSuiteError that `deliver` raises
        becomes the message.
        """
        if place is not None:
            self.sayIn(place, "")
        self.progress.setProgress(0, 0)
        self.pace.text = _("The volume is handed over…")
        self._query.ask(question, partial(self._onAnswered, deliver))
        self._show()
        self.changed.emit()

    def dropOrphan(self) -> None:
        """Stop what is under way for a volume that has gone, and say so."""
        self._query.dropOrphan()

    def say(self, text: str, warnings: Sequence[str] = ()) -> None:
        """Tell what came of it; "" for nothing."""
        showText(self.message, text)
        self.warnings.show(warnings)
        self._show()

    def sayIn(self, place: qt.QLayout, text: str) -> None:
        """Tell it in the layout `place`."""
        place.addWidget(self.widget)
        self.say(text)

    def _build(self) -> None:
        self.widget = qt.QWidget()
        layout = qt.QVBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        self.progress = ProgressRow(self._onCancel, _("Stop; nothing is changed"))
        self.pace, self.message = plainLabel(), plainLabel()
        self.warnings = WarningLines()
        layout.addLayout(self.progress.layout)
        for part in (self.pace, self.message, self.warnings.widget):
            layout.addWidget(part)

    def _show(self) -> None:
        self.progress.show(self.isBusy)
        self.pace.visible = self.isBusy
        self.widget.visible = self.isBusy or bool(self.message.text)

    def _onProgress(self, progress: Progress) -> None:
        self.progress.setProgress(progress.done, progress.total)
        if progress.remaining_s is not None:
            self.pace.text = leftText(progress.remaining_s)

    def _onCancel(self) -> None:
        self._query.drop()
        self._end(_("Cancelled; nothing was changed."))

    def _onAnswered(self, deliver: Deliver, content: Any) -> None:
        try:
            deliver(content)
        except DicomSuiteError as error:
            self.say(str(error))
        self._show()
        self.changed.emit()

    def _end(self, text: str) -> None:
        self.say(text)
        self.changed.emit()
