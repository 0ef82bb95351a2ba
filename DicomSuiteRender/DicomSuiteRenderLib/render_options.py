"""What `dicomsuite render` is asked to do, read from its command line."""

from __future__ import annotations

import argparse
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from DicomSuiteLib.errors import UsageError
from DicomSuiteLib.slice_views import Plane
from DicomSuiteRenderLib.animation_files import AnimationFormat
from DicomSuiteRenderLib.built_in_modes import built_in_modes
from DicomSuiteRenderLib.mode_files import read_mode
from DicomSuiteRenderLib.picture_files import PictureFormat
from DicomSuiteRenderLib.render_mode import RenderMode
from DicomSuiteRenderLib.window_level import WindowLevel
from DicomSuiteRenderLib.window_presets import window_presets

MIDDLE = "middle"
ALL = "all"

LARGEST_VIEW = 8192
"""Pixels along one side of a 3D picture; what software renderers hold."""
MOST_FRAMES = 360
"""Pictures of a turntable: one for every degree."""

EXACT_DIGITS = 15
"""Decimal digits that a double keeps: surfaces of different values have different names."""

SliceNumbers = tuple[int, ...] | str
"""Numbers from 0, `MIDDLE` or `ALL`."""


@dataclass(frozen=True)
class ThresholdSurface:
    """A closed surface around the values from `low` to `high`, and how its file ends: stl, obj or ply."""

    low: float
    high: float
    suffix: str

    @property
    def words(self) -> str:
        """The range, for names of files: "175", or "-200-300"."""
        low, high = (f"{value:.{EXACT_DIGITS}g}" for value in (self.low, self.high))
        return low if self.high == math.inf else f"{low}-{high}"


@dataclass(frozen=True)
class RenderOptions:
    """What a run is asked to do.

    Parameters
    ----------
    folder : exists and is empty when the run begins
    modes : the render modes; without modes, slices and surfaces, the run chooses some
    window : a window, "auto", or "dicom"
    slices : by plane
    picture_format, pixel_size : of slices; mm, None for one voxel a pixel
    is_annotated : whether slices have letters of the sides and a scale bar
    labels : label map to lay over the slices
    size : (width, height) of 3D pictures, pixels
    is_transparent : whether 3D pictures are without a background
    frames : of a turntable, 0 for none
    animations : formats of turntables and sweeps
    has_sweeps : whether the slices of each plane also become one animation
    surfaces : to write
    removes_table : whether the table is hidden in 3D and left out of surfaces
    has_report : whether there is a page for people
    """

    folder: Path
    modes: tuple[RenderMode, ...] = ()
    window: WindowLevel | str = "auto"
    slices: Mapping[Plane, SliceNumbers] = field(default_factory=dict)
    picture_format: PictureFormat = PictureFormat.PNG
    pixel_size: float | None = None
    is_annotated: bool = True
    labels: Path | None = None
    size: tuple[int, int] = (800, 800)
    is_transparent: bool = False
    frames: int = 0
    animations: tuple[AnimationFormat, ...] = (AnimationFormat.GIF,)
    surfaces: tuple[ThresholdSurface, ...] = ()
    removes_table: bool = False
    has_report: bool = False
    has_sweeps: bool = False

    @property
    def sweep_formats(self) -> tuple[AnimationFormat, ...]:
        """The formats of animations; PNG files of every slice are there already."""
        return tuple(kind for kind in self.animations if kind is not AnimationFormat.PNG)

    @property
    def asks_for_anything(self) -> bool:
        """Whether it says what to make."""
        return bool(self.modes or self.slices or self.surfaces)


def read_options(args: argparse.Namespace) -> RenderOptions:
    """Turn the arguments of the command line into options.

    Raises
    ------
    UsageError
        If one of them cannot be meant.
    RenderError
        If a file with a mode cannot be read.
    """
    if not 0 <= args.turntable <= MOST_FRAMES:
        raise UsageError(f"--turntable takes up to {MOST_FRAMES} pictures, not {args.turntable}.")
    if args.scale is not None and not (math.isfinite(args.scale) and args.scale > 0):
        raise UsageError(f"--scale takes a length above 0 in mm, not {args.scale:g}.")
    options = RenderOptions(
        args.out,
        _modes(args.mode),
        parse_window(args.window),
        parse_slices(args.slices),
        PictureFormat(args.format),
        args.scale,
        not args.plain,
        args.labels,
        _parse_size(args.size),
        args.transparent,
        args.turntable,
        _parse_animations(args.animation),
        _surfaces(args),
        args.remove_table,
        args.report,
        args.sweep,
    )
    if options.asks_for_anything and options.frames and not options.modes:
        raise UsageError("--turntable turns render modes; name one with --mode.")
    if options.has_sweeps and not (options.slices and options.sweep_formats):
        raise UsageError("--sweep runs through slices as gif, webp or mp4; name slices with --slices.")
    if options.asks_for_anything and options.labels and not options.slices:
        raise UsageError("--labels lie over slices; name some with --slices.")
    return options


def list_modes() -> str:
    """Keys and names of the modes, for people."""
    modes = _known_modes()
    width = max(map(len, modes))
    return "".join(f"{key:<{width}}  {mode.name}\n" for key, mode in modes.items())


def parse_window(word: str) -> WindowLevel | str:
    """A preset's key, LEVEL/WIDTH, "auto" or "dicom"."""
    presets = {preset.key: preset.window for preset in window_presets()}
    if word in presets:
        return presets[word]
    if word in ("auto", "dicom"):
        return word
    try:
        level, width = map(float, word.split("/"))
    except ValueError as error:
        known = ", ".join(("auto", "dicom", *presets))
        raise UsageError(f"--window takes LEVEL/WIDTH, or one of {known}; not {word!r}.") from error
    return WindowLevel(level, width)


def parse_slices(words: Sequence[str]) -> dict[Plane, SliceNumbers]:
    """Words such as "axial:10,20", "coronal:middle" and "sagittal:all"."""
    planes = {plane.name.lower(): plane for plane in Plane}
    found: dict[Plane, SliceNumbers] = {}
    for word in words:
        name, _, numbers = word.partition(":")
        if name not in planes or not re.fullmatch(rf"{ALL}|{MIDDLE}|\d+(,\d+)*", numbers):
            raise UsageError(
                f"--slices takes {', '.join(planes)}, each with :numbers, :{MIDDLE} or :{ALL}; not {word!r}."
            )
        if planes[name] in found:
            raise UsageError(f"--slices names {name} twice; write its slices together, as in {name}:10,20.")
        chosen = numbers if numbers in (ALL, MIDDLE) else tuple(dict.fromkeys(map(int, numbers.split(","))))
        found[planes[name]] = chosen
    return found


def _known_modes() -> dict[str, RenderMode]:
    return {mode.key: mode for mode in (*built_in_modes(), *_modes_of_the_application())}


def _modes_of_the_application() -> tuple[RenderMode, ...]:
    """Slicer's own presets where there is a Slicer."""
    from importlib.util import find_spec

    if find_spec("slicer") is None:
        return ()
    from DicomSuiteRenderLib.application_presets import application_presets

    return application_presets()


def _modes(words: Sequence[str]) -> tuple[RenderMode, ...]:
    """The modes, each once: files are called after their keys."""
    found: dict[str, RenderMode] = {}
    for mode in map(_mode, words):
        if found.setdefault(mode.key, mode) != mode:
            raise UsageError(f"Two different modes are called {mode.name!r}; save one of them under another name.")
    return tuple(found.values())


def _mode(word: str) -> RenderMode:
    if word.endswith(".json"):
        return read_mode(Path(word))
    modes = _known_modes()
    if word not in modes:
        raise UsageError(f"There is no mode {word!r}; choose from {', '.join(modes)}, or name a .json file.")
    return modes[word]


def _parse_size(word: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d+)x(\d+)", word)
    size = (int(match[1]), int(match[2])) if match else (0, 0)
    if not all(0 < length <= LARGEST_VIEW for length in size):
        raise UsageError(f"--size takes WIDTHxHEIGHT, each from 1 to {LARGEST_VIEW} pixels, not {word!r}.")
    return size


def _parse_animations(words: str) -> tuple[AnimationFormat, ...]:
    names = [word.strip().lower() for word in words.split(",") if word.strip()]
    if not names or any(name not in list(AnimationFormat) for name in names):
        raise UsageError(f"--animation takes a list of {', '.join(AnimationFormat)}, not {words!r}.")
    return tuple(dict.fromkeys(map(AnimationFormat, names)))


def _surfaces(args: argparse.Namespace) -> tuple[ThresholdSurface, ...]:
    words = ((suffix, word) for suffix in ("stl", "obj", "ply") for word in getattr(args, suffix))
    return tuple(dict.fromkeys(_parse_surface(word, suffix) for suffix, word in words))


def _parse_surface(word: str, suffix: str) -> ThresholdSurface:
    low, _, high = word.partition(":")
    try:
        ends = float(low), float(high) if high else math.inf
    except ValueError:
        ends = math.nan, math.nan
    if not (math.isfinite(ends[0]) and ends[0] <= ends[1]):
        raise UsageError(f"--{suffix} takes LOW or LOW:HIGH, numbers in the volume's own unit, not {word!r}.")
    return ThresholdSurface(*ends, suffix)
