"""Two to six volumes side by side in linked views, in turn at one place, or their difference in colours."""

from __future__ import annotations

from collections.abc import Sequence
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
from DicomSuiteGui.scene_changes import SceneChanges
from DicomSuiteGui.shown_views import whyNoSlices, whyNoViews
from DicomSuiteGui.tool_buttons import setPossible
from DicomSuiteLib.errors import DicomSuiteError
from DicomSuiteLib.volumes import Volume
from DicomSuiteRenderGui.compare_choice import CompareChoice
from DicomSuiteRenderGui.display_window import shownWindow, showWindow
from DicomSuiteRenderGui.scene_volumes import unitOf

_DIFFERENCE_PERCENT = 70
"""Opacity of the difference over the first volume."""
_LEAST_LIMIT, _MOST_LIMIT = 0.01, 1e6
"""Of the change at which the colours end, in the unit of the values."""
_SHORTEST_S, _LONGEST_S, _USUAL_S = 0.1, 5.0, 0.6
"""For which each volume is shown while they blink."""


class ComparePanel:
    """Which volumes are compared is a parameter; blinking ends with the module, what else is shown with "End"."""

    def __init__(self) -> None:
        self._isEntered = False
        self._isSubtracting = False
        self._layout = CompareLayout()
        self._layers = LayeredViews()
        self._layered: list[Any] = []
        self._blink = Blink(self._layers)
        self._background = Background()
        self._changes = SceneChanges(self._onSceneChanged)
        self._build()
        self._update()

    def setVolume(self, node: Any) -> None:
        """The volumes that are compared are chosen here."""

    def setParameters(self, parameters: Any) -> None:
        """Follow which volumes are compared."""
        self.choice.setParameters(parameters)

    def enter(self) -> None:
        """The module is shown."""
        self._isEntered = True
        self._changes.follow()
        self.choice.enter()
        self._update()

    def exit(self) -> None:
        """Another module is shown."""
        self._isEntered = False
        self._changes.stop()
        self._background.drop()
        self._isSubtracting = False
        self.choice.exit()
        self._stopBlinking()

    def cleanup(self) -> None:
        """Let go of everything that outlives the panel."""
        self.exit()
        self._endLayers()
        self._layout.forget()

    @property
    def isBusy(self) -> bool:
        """Whether a difference is still to come."""
        return self._isSubtracting

    @property
    def isSideBySide(self) -> bool:
        """Whether the layout shows the volumes that are compared."""
        return self._layout.isShown

    def _build(self) -> None:
        self.widget = qt.QWidget()
        layout = qt.QVBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        self.choice = CompareChoice(self._onChosen)
        layout.addWidget(self.choice.widget)
        layout.addLayout(self._buildViews())
        layout.addLayout(self._buildPair())
        self.statusLabel = qt.QLabel()
        self.statusLabel.wordWrap = True
        self.statusLabel.textFormat = qt.Qt.PlainText
        self.statusLabel.visible = False
        layout.addWidget(self.statusLabel)
        row = qt.QHBoxLayout()
        self.endButton = addPushButton(row, _("&End comparison"), self._onEnd)
        layout.addLayout(row)

    def _buildViews(self) -> qt.QGridLayout:
        grid = qt.QGridLayout()
        self.planesBox = qt.QComboBox()
        for planes in ComparedPlanes:
            self.planesBox.addItem(planes.label())
        self.planesBox.accessibleName = _("Planes that are shown side by side")
        self.planesBox.connect("currentIndexChanged(int)", self._onPlanes)
        self.showButton = qt.QPushButton(_("&Side by side"))
        self.showButton.connect("clicked()", self._onShow)
        self.windowButton = qt.QPushButton(_("Same &window"))
        self.windowButton.connect("clicked()", self._onSameWindow)
        grid.addWidget(self.showButton, 0, 0)
        grid.addWidget(self.planesBox, 0, 1)
        grid.addWidget(self.windowButton, 0, 2)
        return grid

    def _buildPair(self) -> qt.QFormLayout:
        form = qt.QFormLayout()
        self.firstBox, self.secondBox = qt.QComboBox(), qt.QComboBox()
        for label, box in ((_("&A:"), self.firstBox), (_("&B:"), self.secondBox)):
            box.sizeAdjustPolicy = qt.QComboBox.AdjustToMinimumContentsLengthWithIcon
            box.connect("currentIndexChanged(int)", self._onOtherPair)
            form.addRow(label, box)
        self.fadeSlider = ctk.ctkSliderWidget()
        self.fadeSlider.decimals = 0
        self.fadeSlider.suffix = " %"
        self.fadeSlider.connect("valueChanged(double)", self._onFade)
        form.addRow(_("B &over A:"), self.fadeSlider)
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
        form.addRow(row)
        row = qt.QHBoxLayout()
        self.differenceButton = addPushButton(row, _("&Difference map"), self._onDifference)
        self.limitBox = qt.QDoubleSpinBox()
        self.limitBox.minimum, self.limitBox.maximum, self.limitBox.decimals = _LEAST_LIMIT, _MOST_LIMIT, 2
        self.limitBox.stepType = qt.QAbstractSpinBox.AdaptiveDecimalStepType
        self.limitBox.prefix = "± "
        self.limitBox.toolTip = self.limitBox.accessibleName = _("Change at which the colours end")
        self.limitBox.connect("valueChanged(double)", self._onLimit)
        row.addWidget(self.limitBox)
        form.addRow(row)
        return form

    @property
    def _pair(self) -> list[Any]:
        """A and B, where two volumes are chosen."""
        nodes = self.choice.nodes
        numbers = [box.currentIndex for box in (self.firstBox, self.secondBox)]
        return [nodes[number] for number in numbers] if all(0 <= number < len(nodes) for number in numbers) else []

    def _update(self) -> None:
        """Enable what can be done now, and say why the rest cannot."""
        whyNot, whyNoPair = self.choice.whyNot, self._whyNoPair()
        whyNotLayered = whyNoPair or whyNoSlices()
        shows = _("Show them in linked views of one scale, at the same place")
        setPossible(self.showButton, whyNot or whyNoViews(), shows)
        setPossible(self.windowButton, whyNot, _("Give all of them the window of the first"))
        setPossible(self.blinkButton, whyNotLayered, _("Show A and B in turn at the same place"))
        setPossible(self.fadeSlider, whyNotLayered, _("Blend B over A by hand"))
        subtracts = _("Subtract A from B, and colour what has become more or less over A")
        setPossible(self.differenceButton, _("It is being computed.") if self._isSubtracting else whyNoPair, subtracts)
        self.limitBox.visible = differenceNode() is not None
        isAny = self._layout.isShown or self._layers.isBegun or differenceNode() is not None
        setPossible(self.endButton, "" if isAny else _("Nothing is compared."), _("Show what was there before"))

    def _whyNoPair(self) -> str:
        if self.choice.whyNot:
            return self.choice.whyNot
        pair = self._pair
        return _("Choose two different volumes as A and B.") if not pair or pair[0] is pair[1] else ""

    def _onChosen(self) -> None:
        """Other volumes are compared."""
        first, second = (box.currentIndex for box in (self.firstBox, self.secondBox))
        names = [node.GetName() for node in self.choice.nodes]
        _fill(self.firstBox, names, first if 0 <= first < len(names) else 0)
        _fill(self.secondBox, names, second if 0 <= second < len(names) and second != first else len(names) - 1)
        self._endLayersOfOthers()
        if self._layout.isShown and not self.choice.whyNot:
            self._showSideBySide()
        self._update()

    def _onSceneChanged(self) -> None:
        self.choice.refresh()
        if not all(map(slicer.mrmlScene.IsNodePresent, self._layered)):
            self._endLayers()
        self._update()

    def _onShow(self) -> None:
        self._showSideBySide()
        self._update()

    def _onPlanes(self, index: int) -> None:
        if self._layout.isShown and not self.choice.whyNot:
            self._showSideBySide()

    def _showSideBySide(self) -> None:
        self._endLayers()
        self._layout.show(self.choice.nodes, list(ComparedPlanes)[self.planesBox.currentIndex])

    def _onSameWindow(self) -> None:
        first, *others = self.choice.nodes
        window = shownWindow(first)
        if window is None:
            self._say(_("The first volume has no window that the others could take."))
            return
        for node in others:
            showWindow(node, window)

    def _onOtherPair(self, index: int) -> None:
        self._endLayersOfOthers()
        self._update()

    def _onBlink(self) -> None:
        if self.blinkButton.checked:
            self._endLayers()
            self._layered = self._pair
            self._blink.start(*self._pair, self.periodBox.value)
            self.blinkButton.checked = True
        else:
            self._endLayers()
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
            volumes = [describedVolume(node, firstFileOf(node)) for node in (first, second)]
        except DicomSuiteError as error:
            self._say(str(error))
            return
        self._isSubtracting = True
        self._say(_("The difference is being computed…"))
        name = _("{second} minus {first}").format(first=first.GetName(), second=second.GetName())
        self._background.run(partial(_subtracted, *volumes), partial(self._onSubtracted, first, name))
        self._update()

    def _onSubtracted(self, first: Any, name: str, outcome: Difference | str) -> None:
        self._isSubtracting = False
        if isinstance(outcome, str):
            self._say(outcome)
        else:
            self._endLayers()
            node = showDifference(outcome, name)
            new = [note for note in outcome.volume.notes if note not in self.choice.notes]
            self._say("\n".join([_("Red: more in B. Blue: less in B."), *new]))
            self._setLimit(outcome.limit)
            if slicer.mrmlScene.IsNodePresent(first):
                self._layer(first, node, _DIFFERENCE_PERCENT)
                showLegend(node)
        self._update()

    def _layer(self, below: Any, above: Any, percent: float) -> None:
        self._layered = [below, above]
        self._layers.begin(below, above, percent / 100)
        self._setFade(percent)

    def _onEnd(self) -> None:
        self._endLayers()
        removeDifference()
        self._layout.end()
        self._say("")
        self._update()

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
        if self._layered and differenceNode() not in self._layered and self._layered != self._pair:
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
    """PET as SUV."""
    try:
        return differenceOf(first, second, unitOf(first), unitOf(second))
    except DicomSuiteError as error:
        return str(error)


def _fill(box: qt.QComboBox, names: Sequence[str], index: int) -> None:
    wasBlocked = box.blockSignals(True)
    box.clear()
    box.addItems(list(names))
    box.currentIndex = index if names else -1
    box.blockSignals(wasBlocked)
