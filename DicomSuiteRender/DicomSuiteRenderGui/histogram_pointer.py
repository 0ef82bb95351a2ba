"""Mouse and keys on the picture of a histogram, as signals in plain Python."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto

import qt

from DicomSuiteLib.plain_signal import Signal
from DicomSuiteRenderGui.event_filter import EventFilter

COARSE = 10
"""Steps that an arrow key moves a point while Shift is held."""


class KeyAction(Enum):
    """What a key asks for."""

    NEXT = auto()
    PREVIOUS = auto()
    FIRST = auto()
    LAST = auto()
    ADD = auto()
    REMOVE = auto()
    UNDO = auto()
    REDO = auto()
    CANCEL = auto()


_KEYS = {
    qt.Qt.Key_Tab: KeyAction.NEXT,
    qt.Qt.Key_Backtab: KeyAction.PREVIOUS,
    qt.Qt.Key_Home: KeyAction.FIRST,
    qt.Qt.Key_End: KeyAction.LAST,
    qt.Qt.Key_Insert: KeyAction.ADD,
    qt.Qt.Key_Delete: KeyAction.REMOVE,
    qt.Qt.Key_Backspace: KeyAction.REMOVE,
    qt.Qt.Key_Escape: KeyAction.CANCEL,
}
_ARROWS = {
    qt.Qt.Key_Left: (-1, 0),
    qt.Qt.Key_Right: (1, 0),
    qt.Qt.Key_Up: (0, 1),
    qt.Qt.Key_Down: (0, -1),
}


class HistogramPointer:
    """Follows one widget.

    `pressed`, `moved`, `doubleClicked` are emitted with x and y in logical pixels, `moved` also with whether the left
    button is held; `left`, `released` and `looksChanged` (size, palette, focus) without arguments. `onKey` and
    `onArrow` (steps to the right, steps up) return whether they used the key: else it goes its usual way.
    """

    def __init__(
        self, widget: qt.QWidget, onKey: Callable[[KeyAction], bool], onArrow: Callable[[int, int], bool]
    ) -> None:
        self.pressed = Signal()
        self.moved = Signal()
        self.released = Signal()
        self.doubleClicked = Signal()
        self.left = Signal()
        self.looksChanged = Signal()
        self._onKey = onKey
        self._onArrow = onArrow
        self._handlers = {
            qt.QEvent.MouseButtonPress: self._press,
            qt.QEvent.MouseMove: self._move,
            qt.QEvent.MouseButtonRelease: self._release,
            qt.QEvent.MouseButtonDblClick: self._doubleClick,
            qt.QEvent.Leave: self._leave,
            qt.QEvent.ShortcutOverride: self._override,
            qt.QEvent.KeyPress: self._keyPress,
            qt.QEvent.Resize: self._change,
            qt.QEvent.PaletteChange: self._change,
            qt.QEvent.EnabledChange: self._change,
            qt.QEvent.FontChange: self._change,
            qt.QEvent.FocusIn: self._change,
            qt.QEvent.FocusOut: self._change,
        }
        self._events = EventFilter(self._handle)
        widget.mouseTracking = True
        widget.installEventFilter(self._events)

    def _handle(self, event: qt.QEvent) -> bool:
        handler = self._handlers.get(event.type())
        return handler is not None and handler(event)

    def _press(self, event: qt.QMouseEvent) -> bool:
        if event.button() != qt.Qt.LeftButton:
            return False
        self.pressed.emit(*_place(event))
        return True

    def _move(self, event: qt.QMouseEvent) -> bool:
        self.moved.emit(*_place(event), bool(event.buttons() & qt.Qt.LeftButton))
        return True

    def _release(self, event: qt.QMouseEvent) -> bool:
        if event.button() != qt.Qt.LeftButton:
            return False
        self.released.emit()
        return True

    def _doubleClick(self, event: qt.QMouseEvent) -> bool:
        if event.button() != qt.Qt.LeftButton:
            return False
        self.doubleClicked.emit(*_place(event))
        return True

    def _leave(self, event: qt.QEvent) -> bool:
        self.left.emit()
        return False

    def _change(self, event: qt.QEvent) -> bool:
        self.looksChanged.emit()
        return False

    def _override(self, event: qt.QKeyEvent) -> bool:
        """Keep shortcuts of the main window, such as its "Undo", from taking the picture's keys."""
        if event.key() in _ARROWS or _actionOf(event) is not None:
            event.accept()
        return False

    def _keyPress(self, event: qt.QKeyEvent) -> bool:
        if event.key() in _ARROWS:
            right, up = _ARROWS[event.key()]
            steps = COARSE if event.modifiers() & qt.Qt.ShiftModifier else 1
            return self._onArrow(right * steps, up * steps)
        action = _actionOf(event)
        return action is not None and self._onKey(action)


def _place(event: qt.QMouseEvent) -> tuple[float, float]:
    place = event.localPos()
    return place.x(), place.y()


def _actionOf(event: qt.QKeyEvent) -> KeyAction | None:
    if event.matches(qt.QKeySequence.Undo):
        return KeyAction.UNDO
    if event.matches(qt.QKeySequence.Redo):
        return KeyAction.REDO
    return _KEYS.get(event.key())
