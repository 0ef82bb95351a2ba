"""3D pictures of one volume without a window, one render mode after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from DicomSuiteLib.volume_nodes import node_of_volume, remove_volume_node
from DicomSuiteLib.volumes import Volume
from DicomSuiteRenderLib.animation_files import AnimationFormat, write_animation
from DicomSuiteRenderLib.apply_mode import apply_mode
from DicomSuiteRenderLib.offscreen_views import View3D
from DicomSuiteRenderLib.own_nodes import remove_orphans
from DicomSuiteRenderLib.picture_files import PictureFormat, write_picture_file
from DicomSuiteRenderLib.render_mode import RenderMode
from DicomSuiteRenderLib.turntable import turntable
from DicomSuiteRenderLib.window_level import WindowLevel
from DicomSuiteRenderLib.window_picture import Picture

NODE_NAME = "Volume"
"""In the scene; the name of a file or series may tell who it is of."""


class ModePictures:
    """A volume in a view of its own; leaves the scene as it was.

    Parameters
    ----------
    volume : to show
    size : (width, height) of the pictures, pixels
    is_transparent : whether pictures are without a background, where their format can hold that

    Raises
    ------
    MissingPackageError
        If there is neither Slicer nor slicer-core.
    RenderError
        If the computer has no OpenGL, not even in software.
    """

    def __init__(self, volume: Volume, size: tuple[int, int], is_transparent: bool) -> None:
        self._is_transparent = is_transparent
        self._view = View3D(size)  # first, because it may fail
        self._node = node_of_volume(volume, NODE_NAME)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._view.close()
        remove_volume_node(self._node)
        remove_orphans()

    def show(self, mode: RenderMode, window: WindowLevel | None) -> tuple[str, ...]:
        """Apply a mode, `window` to what is relative to one; returns its notices. Errors as for `apply_mode`."""
        return apply_mode(mode, self._node, self._view.node, window=window)

    def write(self, path: Path) -> None:
        """Write what is shown as a PNG. Errors as for `write_picture_file`."""
        write_picture_file(path, self._view.picture(self._is_transparent), PictureFormat.PNG)

    def write_turntable(
        self, folder: Path, name: str, frames: int, kinds: Sequence[AnimationFormat], step: Callable[[], None]
    ) -> Iterator[Path]:
        """Write what is shown from all around, in one format after the other; gives the paths of the files.

        `step` is called after every picture that was drawn. Errors as for `write_animation`.
        """
        for is_transparent in sorted({self._is_transparent and kind.keeps_opacity for kind in kinds}):
            pictures = list(self._turned(frames, is_transparent, step))
            for kind in kinds:
                if (self._is_transparent and kind.keeps_opacity) == is_transparent:
                    yield from write_animation(pictures, folder, name, kind)

    def _turned(self, frames: int, is_transparent: bool, step: Callable[[], None]) -> Iterator[Picture]:
        for picture in turntable(self._view, frames, is_transparent):
            step()
            yield picture
