"""Write on a picture of a slice: sides of the patient, place of the slice, scale, any words."""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from DicomSuiteLib.printable import printable
from DicomSuiteLib.slice_views import SliceView

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont, ImageFont

BACKGROUND = (13, 15, 18)
TEXT = (222, 226, 231)
FAINT_TEXT = (160, 167, 176)
FONT_SIZE = 14
HALO = 2
"""Pixels of background around letters that stand on the picture."""
MARGIN = 7
"""Pixels between text and the edge of its panel."""

LEAST_SIDE = 64
"""Pixels: on smaller pictures words hide what they are about, and nothing is written."""

LINE_HEIGHT = 18
"""Pixels from one line to the next."""

SCALE_BARS_MM = (100, 50, 20, 10, 5, 2, 1)
LONGEST_SCALE_BAR = 120
"""Pixels."""

SIGNS_IN_FONT = "«°±·»‘’“”"
"""What Pillow's own font has beyond ASCII and is met in names."""
PLAIN_LETTERS = {"ß": "ss", "æ": "ae", "Æ": "AE", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "–": "-", "—": "-", "×": "x"}
"""What stands for letters that are more than a letter with an accent."""
ELLIPSIS = "…"


def has_room(view: SliceView) -> bool:
    """Whether anything can be written on a picture of this size."""
    return min(view.width, view.height) >= LEAST_SIDE


def write_orientation(draw: ImageDraw, view: SliceView, left: int = 0, notes: Sequence[str] = ()) -> None:
    """Write the letters of the four sides into the panel that begins at `left`; in a corner the plane's place, notes.

    The corner is the upper left, below the letter at the top where words would run into it.
    """
    places = {
        "lm": (left + MARGIN, view.height / 2),
        "rm": (left + view.width - MARGIN, view.height / 2),
        "ma": (left + view.width / 2, MARGIN),
        "md": (left + view.width / 2, view.height - MARGIN),
    }
    for letter, (anchor, place) in zip(view.plane.letters, places.items(), strict=True):
        write_on_picture(draw, place, letter, anchor, TEXT)
    lines = [slice_place(view), *notes]
    length = max(picture_font().getlength(line) for line in lines)
    first = 0 if MARGIN + length < view.width / 2 - 2 * MARGIN else 1
    for number, line in enumerate(lines, start=first):
        write_on_picture(draw, (left + MARGIN, MARGIN + number * LINE_HEIGHT), line, "la", FAINT_TEXT)


def slice_place(view: SliceView) -> str:
    """Where the plane lies, as Slicer says it: "S 12.5 mm" is 12.5 mm superior of the origin."""
    position = round(view.centre[view.plane.across], 1)
    negative, positive = ("RL", "AP", "IS")[view.plane.across]
    return f"{positive if position >= 0 else negative} {abs(position):.1f} mm"


def write_scale(draw: ImageDraw, view: SliceView) -> None:
    """Draw a bar of a round length at the lower right of the first panel; it ends before the letter in the middle."""
    longest = min(LONGEST_SCALE_BAR, view.width / 2 - 4 * MARGIN)
    length = next((mm for mm in SCALE_BARS_MM if mm / view.pixel_size <= longest), SCALE_BARS_MM[-1])
    right, bottom = view.width - 2 * MARGIN, view.height - 2 * MARGIN
    left = right - round(length / view.pixel_size)
    draw.rectangle((left - 1, bottom - 2, right + 1, bottom + 2), BACKGROUND)
    draw.rectangle((left, bottom - 1, right, bottom + 1), TEXT)
    words = f"{length} mm"
    middle = min((left + right) / 2, view.width - MARGIN - picture_font().getlength(words) / 2)
    write_on_picture(draw, (middle, bottom - 5), words, "md", FAINT_TEXT)


def shortened(text: str, length: float) -> str:
    """The text on one line, cut where it is longer than `length` pixels."""
    line = _in_font(text)
    if picture_font().getlength(line) <= length:
        return line
    cut = bisect_right(range(len(line)), length, key=lambda end: picture_font().getlength(line[:end] + ELLIPSIS))
    return line[: max(cut - 1, 0)].rstrip() + ELLIPSIS


def _in_font(text: str) -> str:
    """The text in the letters that the font has: accents are dropped, letters of other scripts become "?"."""
    for letter, plain in PLAIN_LETTERS.items():
        text = text.replace(letter, plain)
    letters = (char for char in unicodedata.normalize("NFKD", printable(text)) if not unicodedata.combining(char))
    return "".join(char if char.isascii() or char in SIGNS_IN_FONT else "?" for char in letters)


def write_on_picture(
    draw: ImageDraw, place: tuple[float, float], text: str, anchor: str, colour: tuple[int, int, int]
) -> None:
    draw.text(place, text, colour, picture_font(), anchor, stroke_width=HALO, stroke_fill=BACKGROUND)


@lru_cache(maxsize=1)
def picture_font() -> FreeTypeFont | ImageFont:
    """The font that comes with Pillow, so that a picture is the same on every machine."""
    from PIL import ImageFont

    return ImageFont.load_default(FONT_SIZE)
