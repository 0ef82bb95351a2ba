"""A list of the scene's volumes: which are compared, in which order, and what speaks against it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import qt
from slicer.i18n import tr as _

from DicomSuiteGui.background import Background
from DicomSuiteGui.difference_map import differenceNode
from DicomSuiteGui.loaded_volumes import describedVolume, firstFileOf, volumesOfScene
from DicomSuiteLib.comparability import MOST_VOLUMES, comparability
from DicomSuiteLib.errors import DicomSuiteError
from DicomSuiteLib.volumes import Volume

_SHOWN_ROWS = 5
_SIGN_PIXELS = 16


class CompareChoice:
    """Ticked volumes are compared, in the order in which they were ticked; `changed` is called when they are others."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._parameters: Any = None
        self._isEntered = False
        self._listed: list[tuple[Any, str]] = []
        self._nodes: list[Any] = []
        self._background = Background()
        self._build()

    @property
    def nodes(self) -> list[Any]:
        """The volumes that are compared."""
        return list(self._nodes)

    @property
    def notes(self) -> tuple[str, ...]:
        """What is known to speak against it."""
        return tuple(self.noteLabel.text.splitlines())

    @property
    def whyNot(self) -> str:
        """Why these cannot be compared; "" where they can."""
        return "" if len(self._nodes) >= 2 else _("Tick two to six volumes above.")

    def setParameters(self, parameters: Any) -> None:
        """Follow the parameter that holds them."""
        self._parameters = parameters
        self.refresh()

    def enter(self) -> None:
        """The module is shown."""
        self._isEntered = True
        self.refresh()
        self._note()

    def exit(self) -> None:
        """Another module is shown."""
        self._isEntered = False
        self._background.drop()

    def refresh(self) -> None:
        """List what the scene holds now."""
        if self._parameters is None:
            return
        nodes = list(self._parameters.compared)
        shown = differenceNode()
        listed = [(node, node.GetName()) for node in volumesOfScene() if node is not shown]
        isOther = nodes != self._nodes
        if isOther or listed != self._listed:
            self._nodes, self._listed = nodes, listed
            self._fill()
        if isOther:
            self._note()
            self._changed()

    def _build(self) -> None:
        self.widget = qt.QWidget()
        layout = qt.QVBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        self.list = qt.QListWidget()
        self.list.alternatingRowColors = True
        self.list.accessibleName = _("Volumes to compare")
        self.list.toolTip = _("Tick two to six volumes, in the order in which they shall be shown.")
        line = self.list.fontMetrics().lineSpacing() + 6
        self.list.minimumHeight = self.list.maximumHeight = _SHOWN_ROWS * line
        self.list.connect("itemChanged(QListWidgetItem*)", self._onItemChanged)
        layout.addWidget(self.list)
        row = qt.QHBoxLayout()
        self.signLabel, self.noteLabel = qt.QLabel(), qt.QLabel()
        sign = self.list.style().standardIcon(qt.QStyle.SP_MessageBoxWarning)
        self.signLabel.pixmap = sign.pixmap(_SIGN_PIXELS, _SIGN_PIXELS)
        self.noteLabel.wordWrap = True
        self.noteLabel.textFormat = qt.Qt.PlainText
        self.noteLabel.alignment = qt.Qt.AlignTop | qt.Qt.AlignLeft
        row.addWidget(self.signLabel, 0, qt.Qt.AlignTop)
        row.addWidget(self.noteLabel, 1)
        layout.addLayout(row)
        self._showNotes("")

    def _fill(self) -> None:
        wasBlocked = self.list.blockSignals(True)
        self.list.clear()
        for node, name in self._listed:
            isChosen = node in self._nodes
            number = f"{self._nodes.index(node) + 1}   " if isChosen else ""
            item = qt.QListWidgetItem(number + name)
            item.setToolTip(name)
            item.setCheckState(qt.Qt.Checked if isChosen else qt.Qt.Unchecked)
            self.list.addItem(item)
        self.list.blockSignals(wasBlocked)

    def _onItemChanged(self, item: qt.QListWidgetItem) -> None:
        node = self._listed[self.list.row(item)][0]
        nodes = [other for other in self._nodes if other is not node]
        if item.checkState() == qt.Qt.Checked:
            nodes.append(node)
        if len(nodes) > MOST_VOLUMES:
            self._fill()
            self._showNotes(_("At most {count} volumes are compared at once.").format(count=MOST_VOLUMES))
        else:
            self._parameters.compared = nodes
            self.refresh()

    def _note(self) -> None:
        """Read, beside the windows, what the files say against comparing these volumes."""
        self._background.drop()
        self._showNotes("")
        if self._isEntered and not self.whyNot:
            try:
                volumes = [describedVolume(node, firstFileOf(node)) for node in self._nodes]
            except DicomSuiteError as error:
                self._showNotes(str(error))
            else:
                self._background.run(partial(_notesOn, volumes), self._showNotes)

    def _showNotes(self, text: str) -> None:
        self.noteLabel.text = text
        self.noteLabel.visible = self.signLabel.visible = bool(text)


def _notesOn(volumes: Sequence[Volume]) -> str:
    try:
        return "\n".join(comparability(volumes))
    except DicomSuiteError as error:
        return str(error)
