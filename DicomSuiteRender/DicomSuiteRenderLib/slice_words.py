"""What is written on the picture of a slice, arranged so that it is read on small pictures too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from DicomSuiteLib.picture_text import (
    BACKGROUND,
    FAINT_TEXT,
    LONGEST_SCALE_BAR,
    MARGIN,
    SCALE_BARS_MM,
    TEXT,
    picture_font,
    write_on_picture,
)
from DicomSuiteLib.slice_views import SliceView

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw

LEAST_SIDE = 64
"""Pixels: on smaller pictures words hide what they are about, and nothing is written."""

LINE_HEIGHT = 18
"""Pixels from one line to the next."""


def has_room(view: SliceView) -> bool:
    """Whether anything can be written on a picture of this size."""
    return min(view.width, view.height) >= LEAST_SIDE


def write_sides(draw: ImageDraw, view: SliceView) -> None:
    """Write the letters of the patient's sides at the four edges."""
    places = {
        "lm": (MARGIN, view.height / 2),
        "rm": (view.width - MARGIN, view.height / 2),
        "ma": (view.width / 2, MARGIN),
        "md": (view.width / 2, view.height - MARGIN),
    }
    for letter, (anchor, place) in zip(view.plane.letters, places.items(), strict=True):
        write_on_picture(draw, place, letter, anchor, TEXT)


def write_corner(draw: ImageDraw, view: SliceView, lines: Sequence[str]) -> None:
    """Write lines at the upper left, below the letter at the top where they would run into it."""
    length = max(picture_font().getlength(line) for line in lines)
    first = 0 if MARGIN + length < view.width / 2 - 2 * MARGIN else 1
    for number, line in enumerate(lines, start=first):
        write_on_picture(draw, (MARGIN, MARGIN + number * LINE_HEIGHT), line, "la", FAINT_TEXT)


def write_scale_bar(draw: ImageDraw, view: SliceView) -> None:
    """Draw a bar of a round length at the lower right, which ends before the letter in the middle."""
    longest = min(LONGEST_SCALE_BAR, view.width / 2 - 4 * MARGIN)
    length = next((mm for mm in SCALE_BARS_MM if mm / view.pixel_size <= longest), SCALE_BARS_MM[-1])
    right, bottom = view.width - 2 * MARGIN, view.height - 2 * MARGIN
    left = right - round(length / view.pixel_size)
    draw.rectangle((left - 1, bottom - 2, right + 1, bottom + 2), BACKGROUND)
    draw.rectangle((left, bottom - 1, right, bottom + 1), TEXT)
    write_on_picture(draw, (right, bottom - 5), f"{length} mm", "rd", FAINT_TEXT)
