"""Text of the application that is shown as it is: names and reasons may hold what looks like markup."""

from __future__ import annotations

import qt


def plainLabel(text: str = "") -> qt.QLabel:
    """A label of as many lines as the text needs, which can be copied."""
    label = qt.QLabel(text)
    label.wordWrap = True
    label.textFormat = qt.Qt.PlainText
    label.textInteractionFlags = qt.Qt.TextSelectableByMouse | qt.Qt.TextSelectableByKeyboard
    return label


def showText(label: qt.QLabel, text: str) -> None:
    """Show a text; where it is "", the label takes no room."""
    label.text = text
    label.visible = bool(text)
