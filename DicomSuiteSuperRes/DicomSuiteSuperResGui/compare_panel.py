"""Two volumes side by side in linked views, one over the other, in turn at one place, or their difference."""

from __future__ import annotations

from typing import Any

import qt
from slicer.i18n import tr as _

from DicomSuiteGui.compare_layout import ComparedPlanes
from DicomSuiteGui.pair_comparison import PairComparison
from DicomSuiteGui.side_by_side import SideBySide


class ComparePanel:
    """A and B are parameters; blinking ends with the module, what else is shown with "End comparison"."""

    def __init__(self) -> None:
        self.widget = qt.QWidget()
        form = qt.QFormLayout(self.widget)
        form.setContentsMargins(0, 0, 0, 0)
        toolTip = _("Show A and B in linked views, at the same place")
        self.sideBySide = SideBySide(_("Side b&y side"), toolTip, ComparedPlanes.ALL)
        row = qt.QHBoxLayout()
        row.addWidget(self.sideBySide.showButton)
        row.addWidget(self.sideBySide.planesBox, 1)
        form.addRow(row)
        self.pair = PairComparison(form, self.sideBySide)
        self.setPair(None, None)

    def setPair(self, first: Any, second: Any) -> None:
        """These are A and B, or None."""
        self.pair.setPair(first, second)
        self.sideBySide.setVolumes((first, second), self.pair.whyNot)

    def showSideBySide(self) -> None:
        """Show A beside B in linked views, or, where there are no views, only say so."""
        self.pair.showSideBySide()

    def exit(self) -> None:
        """Another module is shown."""
        self.pair.exit()

    def cleanup(self) -> None:
        """Let go of everything that outlives the panel."""
        self.pair.cleanup()

    def sceneCloses(self) -> None:
        """Hold nothing of the scene any more."""
        self.cleanup()
        self.pair.say("")
        self.setPair(None, None)
