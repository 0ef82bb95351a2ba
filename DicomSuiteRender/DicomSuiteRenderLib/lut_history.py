"""Undo and redo for a look-up table that is being edited."""

from __future__ import annotations

from DicomSuiteRenderLib.display_lut import DisplayLut

MOST_STEPS = 200
"""How many changes can be undone."""


class LutHistory:
    """The table as it is, and as it was after every change.

    A point that is dragged is one change: it is kept when the mouse lets it go.
    """

    def __init__(self, lut: DisplayLut) -> None:
        self._past: list[DisplayLut] = []
        self._current = lut
        self._future: list[DisplayLut] = []

    @property
    def current(self) -> DisplayLut:
        return self._current

    @property
    def can_undo(self) -> bool:
        return bool(self._past)

    @property
    def can_redo(self) -> bool:
        return bool(self._future)

    def change(self, lut: DisplayLut) -> None:
        """Make `lut` the current one; what had been undone is gone. The same table again is no change."""
        if lut == self._current:
            return
        self._past = [*self._past, self._current][-MOST_STEPS:]
        self._current = lut
        self._future = []

    def undo(self) -> DisplayLut:
        """Go back one change, if there is one; returns what is current then."""
        if self._past:
            self._future.append(self._current)
            self._current = self._past.pop()
        return self._current

    def redo(self) -> DisplayLut:
        """Go forward again by one change that was undone, if there is one; returns what is current then."""
        if self._future:
            self._past.append(self._current)
            self._current = self._future.pop()
        return self._current
