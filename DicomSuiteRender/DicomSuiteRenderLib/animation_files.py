"""The formats that an animation can be written in, each by its name."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path

from DicomSuiteRenderLib.animations import write_gif, write_mp4, write_png_sequence, write_webp
from DicomSuiteRenderLib.window_picture import Picture


class AnimationFormat(StrEnum):
    """What pictures that follow each other are written as."""

    PNG = "png"
    """A file for each picture."""
    GIF = "gif"
    WEBP = "webp"
    MP4 = "mp4"

    @property
    def keeps_opacity(self) -> bool:
        """Whether pictures without a background stay so."""
        return self in (AnimationFormat.PNG, AnimationFormat.WEBP)


_WRITERS = {AnimationFormat.GIF: write_gif, AnimationFormat.WEBP: write_webp, AnimationFormat.MP4: write_mp4}


def write_animation(pictures: Iterable[Picture], folder: Path, name: str, kind: AnimationFormat) -> tuple[Path, ...]:
    """Write `name` with the suffix of its kind into a folder that exists, or numbered PNG files; returns the paths.

    Errors as for `write_gif`, `write_webp`, `write_mp4` and `write_png_sequence`.
    """
    if kind is AnimationFormat.PNG:
        return write_png_sequence(pictures, folder, name)
    path = folder / f"{name}.{kind.value}"
    _WRITERS[kind](pictures, path)
    return (path,)
