"""Two to six volumes side by side in linked views, in turn at one place, or their difference in colours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import qt
from slicer.i18n import tr as _

from DicomSuiteGui.compare_layout import ComparedPlanes
from DicomSuiteGui.difference_map import Difference, differenceOf
from DicomSuiteGui.pair_comparison import PairComparison
from DicomSuiteGui.scene_changes import SceneChanges
from DicomSuiteGui.side_by_side import SideBySide
from DicomSuiteGui.tool_buttons import setPossible
from DicomSuiteLib.volumes import Volume
from DicomSuiteRenderGui.compare_choice import CompareChoice
from DicomSuiteRenderGui.display_window import shownWindow, showWindow
from DicomSuiteRenderGui.scene_volumes import unitOf


class ComparePanel:
    """Which volumes are compared is a parameter; blinking ends with the module, what else is shown with "End"."""

    def __init__(self) -> None:
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
        self._changes.follow()
        self.choice.enter()
        self._update()

    def exit(self) -> None:
        """Another module is shown."""
        self._changes.stop()
        self.choice.exit()
        self.pair.exit()

    def cleanup(self) -> None:
        """Let go of everything that outlives the panel."""
        self.exit()
        self.pair.cleanup()

    @property
    def isSideBySide(self) -> bool:
        """Whether the layout shows the volumes that are compared."""
        return self.sideBySide.layout.isShown

    def _build(self) -> None:
        self.widget = qt.QWidget()
        layout = qt.QVBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        self.choice = CompareChoice(self._onChosen)
        layout.addWidget(self.choice.widget)
        layout.addLayout(self._buildViews())
        layout.addLayout(self._buildPair())

    def _buildViews(self) -> qt.QGridLayout:
        grid = qt.QGridLayout()
        toolTip = _("Show them in linked views of one scale, at the same place")
        self.sideBySide = SideBySide(_("&Side by side"), toolTip, ComparedPlanes.AXIAL)
        self.windowButton = qt.QPushButton(_("Same &window"))
        self.windowButton.connect("clicked()", self._onSameWindow)
        grid.addWidget(self.sideBySide.showButton, 0, 0)
        grid.addWidget(self.sideBySide.planesBox, 0, 1)
        grid.addWidget(self.windowButton, 0, 2)
        return grid

    def _buildPair(self) -> qt.QFormLayout:
        form = qt.QFormLayout()
        self.firstBox, self.secondBox = qt.QComboBox(), qt.QComboBox()
        for label, box in ((_("&A:"), self.firstBox), (_("&B:"), self.secondBox)):
            box.sizeAdjustPolicy = qt.QComboBox.AdjustToMinimumContentsLengthWithIcon
            box.connect("currentIndexChanged(int)", self._onOtherPair)
            form.addRow(label, box)
        self.pair = PairComparison(form, self.sideBySide, _differenceInUnits, lambda: self.choice.notes)
        return form

    def _update(self) -> None:
        """Enable what can be done now, and say why the rest cannot."""
        nodes, whyNot = self.choice.nodes, self.choice.whyNot
        setPossible(self.windowButton, whyNot, _("Give all of them the window of the first"))
        self.sideBySide.setVolumes(nodes, whyNot)
        self.pair.setPair(*(_chosen(nodes, box) for box in (self.firstBox, self.secondBox)), whyNot)

    def _onChosen(self) -> None:
        """Other volumes are compared."""
        first, second = (box.currentIndex for box in (self.firstBox, self.secondBox))
        names = [node.GetName() for node in self.choice.nodes]
        _fill(self.firstBox, names, first if 0 <= first < len(names) else 0)
        _fill(self.secondBox, names, second if 0 <= second < len(names) and second != first else len(names) - 1)
        self._update()
        if self.isSideBySide and not self.choice.whyNot:
            self.pair.showSideBySide()

    def _onSceneChanged(self) -> None:
        self.choice.refresh()
        self._update()

    def _onOtherPair(self, index: int) -> None:
        self._update()

    def _onSameWindow(self) -> None:
        first, *others = self.choice.nodes
        window = shownWindow(first)
        if window is None:
            self.pair.say(_("The first volume has no window that the others could take."))
            return
        for node in others:
            showWindow(node, window)


def _differenceInUnits(first: Volume, second: Volume) -> Difference:
    """PET as SUV."""
    return differenceOf(first, second, unitOf(first), unitOf(second))


def _chosen(nodes: Sequence[Any], box: qt.QComboBox) -> Any:
    """The volume that a box shows, or None."""
    return nodes[box.currentIndex] if 0 <= box.currentIndex < len(nodes) else None


def _fill(box: qt.QComboBox, names: Sequence[str], index: int) -> None:
    wasBlocked = box.blockSignals(True)
    box.clear()
    box.addItems(list(names))
    box.currentIndex = index if names else -1
    box.blockSignals(wasBlocked)
