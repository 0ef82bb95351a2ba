"""Write pictures that follow each other: numbered PNG files, an animated GIF or WebP, an MP4 film.

Pictures are (height, width) grey, (height, width, 3), or with their opacity (height, width, 4).
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from DicomSuiteLib.missing_package import missing_package
from DicomSuiteLib.output_file import output_file
from DicomSuiteRenderLib.errors import RenderError
from DicomSuiteRenderLib.picture_files import PictureFormat, write_picture_file
from DicomSuiteRenderLib.window_picture import Picture

FRAMES_PER_SECOND = 15.0
"""A turntable of 36 pictures takes 2.4 s."""

GIF_CLOCK = 100
"""GIF counts hundredths of a second; programs slow a picture down that lasts fewer than `GIF_SHORTEST` of them."""
GIF_SHORTEST = 2

WEBP_QUALITY = 90
"""Of 100: no block is seen in grey values that change smoothly."""


def write_png_sequence(pictures: Iterable[Picture], folder: Path, name: str) -> tuple[Path, ...]:
    """Write `name`-0001.png and so on into a folder that exists, opacity kept; returns the paths.

    Raises
    ------
    OutputError
        If a file cannot be written.
    RenderError
        If there is no picture, or they differ in size.
    """
    paths = []
    for number, picture in enumerate(_alike(pictures), start=1):
        path = folder / f"{name}-{number:04}.png"
        write_picture_file(path, picture, PictureFormat.PNG)
        paths.append(path)
    return tuple(paths)


def write_gif(pictures: Iterable[Picture], path: Path, frames_per_second: float = FRAMES_PER_SECOND) -> None:
    """Write a GIF that is shown again and again; every picture has a palette of its own of 256 colours.

    Raises
    ------
    OutputError
        If the file cannot be written.
    RenderError
        If there is no picture, they differ in size, or one has an opacity: GIF knows none.
    """
    lasts = max(GIF_SHORTEST, round(GIF_CLOCK / _checked(frames_per_second))) * 1000 // GIF_CLOCK
    _write_animation(_opaque(_alike(pictures), "GIF"), path, format="GIF", duration=lasts, disposal=1)


def write_webp(pictures: Iterable[Picture], path: Path, frames_per_second: float = FRAMES_PER_SECOND) -> None:
    """Write a WebP that is shown again and again, opacity kept.

    Raises
    ------
    OutputError
        If the file cannot be written.
    RenderError
        If there is no picture, or they differ in size.
    """
    lasts = round(1000 / _checked(frames_per_second))
    _write_animation(_alike(pictures), path, format="WEBP", duration=lasts, quality=WEBP_QUALITY)


def write_mp4(pictures: Iterable[Picture], path: Path, frames_per_second: float = FRAMES_PER_SECOND) -> None:
    """Write an MP4 film with ffmpeg; a line of black is added where width or height is odd.

    Raises
    ------
    OutputError
        If the file cannot be written.
    RenderError
        If ffmpeg is not installed or fails, there is no picture, they differ in size, or one has an opacity.
    """
    program = shutil.which("ffmpeg")
    if program is None:
        raise RenderError("MP4 needs the program ffmpeg, which is not installed; install it, or choose WebP or GIF.")
    rate = _checked(frames_per_second)
    frames = map(_in_colour, _opaque(_alike(pictures), "MP4"))
    first = next(frames)
    with output_file(path) as partial:
        _run(_ffmpeg(program, first, rate, partial), chain([first], frames), path)


def _ffmpeg(program: str, first: Picture, frames_per_second: float, path: Path) -> list[str]:
    height, width, _ = first.shape
    read = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", f"{frames_per_second:g}", "-i", "-"]
    # Players know 4:2:0 alone, which halves both sides.
    look = ["-vf", "pad=ceil(iw/2)*2:ceil(ih/2)*2", "-pix_fmt", "yuv420p"]
    write = ["-map_metadata", "-1", "-fflags", "+bitexact", "-movflags", "+faststart", "-f", "mp4", "-y", str(path)]
    return [program, "-hide_banner", "-loglevel", "error", *read, *look, *write]


def _run(command: list[str], pictures: Iterator[Picture], path: Path) -> None:
    with _started(command) as process:
        try:
            for picture in pictures:
                process.stdin.write(np.ascontiguousarray(picture).data)
        except BrokenPipeError:
            pass  # it has ended; what it says comes below
        except BaseException:
            process.kill()
            raise
        _, said = process.communicate()
    if process.returncode:
        reason = (said.decode(errors="replace").strip().splitlines() or ["no reason given"])[-1]
        raise RenderError(f"ffmpeg cannot write {path}: {reason}; choose WebP or GIF.")


def _started(command: list[str]) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    except OSError as error:
        raise RenderError(f"{command[0]} cannot be started: {error.strerror}; choose WebP or GIF.") from error


def _write_animation(pictures: Iterator[Picture], path: Path, **options: Any) -> None:
    images = map(_image, pictures)
    first = next(images)
    with output_file(path) as partial, partial.open("w+b") as file:
        first.save(file, save_all=True, append_images=images, loop=0, **options)


def _alike(pictures: Iterable[Picture]) -> Iterator[Picture]:
    """The pictures, of which there is one at least; an error at the first that has another shape."""
    shape = None
    for picture in pictures:
        if shape not in (None, picture.shape):
            raise RenderError("The pictures of an animation must have the same size; draw them in one view.")
        shape = picture.shape
        yield picture
    if shape is None:
        raise RenderError("There is no picture to write; draw at least one.")


def _opaque(pictures: Iterator[Picture], name: str) -> Iterator[Picture]:
    for picture in pictures:
        if picture.shape[2:] == (4,):
            raise RenderError(f"{name} has no opacity; draw the pictures with a background, or choose PNG or WebP.")
        yield picture


def _in_colour(picture: Picture) -> Picture:
    return np.repeat(picture[..., None], 3, axis=-1) if picture.ndim == 2 else picture


def _checked(frames_per_second: float) -> float:
    if not 0 < frames_per_second <= GIF_CLOCK:
        raise RenderError(f"{frames_per_second:g} pictures per second cannot be shown; choose up to {GIF_CLOCK}.")
    return frames_per_second


def _image(picture: Picture) -> Any:
    try:
        from PIL import Image
    except ImportError as error:
        raise missing_package("Pillow", "Animations") from error
    return Image.fromarray(picture)
