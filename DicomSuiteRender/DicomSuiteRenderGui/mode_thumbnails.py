"""Small pictures of what each mode makes of the volume, painted beside the windows in one thread after the other."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from io import BytesIO
from typing import Any

import qt

from DicomSuiteGui.background import Background
from DicomSuiteLib.errors import DicomSuiteError
from DicomSuiteLib.plain_signal import Signal
from DicomSuiteLib.volume_nodes import volume_of_node
from DicomSuiteLib.volumes import Volume
from DicomSuiteRenderGui.display_window import shownWindow
from DicomSuiteRenderLib.mode_thumbnail import Miniature, mode_thumbnail
from DicomSuiteRenderLib.render_mode import RenderMode
from DicomSuiteRenderLib.window_level import WindowLevel


class ModeThumbnails:
    """Paints for one volume at a time; `painted` is emitted with the key of a mode and its picture, a QPixmap."""

    def __init__(self) -> None:
        self.painted = Signal()
        self._background = Background()
        self._modes: Sequence[RenderMode] = ()

    def start(self, volumeNode: Any, modes: Sequence[RenderMode]) -> None:
        """Paint these modes of a volume; what was being painted is dropped. Nothing comes where it has no voxels."""
        self.stop()
        self._modes = modes
        try:
            volume = volume_of_node(volumeNode)
        except DicomSuiteError:
            return  # what is wrong with the volume is said where it is chosen
        window = shownWindow(volumeNode)
        self._background.run(partial(_shrunk, volume, window), self._onShrunk)

    def stop(self) -> None:
        """Paint nothing any more."""
        self._background.drop()

    def _onShrunk(self, shrunk: tuple[Miniature, WindowLevel]) -> None:
        self._paint(*shrunk, list(self._modes))

    def _paint(self, miniature: Miniature, window: WindowLevel, left: list[RenderMode]) -> None:
        """The next one; each in a thread of its own, so that another volume need not wait for all."""
        if left:
            mode, *others = left
            deliver = partial(self._onPainted, mode.key, miniature, window, others)
            self._background.run(lambda: _painted(mode, miniature, window), deliver)

    def _onPainted(
        self, key: str, miniature: Miniature, window: WindowLevel, others: list[RenderMode], png: bytes
    ) -> None:
        pixmap = qt.QPixmap()
        pixmap.loadFromData(qt.QByteArray(png))
        self._paint(miniature, window, others)
        self.painted.emit(key, pixmap)


def _shrunk(volume: Volume, window: WindowLevel | None) -> tuple[Miniature, WindowLevel]:
    miniature = Miniature.of(volume)
    return miniature, window or miniature.window


def _painted(mode: RenderMode, miniature: Miniature, window: WindowLevel) -> bytes:
    from PIL import Image

    file = BytesIO()
    Image.fromarray(mode_thumbnail(mode, miniature, window)).save(file, "PNG")
    return file.getvalue()
