"""How far the one thing is that is under way, a button to stop it, and what came of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import qt
from slicer.i18n import tr as _

from DicomSuiteGui.job_words import durationText

_STEPS = 1000
"""Of the bar: parts are often so few that it would jump."""
_SIGN_PIXELS = 16
_SETTLED_S = 2.0
"""Before which the pace of the first parts says nothing about the rest."""


class Activity:
    """Progress, message and warnings; `cancelled` is called when the user wants it stopped."""

    def __init__(self, cancelled: Callable[[], None]) -> None:
        self._began: tuple[float, int] | None = None
        self._build(cancelled)
        self.end("")

    def begin(self, text: str) -> None:
        """Something is under way; how far is not known yet."""
        self._began = None
        self.progressBar.maximum = self.progressBar.value = 0
        self.cancelButton.enabled = True
        self._say(text, ())
        self._showBar(True)

    def progress(self, done: int, total: int) -> None:
        """So many parts of so many are done."""
        now = time.monotonic()
        if self._began is None:
            self._began = (now, done)
        self.progressBar.maximum = _STEPS
        self.progressBar.value = round(_STEPS * done / total) if total else 0
        left = self._left(now, done, total)
        self._say(_("{left} left").format(left=durationText(left)) if left is not None else self.message.text, ())

    def end(self, text: str, warnings: Sequence[str] = ()) -> None:
        """Nothing is under way any more; `text` says what came of it."""
        self._showBar(False)
        self._say(text, warnings)

    def _left(self, now: float, done: int, total: int) -> float | None:
        """Seconds until the end at the pace so far; None where it is not known yet."""
        began, before = self._began
        if done <= before or now - began < _SETTLED_S:
            return None
        return (now - began) / (done - before) * max(total - done, 0)

    def _build(self, cancelled: Callable[[], None]) -> None:
        self.widget = qt.QWidget()
        layout = qt.QVBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        row = qt.QHBoxLayout()
        self.progressBar = qt.QProgressBar()
        self.progressBar.accessibleName = _("Progress")
        self.cancelButton = qt.QPushButton(_("Cancel"))
        self.cancelButton.toolTip = _("Stop; nothing is changed")
        self.cancelButton.connect("clicked()", cancelled)
        row.addWidget(self.progressBar, 1)
        row.addWidget(self.cancelButton)
        layout.addLayout(row)
        self.message = plainLabel()
        self.warnings = Warnings()
        layout.addWidget(self.message)
        layout.addWidget(self.warnings.widget)

    def _showBar(self, isShown: bool) -> None:
        self.progressBar.visible = self.cancelButton.visible = isShown

    def _say(self, text: str, warnings: Sequence[str]) -> None:
        self.message.text = text
        self.message.visible = bool(text)
        self.warnings.show(warnings)


class Warnings:
    """Sentences beside a warning sign; hidden where there are none."""

    def __init__(self) -> None:
        self.widget = qt.QWidget()
        layout = qt.QHBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        sign = qt.QLabel()
        icon = self.widget.style().standardIcon(qt.QStyle.SP_MessageBoxWarning)
        sign.pixmap = icon.pixmap(_SIGN_PIXELS, _SIGN_PIXELS)
        sign.accessibleName = _("Warning")
        self.label = plainLabel()
        layout.addWidget(sign, 0, qt.Qt.AlignTop)
        layout.addWidget(self.label, 1)
        self.show(())

    def show(self, texts: Sequence[str]) -> None:
        """Show these, each in a line of its own, and no others."""
        self.label.text = "\n".join(texts)
        self.widget.visible = bool(texts)


def plainLabel() -> qt.QLabel:
    """A label of several lines, which shows text as it is, and lets it be copied."""
    label = qt.QLabel()
    label.wordWrap = True
    label.textFormat = qt.Qt.PlainText
    label.textInteractionFlags = qt.Qt.TextSelectableByMouse | qt.Qt.TextSelectableByKeyboard
    return label
