"""Warnings that go with what a panel shows."""

from __future__ import annotations

from collections.abc import Sequence

import qt
from slicer.i18n import tr as _

from DicomSuiteGui.plain_label import plainLabel

_SIGN_PIXELS = 16


class WarningLines:
    """Sentences beside a warning sign; hidden where there are none."""

    def __init__(self) -> None:
        self.widget = qt.QWidget()
        layout = qt.QHBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        sign = qt.QLabel()
        icon = self.widget.style().standardIcon(qt.QStyle.SP_MessageBoxWarning)
        sign.pixmap = icon.pixmap(_SIGN_PIXELS, _SIGN_PIXELS)
        sign.accessibleName = _("Warning")
        self.label = plainLabel()
        layout.addWidget(sign, 0, qt.Qt.AlignTop)
        layout.addWidget(self.label, 1)
        self.show(())

    def show(self, texts: Sequence[str]) -> None:
        """Show these, each in a line of its own, and no others."""
        self.label.text = "\n".join(texts)
        self.widget.visible = bool(texts)
