"""The one class that derives from a Qt class: Qt asks it, and no signal, about mouse and keys on a widget."""

from __future__ import annotations

from collections.abc import Callable

import qt


class EventFilter(qt.QObject):
    """Hands every event of the objects that it is installed on to a function, which returns whether it used it."""

    def __init__(self, function: Callable[[qt.QEvent], bool]) -> None:
        qt.QObject.__init__(self)
        self.function = function

    def eventFilter(self, watched: qt.QObject, event: qt.QEvent) -> bool:
        """Called by Qt."""
        return self.function(event)
