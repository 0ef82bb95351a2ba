"""Choosing where a mask belongs: its candidates with pictures, flips and turns by hand, and "Accept"."""

from __future__ import annotations

from functools import partial

import qt
from slicer.i18n import tr as _

from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.plain_signal import Signal
from DicomSuiteLib.slice_transform import slice_grid_of
from DicomSuiteRTOverlayGui.entries import Choice, Entry
from DicomSuiteRTOverlayGui.words import AXES, axisWords, clearIcon
from DicomSuiteRTOverlayLib.accepted_place import AcceptedPlace
from DicomSuiteRTOverlayLib.turns import turned

PICTURE = (288, 108)
"""Pixels of a candidate's picture, as wide as a narrow panel."""
_TEXT_LINES = 2
_SHOWN_AT_ONCE = 2
_FULL_TURN = 4


class ChoicePanel:
    """Works on one entry at a time.

    `changed` is emitted without arguments when the user looks at another place, `accepted` when "Accept" is pressed.
    """

    def __init__(self) -> None:
        self.changed = Signal()
        self.accepted = Signal()
        self._entry: Entry | None = None
        self._turns: list[str] = []
        self._obstacle = ""
        self._build()
        self.show(None)

    def show(self, entry: Entry | None) -> None:
        """Offer the places of a mask, the one it has, or the likeliest, chosen."""
        self._entry = entry
        choices = entry.choices if entry is not None else ()
        wasBlocked = self.list.blockSignals(True)
        self.list.clear()
        for choice in choices:
            self._addItem(choice)
        self.list.setCurrentRow(_placeIn(entry) if choices else -1)
        self.list.blockSignals(wasBlocked)
        self.list.visible = len(choices) > 1
        self._turns = list(entry.turns) if entry is not None else []
        self._name()
        self._update()

    def setObstacle(self, text: str) -> None:
        """Why nothing can be accepted now; "" where it can."""
        self._obstacle = text
        self._update()

    @property
    def isTried(self) -> bool:
        """Whether the place that is looked at is not the one that the mask has; never for one that was refused."""
        if self._choice is None or self._entry.state == "refused":
            return False
        return self._entry.state == "waits" or self._isOther()

    @property
    def place(self) -> AcceptedPlace | None:
        """What would be accepted."""
        choice = self._choice
        return None if choice is None else AcceptedPlace(choice.key, tuple(self._turns))

    @property
    def geometry(self) -> ImageGeometry:
        """Where the mask's voxels would lie."""
        return turned(self._choice.geometry, self._reference(), self._turns)

    @property
    def _choice(self) -> Choice | None:
        choices = self._entry.choices if self._entry is not None else ()
        row = self.list.currentRow
        return choices[row] if 0 <= row < len(choices) else None

    def _build(self) -> None:
        self.widget = qt.QWidget()
        layout = qt.QVBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        self.list = qt.QListWidget()
        self.list.accessibleName = _("Places where the mask may belong")
        self.list.viewMode = qt.QListView.IconMode
        self.list.movement = qt.QListView.Static
        self.list.resizeMode = qt.QListView.Adjust
        self.list.wordWrap = True
        width, height = PICTURE
        self.list.iconSize = qt.QSize(width, height)
        text = self.list.fontMetrics().lineSpacing() * _TEXT_LINES
        self.list.gridSize = qt.QSize(width + 8, height + text + 12)
        self.list.minimumHeight = _SHOWN_AT_ONCE * (height + text + 12) + 8
        self.list.connect("currentRowChanged(int)", self._onOtherCandidate)
        layout.addWidget(self.list)
        layout.addLayout(self._buildTurns())
        self.turnsLabel = qt.QLabel()
        self.turnsLabel.wordWrap = True
        layout.addWidget(self.turnsLabel)
        row = qt.QHBoxLayout()
        self.acceptButton = qt.QPushButton(_("&Accept"))
        self.acceptButton.connect("clicked()", self.accepted.emit)
        self.resetButton = qt.QPushButton(_("&Undo turns"))
        self.resetButton.connect("clicked()", self._onReset)
        row.addWidget(self.acceptButton, 1)
        row.addWidget(self.resetButton)
        layout.addLayout(row)

    def _buildTurns(self) -> qt.QGridLayout:
        grid = qt.QGridLayout()
        self.turnButtons: dict[str, qt.QPushButton] = {}
        for row, (kind, label) in enumerate((("flip", _("Mirror:")), ("turn", _("Turn 90°:")))):
            grid.addWidget(qt.QLabel(label), row, 0)
            for column, axis in enumerate(AXES, start=1):
                button = qt.QPushButton()
                button.connect("clicked()", partial(self._onTurn, f"{kind}-{axis}"))
                grid.addWidget(button, row, column)
                self.turnButtons[f"{kind}-{axis}"] = button
        return grid

    def _addItem(self, choice: Choice) -> None:
        text = _("{percent} %: {words}").format(percent=round(100 * choice.probability), words=choice.words)
        item = qt.QListWidgetItem(text)
        item.setToolTip(text)
        if choice.picture is not None:
            item.setIcon(clearIcon(choice.picture))
        self.list.addItem(item)

    def _name(self) -> None:
        """Call the axes what they are in this volume's patient."""
        words = axisWords(self._reference() if self._entry is not None and self._entry.volumeNode is not None else None)
        for axis, word in zip(AXES, words, strict=True):
            flip, turn = self.turnButtons[f"flip-{axis}"], self.turnButtons[f"turn-{axis}"]
            flip.text = turn.text = word
            flip.toolTip = _("Mirror the mask {direction}, about the middle of the volume").format(direction=word)
            turn.toolTip = _("Turn the mask by 90° about the axis {direction} through the middle of the volume").format(
                direction=word
            )
            flip.accessibleName = _("Mirror {direction}").format(direction=word)
            turn.accessibleName = _("Turn about {direction}").format(direction=word)

    def _reference(self) -> ImageGeometry:
        return slice_grid_of(self._entry.volumeNode).nominal_geometry

    def _isOther(self) -> bool:
        return self._turns != list(self._entry.turns) or self.list.currentRow != _placeIn(self._entry)

    def _onOtherCandidate(self, row: int) -> None:
        self._update()
        self.changed.emit()

    def _onTurn(self, turn: str) -> None:
        self._turns.append(turn)
        self._turns = _shortened(self._turns)
        self._update()
        self.changed.emit()

    def _onReset(self) -> None:
        self._turns = list(self._entry.turns)
        self._update()
        self.changed.emit()

    def _update(self) -> None:
        reason = self._whyNot()
        for button in self.turnButtons.values():
            button.enabled = not reason
        tried = not reason and self.isTried
        self.acceptButton.enabled = tried
        self.acceptButton.toolTip = reason or (
            _("Lay the mask down where it is shown now") if tried else _("The mask lies there already.")
        )
        isTurned = not reason and self._turns != list(self._entry.turns)
        self.resetButton.enabled = isTurned
        self.resetButton.toolTip = reason or (
            _("Take back what was turned by hand") if isTurned else _("Nothing was turned.")
        )
        self.turnsLabel.visible = isTurned
        self.turnsLabel.text = _("Only shown, not yet accepted: {turns}").format(turns=self._turnWords())

    def _turnWords(self) -> str:
        return ", ".join(self.turnButtons[turn].accessibleName for turn in self._turns)

    def _whyNot(self) -> str:
        if self._entry is None:
            return _("Select a mask above first.")
        if self._entry.state == "refused":
            return _("This mask was refused; the reason stands above.")
        if self._entry.volumeNode is None:
            return _("The volume of this mask is no longer in the scene.")
        return self._obstacle


def _placeIn(entry: Entry | None) -> int:
    """Which of its candidates a mask follows now."""
    accepted = entry.facts["accepted"] if entry is not None else None
    if not accepted:
        return 0
    key = accepted.partition(",")[0]
    keys = [choice.key for choice in entry.choices]
    return keys.index(key) if key in keys else 0


def _shortened(turns: list[str]) -> list[str]:
    """Without what undoes itself at the end: two equal flips, four equal turns."""
    for kind, count in (("flip", 2), ("turn", _FULL_TURN)):
        last = turns[-count:]
        if len(last) == count and len(set(last)) == 1 and last[0].startswith(kind):
            return turns[:-count]
    return turns
