"""Small buttons in a row, which say in their tooltip why they cannot be pressed."""

from __future__ import annotations

from collections.abc import Callable

import qt

SPACING = 3
"""Pixels between buttons of a row that has to fit a narrow panel."""


def addToolButton(layout: qt.QLayout, text: str, name: str, onClick: Callable[[], None]) -> qt.QToolButton:
    """Add a button that the keyboard reaches; `name` is what screen readers say."""
    button = qt.QToolButton()
    button.text = text
    button.accessibleName = name
    button.focusPolicy = qt.Qt.StrongFocus
    button.connect("clicked()", onClick)
    layout.addWidget(button)
    return button


def setPossible(control: qt.QWidget | qt.QAction, whyNot: str, toolTip: str) -> None:
    """Enable a control where nothing stands against it, else say what does."""
    control.enabled = not whyNot
    control.toolTip = whyNot or toolTip
