"""A button and a choice of planes that show volumes beside each other, in linked views at the same place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import qt
from slicer.i18n import tr as _

from DicomSuiteGui.compare_layout import ComparedPlanes, CompareLayout
from DicomSuiteGui.shown_views import whyNoViews
from DicomSuiteGui.tool_buttons import setPossible
from DicomSuiteLib.plain_signal import Signal


class SideBySide:
    """Where its controls are placed is the panel's; `asked` is emitted when the volumes shall be shown, or otherwise.

    `layout` is what shows them.
    """

    def __init__(self, text: str, toolTip: str, planes: ComparedPlanes) -> None:
        self.asked = Signal()
        self.layout = CompareLayout()
        self._nodes: list[Any] = []
        self._whyNot = ""
        self._toolTip = toolTip
        self.showButton = qt.QPushButton(text)
        self.showButton.connect("clicked()", self.asked.emit)
        self.planesBox = qt.QComboBox()
        for choice in ComparedPlanes:
            self.planesBox.addItem(choice.label())
        self.planesBox.currentIndex = list(ComparedPlanes).index(planes)
        self.planesBox.accessibleName = _("Planes that are shown side by side")
        self.planesBox.connect("currentIndexChanged(int)", self._onPlanes)

    def setVolumes(self, nodes: Sequence[Any], whyNot: str) -> None:
        """These are shown, unless a reason stands against it; what is shown now stays."""
        self._nodes, self._whyNot = list(nodes), whyNot
        setPossible(self.showButton, whyNot or whyNoViews(), self._toolTip)

    def show(self) -> None:
        """Show the volumes; there must be views."""
        self.layout.show(self._nodes, list(ComparedPlanes)[self.planesBox.currentIndex])

    def _onPlanes(self, index: int) -> None:
        if self.layout.isShown and not self._whyNot:
            self.asked.emit()
