"""Mouse and keys on a widget, as the window system sends them."""

from __future__ import annotations

from typing import Any

from application import qt, slicer

Place = tuple[float, float]


def press(widget: Any, place: Place) -> None:
    """Press the left button at x, y in the widget."""
    _mouse(widget, qt.QEvent.MouseButtonPress, place, qt.Qt.LeftButton, qt.Qt.LeftButton)


def move(widget: Any, place: Place, *, held: bool = True) -> None:
    """Move the mouse there, with or without the left button held."""
    buttons = qt.Qt.LeftButton if held else qt.Qt.NoButton
    _mouse(widget, qt.QEvent.MouseMove, place, qt.Qt.NoButton, buttons)


def release(widget: Any, place: Place) -> None:
    """Let the left button go."""
    _mouse(widget, qt.QEvent.MouseButtonRelease, place, qt.Qt.LeftButton, qt.Qt.NoButton)


def drag(widget: Any, start: Place, end: Place, steps: int = 4) -> None:
    """Press at one place, move to another in even steps, and let go."""
    press(widget, start)
    for step in range(1, steps + 1):
        move(widget, tuple(a + (b - a) * step / steps for a, b in zip(start, end, strict=True)))
    release(widget, end)


def double_click(widget: Any, place: Place) -> None:
    """All four events of a double click."""
    press(widget, place)
    release(widget, place)
    _mouse(widget, qt.QEvent.MouseButtonDblClick, place, qt.Qt.LeftButton, qt.Qt.LeftButton)
    release(widget, place)


def key(widget: Any, code: int, modifiers: int | None = None) -> bool:
    """Press and let go a key; whether the widget, or who filters its events, has used it."""
    held = qt.Qt.NoModifier if modifiers is None else modifiers
    event = qt.QKeyEvent(qt.QEvent.KeyPress, code, held)
    slicer.app.sendEvent(widget, event)
    is_used = event.isAccepted()
    slicer.app.sendEvent(widget, qt.QKeyEvent(qt.QEvent.KeyRelease, code, held))
    return is_used


def _mouse(widget: Any, kind: int, place: Place, button: int, buttons: int) -> None:
    local = qt.QPointF(*place)
    on_screen = qt.QPointF(widget.mapToGlobal(local.toPoint()))
    event = qt.QMouseEvent(kind, local, local, on_screen, button, buttons, qt.Qt.NoModifier)
    slicer.app.sendEvent(widget, event)
