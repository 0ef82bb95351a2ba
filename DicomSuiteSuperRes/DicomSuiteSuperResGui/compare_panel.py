"""Two volumes side by side in linked views, one over the other, in turn at one place, or their difference."""

from __future__ import annotations

from functools import partial
from typing import Any

import ctk
import qt
import slicer
from slicer.i18n import tr as _

from DicomSuiteGui.background import Background
from DicomSuiteGui.blink import Blink
from DicomSuiteGui.compare_layout import ComparedPlanes, CompareLayout
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
from DicomSuiteGui.push_buttons import addPushButton
from DicomSuiteGui.shown_views import whyNoSlices, whyNoViews
from DicomSuiteGui.tool_buttons import setPossible
from DicomSuiteLib.errors import DicomSuiteError
from DicomSuiteLib.volumes import Volume

_DIFFERENCE_PERCENT = 70
"""Opacity of the difference over A."""
_LEAST_LIMIT, _MOST_LIMIT = 0.01, 1e6
"""Of the change at which the colours end, in the unit of the values."""
_SHORTEST_S, _LONGEST_S, _USUAL_S = 0.1, 5.0, 0.6
"""For which each volume is shown while they blink."""


class ComparePanel:
    """A and B are parameters; blinking ends with the module, what else is shown with "End comparison"."""

    def __init__(self) -> None:
        self._pair: tuple[Any, Any] = (None, None)
        self._isSubtracting = False
        self._layout = CompareLayout()
        self._layers = LayeredViews()
        self._layered: list[Any] = []
        self._blink = Blink(self._layers)
        self._background = Background()
        self._build()
        self.update()

    def setPair(self, first: Any, second: Any) -> None:
        """These are A and B, or None."""
        if (first, second) != self._pair:
            self._pair = (first, second)
            self._endLayersOfOthers()
        self.update()

    def exit(self) -> None:
        """Another module is shown."""
        self._background.drop()
        self._isSubtracting = False
        self._stopBlinking()

    def cleanup(self) -> None:
        """Let go of everything that outlives the panel."""
        self.exit()
        self._endLayers()
        self._layout.forget()

    def sceneCloses(self) -> None:
        """Hold nothing of the scene any more."""
        self.cleanup()
        self._pair = (None, None)
        self._say("")
        self.update()

    @property
    def isBusy(self) -> bool:
        """Whether a difference is still to come."""
        return self._isSubtracting

    @property
    def isSideBySide(self) -> bool:
        """Whether the layout shows A beside B."""
        return self._layout.isShown

    @property
    def whyNot(self) -> str:
        """Why A and B cannot be compared; "" where they can."""
        first, second = self._pair
        if first is None or second is None or first is second:
            return _("Choose two different volumes as A and B.")
        return ""

    def showSideBySide(self) -> None:
        """Show A beside B in linked views, or, where there are no views, only say so."""
        if whyNoViews():
            self._say(whyNoViews())
            return
        self._endLayers()
        self._layout.show(self._pair, list(ComparedPlanes)[self.planesBox.currentIndex])
        self.update()

    def update(self) -> None:
        """Enable what can be done now, and say why the rest cannot."""
        if not all(map(slicer.mrmlScene.IsNodePresent, self._layered)):
            self._endLayers()
        whyNot = self.whyNot
        whyNotOnSlices = whyNot or whyNoSlices()
        setPossible(self.showButton, whyNot or whyNoViews(), _("Show A and B in linked views, at the same place"))
        setPossible(self.blinkButton, whyNotOnSlices, _("Show A and B in turn at the same place"))
        setPossible(self.fadeSlider, whyNotOnSlices, _("Blend B over A by hand"))
        subtracts = _("Subtract A from B, and colour what has become more or less over A")
        setPossible(self.differenceButton, _("It is being computed.") if self._isSubtracting else whyNot, subtracts)
        self.limitBox.visible = differenceNode() is not None
        isAny = self._layout.isShown or self._layers.isBegun or differenceNode() is not None
        setPossible(self.endButton, "" if isAny else _("Nothing is compared."), _("Show what was there before"))

    def _build(self) -> None:
        self.widget = qt.QWidget()
        layout = qt.QFormLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        self.planesBox = qt.QComboBox()
        for planes in ComparedPlanes:
            self.planesBox.addItem(planes.label())
        self.planesBox.currentIndex = list(ComparedPlanes).index(ComparedPlanes.ALL)
        self.planesBox.accessibleName = _("Planes that are shown side by side")
        self.planesBox.connect("currentIndexChanged(int)", self._onPlanes)
        row = qt.QHBoxLayout()
        self.showButton = addPushButton(row, _("Side b&y side"), self.showSideBySide)
        row.addWidget(self.planesBox, 1)
        layout.addRow(row)
        self.fadeSlider = ctk.ctkSliderWidget()
        self.fadeSlider.decimals = 0
        self.fadeSlider.suffix = " %"
        self.fadeSlider.connect("valueChanged(double)", self._onFade)
        layout.addRow(_("B &over A:"), self.fadeSlider)
        layout.addRow(self._buildBlink())
        layout.addRow(self._buildDifference())
        self.statusLabel = qt.QLabel()
        self.statusLabel.wordWrap = True
        self.statusLabel.textFormat = qt.Qt.PlainText
        layout.addRow(self.statusLabel)
        row = qt.QHBoxLayout()
        self.endButton = addPushButton(row, _("&End comparison"), self._onEnd)
        layout.addRow(row)
        self._say("")

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

    def _onPlanes(self, index: int) -> None:
        if self._layout.isShown and not self.whyNot:
            self.showSideBySide()

    def _onBlink(self) -> None:
        if self.blinkButton.checked:
            self._endLayers()
            self._layered = list(self._pair)
            self._blink.start(*self._pair, self.periodBox.value)
            self.blinkButton.checked = True
        else:
            self._endLayers()
        self.update()

    def _onFade(self, percent: float) -> None:
        self._stopBlinking()
        if self._layers.isBegun:
            self._layers.setOpacity(percent / 100)
        else:
            self._layer(*self._pair, percent)
        self.update()

    def _onDifference(self) -> None:
        first, second = self._pair
        try:
            volumes = [describedVolume(node, firstFileOf(node)) for node in (first, second)]
        except DicomSuiteError as error:
            self._say(str(error))
            return
        self._isSubtracting = True
        self._say(_("The difference is being computed…"))
        name = _("{second} minus {first}").format(first=first.GetName(), second=second.GetName())
        self._background.run(partial(_subtracted, *volumes), partial(self._onSubtracted, first, name))
        self.update()

    def _onSubtracted(self, first: Any, name: str, outcome: Difference | str) -> None:
        self._isSubtracting = False
        if isinstance(outcome, str):
            self._say(outcome)
        else:
            self._endLayers()
            node = showDifference(outcome, name)
            self._say("\n".join([_("Red: more in B. Blue: less in B."), *outcome.volume.notes]))
            self._setLimit(outcome.limit)
            if slicer.mrmlScene.IsNodePresent(first):
                self._layer(first, node, _DIFFERENCE_PERCENT)
                showLegend(node)
        self.update()

    def _layer(self, below: Any, above: Any, percent: float) -> None:
        self._layered = [below, above]
        self._layers.begin(below, above, percent / 100)
        self._setFade(percent)

    def _onEnd(self) -> None:
        self._endLayers()
        removeDifference()
        self._layout.end()
        self._say("")
        self.update()

    def _stopBlinking(self) -> None:
        if self._blink.isRunning:
            self._blink.stop()
            self.blinkButton.checked = False

    def _endLayers(self) -> None:
        self._stopBlinking()
        self._layers.end()
        self._layered = []
        self._setFade(0)

    def _endLayersOfOthers(self) -> None:
        """A difference stays until it is ended; layers of volumes that are not A and B any more do not."""
        if self._layered and differenceNode() not in self._layered:
            self._endLayers()

    def _setLimit(self, limit: float) -> None:
        wasBlocked = self.limitBox.blockSignals(True)
        self.limitBox.value = limit
        self.limitBox.blockSignals(wasBlocked)

    def _onLimit(self, limit: float) -> None:
        node = differenceNode()
        if node is not None:
            setLimit(node, limit)

    def _setFade(self, percent: float) -> None:
        wasBlocked = self.fadeSlider.blockSignals(True)
        self.fadeSlider.value = percent
        self.fadeSlider.blockSignals(wasBlocked)

    def _say(self, text: str) -> None:
        self.statusLabel.text = text
        self.statusLabel.visible = bool(text)


def _subtracted(first: Volume, second: Volume) -> Difference | str:
    try:
        return differenceOf(first, second)
    except DicomSuiteError as error:
        return str(error)

