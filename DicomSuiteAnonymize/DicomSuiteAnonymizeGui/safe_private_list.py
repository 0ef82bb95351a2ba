"""The user's own list of private attributes that stay: a file, which is read as soon as it is chosen."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import qt
from slicer.i18n import tr as _

from DicomSuiteAnonymizeGui.path_row import addFile, pathIn
from DicomSuiteAnonymizeLib.errors import AnonymizeError
from DicomSuiteAnonymizeLib.private_attributes.safe_attributes import read_safe_attributes
from DicomSuiteGui.background import Background
from DicomSuiteGui.plain_label import plainLabel, showText
from DicomSuiteGui.tool_buttons import setPossible
from DicomSuiteLib.plain_signal import Signal

_INDENT = 20
"""Pixels, as the explanations of the options have."""


class SafePrivateList:
    """A line for the file, and what is in it; `changed` is emitted without arguments."""

    def __init__(self) -> None:
        self.changed = Signal()
        self._whyNot = self._trouble = ""
        self._background = Background()
        self.widget = qt.QWidget()
        layout = qt.QVBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        form = qt.QFormLayout()
        self.fileEdit = addFile(form, _("… and &your list:"), "", self._onChosen, (_lists(),))
        self.statusLabel = plainLabel()
        self.statusLabel.indent = _INDENT
        layout.addLayout(form)
        layout.addWidget(self.statusLabel)
        self._say("")

    def cleanup(self) -> None:
        """Let go of what is being read."""
        self._background.drop()

    @property
    def path(self) -> Path | None:
        """The list that is used; None for none."""
        return None if self._whyNot else pathIn(self.fileEdit)

    @property
    def reason(self) -> str:
        """Why the list that is to be used cannot be; "" where it can, or none is."""
        return self._trouble if self.path else ""

    def setReason(self, whyNot: str) -> None:
        """Let a list be chosen, or say why none is used."""
        hasChanged = bool(whyNot) is not bool(self._whyNot)
        self._whyNot = whyNot
        setPossible(
            self.fileEdit,
            whyNot,
            _("File with lines of creator, group, element and VR: these private attributes stay as well"),
        )
        self.statusLabel.enabled = not whyNot
        if hasChanged:
            self.changed.emit()

    def _onChosen(self) -> None:
        self._background.drop()
        path = pathIn(self.fileEdit)
        self._trouble = _("The list of private attributes is being read.") if path else ""
        self._say("")
        if path:
            self._background.run(partial(_counted, path), self._onRead)
        self.changed.emit()

    def _onRead(self, outcome: int | str) -> None:
        self._trouble = outcome if isinstance(outcome, str) else ""
        self._say(self._trouble or _("Private attributes in it: {count}.").format(count=outcome))
        self.changed.emit()

    def _say(self, text: str) -> None:
        showText(self.statusLabel, text)


def _lists() -> str:
    return _("Lists") + " (*.csv *.tsv *.txt)"


def _counted(path: Path) -> int | str:
    """How many attributes the list holds, or why it cannot be used."""
    try:
        return len(set(read_safe_attributes(path)))
    except AnonymizeError as error:
        return str(error)
