"""Modal dialogs in tests: an unexpected one is recorded as a failure and closed at once, so that nothing ever hangs."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from PySide6 import QtCore, QtWidgets

from stand_in import failures
from stand_in.failures import Kind
from stand_in.unpatched import raw

_actions: list[Callable[[Any], None]] = []
_answers: list[tuple[str, Any]] = []


@contextlib.contextmanager
def acting(*actions: Callable[[Any], None]) -> Iterator[None]:
    """The next dialogs that are executed run for real; each action is called with its dialog and must end it."""
    with _queued(_actions, list(actions), "a dialog"):
        yield


@contextlib.contextmanager
def answering(**answers: Any) -> Iterator[None]:
    """What the next static dialogs return, by function name: ``answering(getExistingDirectory="/tmp/out")``."""
    with _queued(_answers, list(answers.items()), "one of " + ", ".join(answers)):
        yield


@contextlib.contextmanager
def _queued(queue: list, items: list, what: str) -> Iterator[None]:
    queue += items
    try:
        yield
        if queue:
            raise AssertionError(f"{what} was expected, but did not open")
    finally:
        queue.clear()


def execute(dialog: QtWidgets.QDialog) -> int:
    """``dialog.exec_()``."""
    if not _actions:
        return _refused(f"{type(dialog).__name__} {_text(dialog)!r}", 0)
    action = _actions.pop(0)
    QtCore.QTimer.singleShot(0, lambda: _act(action, dialog))
    return raw(dialog, "exec")()


def open_dialog(dialog: QtWidgets.QDialog) -> None:
    """``dialog.open()``: window-modal, returns at once."""
    if not _actions:
        _refused(f"{type(dialog).__name__} {_text(dialog)!r}", None)
        return
    action = _actions.pop(0)
    QtCore.QTimer.singleShot(0, lambda: _act(action, dialog))
    raw(dialog, "open")()


def execute_menu(menu: QtWidgets.QMenu, *position: Any) -> Any:
    """``menu.exec_(position)``."""
    if not _actions:
        return _refused(f"menu {[action.text() for action in QtWidgets.QMenu.actions(menu)]}", None)
    action = _actions.pop(0)
    chosen, loop = [], QtCore.QEventLoop()
    raw(menu, "triggered").connect(chosen.append)
    raw(menu, "aboutToHide").connect(raw(loop, "quit"))
    QtWidgets.QMenu.popup(menu, *(position or (QtCore.QPoint(),)))
    QtCore.QTimer.singleShot(0, lambda: _act(action, menu))
    raw(loop, "exec")()
    QtCore.QCoreApplication.processEvents()
    return next(iter(chosen), None)


def _act(action: Callable[[Any], None], window: QtWidgets.QWidget) -> None:
    try:
        action(window)
    finally:
        if QtWidgets.QWidget.isVisible(window):
            _refused(f"{type(window).__name__} was left open by the test's action", None)
            QtWidgets.QWidget.close(window)


def static(name: str, refusal: Any) -> Callable:
    """A static function such as ``QFileDialog.getOpenFileName``, which returns the prepared answer."""

    def ask(*arguments: Any) -> Any:
        if _answers and _answers[0][0] == name:
            return _answers.pop(0)[1]
        return _refused(f"{name}{tuple(a for a in arguments if isinstance(a, str))}", refusal)

    return ask


def _text(dialog: QtWidgets.QDialog) -> str:
    text = raw(dialog, "text")() if isinstance(dialog, QtWidgets.QMessageBox) else ""
    return text or raw(dialog, "windowTitle")()


def _refused(what: str, answer: Any) -> Any:
    failures.record(Kind.DIALOG, what)
    return answer
