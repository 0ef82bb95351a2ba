"""The one thing that is under way: how far it is, a button to stop it, and what came of it."""

from __future__ import annotations

from collections.abc import Callable

import qt
import slicer
from slicer.i18n import tr as _

from DicomSuiteLib.errors import DicomSuiteError
from DicomSuiteLib.plain_signal import Signal
from DicomSuiteRTOverlayGui.overlay_query import OverlayAnswer, OverlayQuery, Question


class Activity:
    """Progress and message, shown in the section whose button was pressed last.

    `changed` is emitted without arguments when something begins or ends.
    """

    def __init__(self) -> None:
        self.changed = Signal()
        self._query = OverlayQuery(self._onAnswered, self._onFailed, self._onProgress)
        self._forget()
        self._build()
        self._show()

    def cleanup(self) -> None:
        """Stop what is under way, and say nothing about it."""
        self._query.drop()
        self._forget()
        self.message.text = ""
        self._show()

    @property
    def isBusy(self) -> bool:
        """Whether something is under way."""
        return self._query.isBusy

    @property
    def reason(self) -> str:
        """Why nothing else can be begun; "" where it can."""
        return _("Wait for what is under way, or cancel it.") if self.isBusy else ""

    def ask(
        self, question: Question, deliver: Callable[[OverlayAnswer], None], place: qt.QLayout | None = None
    ) -> None:
        """Run the command, showing its progress in the layout `place`; `deliver` gets what it found.

        None: where the former progress was shown, and its message stays. `deliver` is not called where the volume has
        gone meanwhile; a DicomSuiteError that it raises becomes the message.
        """
        if place is not None:
            self.say(place, "")
        self._deliver, self._volumeNode = deliver, question.volumeNode
        self.progressBar.maximum = self.progressBar.value = 0
        self._query.ask(question)
        self._show()
        self.changed.emit()

    def say(self, place: qt.QLayout, text: str) -> None:
        """Show a message in the layout `place`; "" for none."""
        place.addWidget(self.widget)
        self.message.text = text
        self._show()

    def _build(self) -> None:
        self.widget = qt.QWidget()
        layout = qt.QVBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        row = qt.QHBoxLayout()
        self.progressBar = qt.QProgressBar()
        self.progressBar.accessibleName = _("Progress")
        self.cancelButton = qt.QPushButton(_("Cancel"))
        self.cancelButton.toolTip = _("Stop; nothing is changed")
        self.cancelButton.connect("clicked()", self._onCancel)
        row.addWidget(self.progressBar, 1)
        row.addWidget(self.cancelButton)
        self.message = qt.QLabel()
        self.message.wordWrap = True
        self.message.textFormat = qt.Qt.PlainText
        self.message.textInteractionFlags = qt.Qt.TextSelectableByMouse | qt.Qt.TextSelectableByKeyboard
        layout.addLayout(row)
        layout.addWidget(self.message)

    def _forget(self) -> None:
        """Keep no node alive that the scene may have removed."""
        self._deliver: Callable[[OverlayAnswer], None] = lambda answer: None
        self._volumeNode = None

    def _show(self) -> None:
        self.progressBar.visible = self.cancelButton.visible = self.isBusy
        self.message.visible = bool(self.message.text)
        self.widget.visible = self.isBusy or bool(self.message.text)

    def _onProgress(self, done: int, total: int) -> None:
        self.progressBar.maximum = total
        self.progressBar.value = done

    def _onCancel(self) -> None:
        self._query.drop()
        self._forget()
        self._end(_("Cancelled; nothing was changed."))

    def _onFailed(self, reason: str) -> None:
        self._forget()
        self._end(reason)

    def _onAnswered(self, answer: OverlayAnswer) -> None:
        deliver, volumeNode = self._deliver, self._volumeNode
        self._forget()
        if not slicer.mrmlScene.IsNodePresent(volumeNode):
            self._end(_("The volume was removed meanwhile."))
            return
        try:
            deliver(answer)  # which may ask the next question
        except DicomSuiteError as error:
            self._end(str(error))
        else:
            self._end(self.message.text)

    def _end(self, text: str) -> None:
        self.message.text = text
        self._show()
        self.changed.emit()
