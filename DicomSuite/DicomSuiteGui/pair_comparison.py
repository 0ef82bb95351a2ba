"""Two volumes, one over the other, in turn at one place, or their difference in colours."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial
from typing import Any

import ctk
import qt
import slicer
from slicer.i18n import tr as _

from DicomSuiteGui.background import Background
from DicomSuiteGui.blink import Blink
from DicomSuiteGui.difference_map import (
    Difference,
    differenceNode,
    differenceOf,
    removeDifference,
    setLimit,
    showDifference,
    showLegend,
)
from DicomSuiteGui.layered_views import LayeredViews
from DicomSuiteGui.loaded_volumes import describedVolume, firstFileOf
from DicomSuiteGui.plain_label import plainLabel, showText
from DicomSuiteGui.push_buttons import addPushButton
from DicomSuiteGui.shown_views import whyNoSlices, whyNoViews
from DicomSuiteGui.side_by_side import SideBySide
from DicomSuiteGui.tool_buttons import setPossible
from DicomSuiteLib.errors import DicomSuiteError
from DicomSuiteLib.volumes import Volume

_DIFFERENCE_PERCENT = 70
"""Opacity of the difference over A."""
_LEAST_LIMIT, _MOST_LIMIT = 0.01, 1e6
"""Of the change at which the colours end, in the unit of the values."""
_SHORTEST_S, _LONGEST_S, _USUAL_S = 0.1, 5.0, 0.6
"""For which each volume is shown while they blink."""

Subtract = Callable[[Volume, Volume], Difference]
"""Subtracts the first volume from the second; touches neither Qt nor MRML."""


class PairComparison:
    """Rows of a form in which A and B are compared, and "End comparison", which ends their being side by side as well.

    `whyNot` says why A and B cannot be compared; "" where they can. `knownNotes` returns what the panel says already of
    the volumes: it is not repeated with their difference.
    """

    def __init__(
        self,
        form: qt.QFormLayout,
        sideBySide: SideBySide,
        subtract: Subtract = differenceOf,
        knownNotes: Callable[[], Collection[str]] = tuple,
    ) -> None:
        self._sideBySide = sideBySide
        self._sideBySide.asked.connect(self.showSideBySide)
        self._subtract, self._knownNotes = subtract, knownNotes
        self._pair: tuple[Any, Any] = (None, None)
        self._isSubtracting = False
        self._layers = LayeredViews()
        self._layered: tuple[Any, ...] = ()
        self._blink = Blink(self._layers)
        self._background = Background()
        self._build(form)
        self.setPair(None, None)

    def setPair(self, first: Any, second: Any, whyNot: str = "") -> None:
        """These are A and B, or None; `whyNot` is what the panel knows to stand against comparing them."""
        self._pair = (first, second)
        self.whyNot = whyNot or _whyNoPair(first, second)
        self._endLayersOfOthers()
        self._update()

    def exit(self) -> None:
        """Another module is shown."""
        self._background.drop()
        self._isSubtracting = False
        self._stopBlinking()

    def cleanup(self) -> None:
        """Let go of everything that outlives the panel."""
        self.exit()
        self._endLayers()
        self._sideBySide.layout.forget()

    @property
    def isBusy(self) -> bool:
        """Whether a difference is still to come."""
        return self._isSubtracting

    def showSideBySide(self) -> None:
        """Show the volumes beside each other, or, where there are no views, only say so."""
        if whyNoViews():
            self.say(whyNoViews())
            return
        self._endLayers()
        self._sideBySide.show()
        self._update()

    def say(self, text: str) -> None:
        """Show words below the controls."""
        showText(self.statusLabel, text)

    def _build(self, form: qt.QFormLayout) -> None:
        self.fadeSlider = ctk.ctkSliderWidget()
        self.fadeSlider.decimals = 0
        self.fadeSlider.suffix = " %"
        self.fadeSlider.connect("valueChanged(double)", self._onFade)
        form.addRow(_("B &over A:"), self.fadeSlider)
        form.addRow(self._buildBlink())
        form.addRow(self._buildDifference())
        self.statusLabel = plainLabel()
        form.addRow(self.statusLabel)
        row = qt.QHBoxLayout()
        self.endButton = addPushButton(row, _("&End comparison"), self._onEnd)
        form.addRow(row)
        self.say("")

    def _buildBlink(self) -> qt.QHBoxLayout:
        row = qt.QHBoxLayout()
        self.blinkButton = addPushButton(row, _("Blin&k"), self._onBlink)
        self.blinkButton.checkable = True
        self.periodBox = qt.QDoubleSpinBox()
        self.periodBox.minimum, self.periodBox.maximum = _SHORTEST_S, _LONGEST_S
        self.periodBox.singleStep, self.periodBox.decimals, self.periodBox.value = 0.1, 1, _USUAL_S
        self.periodBox.suffix = _(" s")
        self.periodBox.toolTip = self.periodBox.accessibleName = _("For how long each volume is shown")
        self.periodBox.connect("valueChanged(double)", self._blink.setPeriod)
        row.addWidget(self.periodBox)
        return row

    def _buildDifference(self) -> qt.QHBoxLayout:
        row = qt.QHBoxLayout()
        self.differenceButton = addPushButton(row, _("&Difference map"), self._onDifference)
        self.limitBox = qt.QDoubleSpinBox()
        self.limitBox.minimum, self.limitBox.maximum, self.limitBox.decimals = _LEAST_LIMIT, _MOST_LIMIT, 2
        self.limitBox.stepType = qt.QAbstractSpinBox.AdaptiveDecimalStepType
        self.limitBox.prefix = "± "
        self.limitBox.toolTip = self.limitBox.accessibleName = _("Change at which the colours end")
        self.limitBox.connect("valueChanged(double)", self._onLimit)
        row.addWidget(self.limitBox)
        return row

    def _update(self) -> None:
        """Enable what can be done now, and say why the rest cannot."""
        if not all(map(slicer.mrmlScene.IsNodePresent, self._layered)):
            self._endLayers()
        whyNotLayered = self.whyNot or whyNoSlices()
        setPossible(self.blinkButton, whyNotLayered, _("Show A and B in turn at the same place"))
        setPossible(self.fadeSlider, whyNotLayered, _("Blend B over A by hand"))
        subtracts = _("Subtract A from B, and colour what has become more or less over A")
        whyNotSubtracted = _("It is being computed.") if self._isSubtracting else self.whyNot
        setPossible(self.differenceButton, whyNotSubtracted, subtracts)
        isSubtracted = differenceNode() is not None
        self.limitBox.visible = isSubtracted
        isAny = isSubtracted or self._layers.isBegun or self._sideBySide.layout.isShown
        setPossible(self.endButton, "" if isAny else _("Nothing is compared."), _("Show what was there before"))

    def _onBlink(self) -> None:
        self._endLayers()
        if self.blinkButton.checked:
            self._layered = self._pair
            self._blink.start(*self._pair, self.periodBox.value)
        self._update()

    def _onFade(self, percent: float) -> None:
        self._stopBlinking()
        if self._layers.isBegun:
            self._layers.setOpacity(percent / 100)
        else:
            self._layer(*self._pair, percent)
        self._update()

    def _onDifference(self) -> None:
        first, second = self._pair
        try:
            volumes = [describedVolume(node, firstFileOf(node)) for node in self._pair]
        except DicomSuiteError as error:
            self.say(str(error))
            return
        self._isSubtracting = True
        self.say(_("The difference is being computed…"))
        name = _("{second} minus {first}").format(first=first.GetName(), second=second.GetName())
        self._background.run(partial(_outcome, self._subtract, *volumes), partial(self._onSubtracted, first, name))
        self._update()

    def _onSubtracted(self, first: Any, name: str, outcome: Difference | str) -> None:
        self._isSubtracting = False
        if isinstance(outcome, str):
            self.say(outcome)
        else:
            self._showDifference(first, name, outcome)
        self._update()

    def _showDifference(self, first: Any, name: str, found: Difference) -> None:
        self._endLayers()
        node = showDifference(found, name)
        known = self._knownNotes()
        new = [note for note in found.volume.notes if note not in known]
        self.say("\n".join([_("Red: more in B. Blue: less in B."), *new]))
        _setSilently(self.limitBox, found.limit)
        if slicer.mrmlScene.IsNodePresent(first):
            self._layer(first, node, _DIFFERENCE_PERCENT)
            showLegend(node)

    def _onLimit(self, limit: float) -> None:
        node = differenceNode()
        if node is not None:
            setLimit(node, limit)

    def _layer(self, below: Any, above: Any, percent: float) -> None:
        self._layered = (below, above)
        self._layers.begin(below, above, percent / 100)
        _setSilently(self.fadeSlider, percent)

    def _onEnd(self) -> None:
        self._endLayers()
        removeDifference()
        self._sideBySide.layout.end()
        self.say("")
        self._update()

    def _stopBlinking(self) -> None:
        if self._blink.isRunning:
            self._blink.stop()
            self.blinkButton.checked = False

    def _endLayers(self) -> None:
        self._stopBlinking()
        self._layers.end()
        self._layered = ()
        _setSilently(self.fadeSlider, 0)

    def _endLayersOfOthers(self) -> None:
        """A difference stays until it is ended; layers of volumes that are not A and B any more do not."""
        if self._layered not in ((), self._pair) and differenceNode() not in self._layered:
            self._endLayers()


def _whyNoPair(first: Any, second: Any) -> str:
    isPair = first is not None and second is not None and first is not second
    return "" if isPair else _("Choose two different volumes as A and B.")


def _outcome(subtract: Subtract, first: Volume, second: Volume) -> Difference | str:
    """The difference, or why there is none."""
    try:
        return subtract(first, second)
    except DicomSuiteError as error:
        return str(error)


def _setSilently(control: qt.QWidget, value: float) -> None:
    wasBlocked = control.blockSignals(True)
    control.value = value
    control.blockSignals(wasBlocked)
