"""How far something is, and beside it the button that stops it."""

from __future__ import annotations

from collections.abc import Callable

import qt
from slicer.i18n import tr as _


class ProgressRow:
    """A bar and a button in `layout`; hidden until they are shown."""

    def __init__(self, cancelled: Callable[[], None], toolTip: str) -> None:
        self.layout = qt.QHBoxLayout()
        self.bar = qt.QProgressBar()
        self.bar.accessibleName = _("Progress")
        self.cancelButton = qt.QPushButton(_("Cancel"))
        self.cancelButton.toolTip = toolTip
        self.cancelButton.connect("clicked()", cancelled)
        self.layout.addWidget(self.bar, 1)
        self.layout.addWidget(self.cancelButton)
        self.setProgress(0, 0)
        self.show(False)

    def setProgress(self, done: int, total: int) -> None:
        """How many of how many parts are done; 0 of 0: that is not known."""
        self.bar.maximum = total
        self.bar.value = done

    def show(self, isBusy: bool) -> None:
        """Show both while something is under way, else neither."""
        self.bar.visible = self.cancelButton.visible = isBusy
