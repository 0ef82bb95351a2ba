"""The application for tests: ``from application import qt, ctk, slicer, vtk``.

Inside 3D Slicer these are its own modules. Elsewhere the stand-in is started, once per process; where PySide6 or
slicer-core are not installed, the importing test file is skipped with the reason.
"""

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
_PANEL_HEIGHT_LIMIT = 4000
_GAP_TIMER_MS = 5


def _inside_slicer() -> bool:
    slicer = sys.modules.get("slicer")
    app = getattr(slicer, "app", None)
    return app is not None and "stand_in" not in type(app).__module__


inside_slicer = _inside_slicer()
if not inside_slicer:
    try:
        from stand_in import host

        host.start()
    except ImportError as error:
        pytest.skip(f"needs 'pip install .[test]': {error}", allow_module_level=True)


def standInOnly() -> pytest.MarkDecorator:
    """For ``pytestmark``: inside Slicer the importing file is skipped, elsewhere its tests are marked ``stand_in``."""
    if inside_slicer:
        pytest.skip("needs the hooks of Testing/stand_in", allow_module_level=True)
    return pytest.mark.stand_in


import ctk  # noqa: E402
import qt  # noqa: E402
import slicer  # noqa: E402
import vtk  # noqa: E402

__all__ = [
    "ROOT",
    "EventLoopGap",
    "assertNoLeakedObservers",
    "cleanup",
    "ctk",
    "enter",
    "exit_",
    "expectedDisplay",
    "inside_slicer",
    "loadModule",
    "moduleWidget",
    "processEvents",
    "qt",
    "reload",
    "screenshot",
    "slicer",
    "standInOnly",
    "vtk",
    "waitUntil",
]


def loadModule(name: str, folder: Path | None = None) -> Any:
    """``slicer.modules.<name>``, loaded from the checkout (``folder``: from elsewhere) if it is not there yet."""
    if not hasattr(slicer.modules, name.lower()):
        path = (folder or ROOT / name) / f"{name}.py"
        factory = slicer.app.moduleManager().factoryManager()
        factory.registerModule(qt.QFileInfo(str(path)))
        factory.loadModules([name])
    return getattr(slicer.modules, name.lower())


def moduleWidget(name: str, folder: Path | None = None) -> Any:
    """The module's Python widget object, set up and entered."""
    module = loadModule(name, folder)
    frame = module.widgetRepresentation()
    widget = frame.self()
    enter(widget)
    return widget


def enter(widget: Any) -> None:
    """What the application does when the module is selected; nothing if it is already."""
    if not widget.parent.isEntered:
        widget.parent.enter()


def exit_(widget: Any) -> None:
    """What the application does when another module is selected."""
    if widget.parent.isEntered:
        widget.parent.exit()


def reload(widget: Any) -> Any:
    """Presses the developer's Reload, which neither leaves nor enters the module, and returns the new widget object."""
    name = widget.moduleName
    widget.onReload()
    return moduleWidget(name)


def cleanup(widget: Any) -> None:
    """What the application does at its end."""
    exit_(widget)
    widget.cleanup()


def processEvents(seconds: float = 0) -> None:
    """Runs the event loop: once, or for this many seconds and once more: all that is due by then has been handled."""
    end = time.monotonic() + seconds
    slicer.app.processEvents()
    slicer.app.sendPostedEvents(None, qt.QEvent.DeferredDelete)
    isOver = seconds <= 0
    while not isOver:
        time.sleep(0.001)
        isOver = time.monotonic() >= end
        slicer.app.processEvents()


def waitUntil(condition: Callable[[], Any], timeout: float = 10.0) -> Any:
    """Runs the event loop until the condition holds and returns its value; AssertionError after ``timeout`` seconds."""
    end = time.monotonic() + timeout
    while True:
        slicer.app.processEvents()
        result = condition()
        if result:
            return result
        if time.monotonic() > end:
            raise AssertionError(f"not within {timeout} s")
        time.sleep(0.001)


class EventLoopGap:
    """``with EventLoopGap() as gap:`` measures; ``gap.seconds`` is the longest time in which no event was handled.

    The block must run the event loop (``waitUntil``); before and after it the clock stands still. So it does, where
    the system tells (Linux), while other processes have the processor: the tests run beside each other.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self._last = 0.0
        self._timer = qt.QTimer()
        self._timer.setInterval(_GAP_TIMER_MS)
        self._timer.connect("timeout()", self._tick)

    def __enter__(self) -> "EventLoopGap":
        self._last = _secondsServed()
        self._timer.start()
        return self

    def __exit__(self, *error: Any) -> None:
        self._tick()
        self._timer.stop()

    def _tick(self) -> None:
        now = _secondsServed()
        self.seconds = max(self.seconds, now - self._last)
        self._last = now


def _secondsServed() -> float:
    """A clock that stands still while this thread could run and has to wait for a processor."""
    try:
        waited_ns = int(Path("/proc/thread-self/schedstat").read_text(encoding="ascii").split()[1])
    except OSError:
        waited_ns = 0
    return time.monotonic() - waited_ns / 1e9


@contextlib.contextmanager
def expectedDisplay(name: str, answer: Any = None) -> Iterator[list[str]]:
    """The block calls ``slicer.util.<name>`` (errorDisplay, confirmYesNoDisplay …), which then returns ``answer``.

    Yields the texts that were shown; AssertionError if there were none.
    """
    texts: list[str] = []

    def display(text: str, *arguments: Any, **keywords: Any) -> Any:
        texts.append(text)
        return answer

    original = getattr(slicer.util, name)
    setattr(slicer.util, name, display)
    try:
        yield texts
    finally:
        setattr(slicer.util, name, original)
    if not texts:
        raise AssertionError(f"slicer.util.{name} was not called")


@contextlib.contextmanager
def assertNoLeakedObservers(*objects: Any) -> Iterator[None]:
    """AssertionError if the block leaves nodes behind, or observers on the scene, its nodes or ``objects``."""
    before = _observed(objects)
    yield
    processEvents()
    after = _observed(objects)
    leaked = [key for key in after if key not in before or after[key] > before[key]]
    if leaked:
        raise AssertionError("left behind: " + ", ".join(sorted(leaked)))


def _observed(objects: tuple[Any, ...]) -> dict[str, int]:
    """Python observers of each object, by a text that names it."""
    scene = slicer.mrmlScene
    nodes = [scene.GetNthNode(i) for i in range(scene.GetNumberOfNodes())]
    named = {f"{node.GetClassName()} {node.GetID()}": node for node in nodes}
    named |= {f"{item.GetClassName()} {i}": item for i, item in enumerate((scene, *objects))}
    return {name: _observers(item) for name, item in named.items()}


def _observers(item: Any) -> int:
    """How many observers a VTK object has; it numbers them, and tells which numbers are still in use."""
    last = item.AddObserver("AnyEvent", lambda caller, event: None)
    item.RemoveObserver(last)
    return sum(item.GetCommand(tag) is not None for tag in range(1, last))


def screenshot(widget: Any, path: Path | str, width: int, palette: str = "light") -> Path:
    """Saves a picture of a panel, ``width`` pixels wide and as tall as it needs, in a "light" or "dark" palette."""
    with _colors(widget, _palette(palette == "dark")):
        widget.resize(width, widget.heightForWidth(width) if widget.hasHeightForWidth() else widget.sizeHint.height())
        widget.show()
        processEvents(0.05)
        widget.resize(width, min(max(widget.sizeHint.height(), widget.height), _PANEL_HEIGHT_LIMIT))
        processEvents(0.05)
        saved = widget.grab().save(str(path))
        widget.hide()
    if not saved:
        raise OSError(f"{path}: the picture cannot be written")
    return Path(path)


@contextlib.contextmanager
def _colors(widget: Any, palette: Any) -> Iterator[None]:
    """The palette for everything, as a desktop's theme sets it; in Slicer, which cannot change it, for the widget."""
    before = widget.palette if inside_slicer else slicer.app.palette()
    assign = widget.setPalette if inside_slicer else qt.QApplication.setPalette
    assign(palette)
    try:
        yield
    finally:
        assign(before)


def _palette(dark: bool) -> Any:
    """Fusion's own colours, light or dark, whatever the desktop has."""
    window, base, text, button, highlight = (
        ("#353535", "#2a2a2a", "#f0f0f0", "#454545", "#3d8ec9")
        if dark
        else ("#f0f0f0", "#ffffff", "#101010", "#e4e4e4", "#308cc6")
    )
    palette = qt.QPalette()
    for roles, color in (
        ((qt.QPalette.Window, qt.QPalette.AlternateBase), window),
        ((qt.QPalette.Base, qt.QPalette.ToolTipBase), base),
        ((qt.QPalette.WindowText, qt.QPalette.Text, qt.QPalette.ButtonText, qt.QPalette.ToolTipText), text),
        ((qt.QPalette.Button,), button),
        ((qt.QPalette.Highlight,), highlight),
        ((qt.QPalette.HighlightedText,), "#ffffff"),
        ((qt.QPalette.Link,), highlight),
        ((qt.QPalette.PlaceholderText,), "#909090"),
    ):
        for role in roles:
            palette.setColor(role, qt.QColor(color))
    for role in (qt.QPalette.WindowText, qt.QPalette.Text, qt.QPalette.ButtonText):
        palette.setColor(qt.QPalette.Disabled, role, qt.QColor("#808080"))
    return palette
