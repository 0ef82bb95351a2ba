"""The look-up table that is edited over a histogram: its points, the selected one, and steps back and forth."""

from __future__ import annotations

from DicomSuiteLib.plain_signal import Signal
from DicomSuiteRenderLib.display_lut import DisplayLut, LutPoint
from DicomSuiteRenderLib.lut_history import LutHistory

FEWEST_POINTS = 2


class LutEditor:
    """`changed` is emitted without arguments when the table or the selection has changed.

    A point that is dragged is shown at once, and is one step back when it is let go.
    """

    def __init__(self, lut: DisplayLut) -> None:
        self.changed = Signal()
        self._history = LutHistory(lut)
        self._dragged: DisplayLut | None = None
        self._selected = 0
        self._wasStretched = False

    def open(self, lut: DisplayLut) -> None:
        """Begin anew with another table."""
        self._history = LutHistory(lut)
        self._wasStretched = False
        self._select(self._selected)

    @property
    def lut(self) -> DisplayLut:
        """The table as it is now."""
        return self._dragged or self._history.current

    @property
    def selected(self) -> int:
        """Index of the point that keys and boxes change; there always is one."""
        return self._selected

    @property
    def point(self) -> LutPoint:
        """The selected point."""
        return self.lut.points[self._selected]

    @property
    def isDragging(self) -> bool:
        """Whether the mouse holds a point."""
        return self._dragged is not None

    @property
    def canUndo(self) -> bool:
        """Whether there is a step to take back."""
        return self._history.can_undo

    @property
    def canRedo(self) -> bool:
        """Whether a step was taken back."""
        return self._history.can_redo

    @property
    def canRemove(self) -> bool:
        """Whether a table is left without the selected point."""
        return len(self.lut.points) > FEWEST_POINTS

    def select(self, index: int) -> None:
        """Choose a point; one beyond the ends is the one at the end."""
        self._select(index)

    def selectNeighbour(self, step: int) -> bool:
        """Go to the next (1) or previous (-1) point; False where there is none."""
        if not 0 <= self._selected + step < len(self.lut.points):
            return False
        self._select(self._selected + step)
        return True

    def drag(self, value: float, shade: float) -> None:
        """Show the selected point elsewhere until `drop` or `cancel`."""
        self._dragged = self._history.current.moved(self._selected, value, shade)
        self.changed.emit()

    def drop(self) -> None:
        """Keep what was dragged."""
        if self._dragged is not None:
            self._keep(self._dragged, self._selected)

    def cancel(self) -> None:
        """Put back what was dragged."""
        self._dragged = None
        self.changed.emit()

    def move(self, value: float, shade: float) -> None:
        """Put the selected point elsewhere, as far as its neighbours let it."""
        self._keep(self.lut.moved(self._selected, value, shade), self._selected)

    def add(self, value: float, shade: float | None = None) -> None:
        """Add a point and select it, without a shade on the line; where there is one already, it is moved."""
        if value in self.lut.values:
            self._select(self.lut.values.index(value))
            self.move(value, self.point.shade if shade is None else shade)
            return
        lut = self.lut.with_point(value, shade)
        self._keep(lut, lut.values.index(value))

    def addBesideSelected(self) -> None:
        """Add a point on the line half way to the next one, or before the last one."""
        values = self.lut.values
        before = min(self._selected, len(values) - 2)
        self.add((values[before] + values[before + 1]) / 2)

    def remove(self) -> None:
        """Take the selected point away; the table keeps two."""
        if self.canRemove:
            self._keep(self.lut.without(self._selected), self._selected)

    def replace(self, lut: DisplayLut) -> None:
        """Go on with another table, as a step that can be taken back."""
        self._keep(lut, self._selected)

    def stretch(self, low: float, high: float) -> None:
        """Shift and stretch the whole table until it has these ends; however often in a row, it is one step back."""
        first, last = self.lut.values[0], self.lut.values[-1]
        factor = (high - low) / (last - first)
        stretched = DisplayLut.from_pairs(
            (low + (point.value - first) * factor, point.shade) for point in self.lut.points
        )
        if self._wasStretched:
            self._history.undo()
        self._keep(stretched, self._selected)
        self._wasStretched = True

    def undo(self) -> None:
        """Take a step back."""
        self._history.undo()
        self._wasStretched = False
        self._select(self._selected)

    def redo(self) -> None:
        """Take it again."""
        self._history.redo()
        self._wasStretched = False
        self._select(self._selected)

    def _keep(self, lut: DisplayLut, selected: int) -> None:
        self._history.change(lut)
        self._wasStretched = False
        self._select(selected)

    def _select(self, index: int) -> None:
        self._dragged = None  # one point was dragged, and now another one may be selected
        self._selected = min(max(index, 0), len(self.lut.points) - 1)
        self.changed.emit()
