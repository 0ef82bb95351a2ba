"""Push buttons side by side."""

from __future__ import annotations

from collections.abc import Callable

import qt


def addPushButton(layout: qt.QLayout, text: str, onClick: Callable[[], None]) -> qt.QPushButton:
    """Add a button that calls `onClick`."""
    button = qt.QPushButton(text)
    button.connect("clicked()", onClick)
    layout.addWidget(button)
    return button
