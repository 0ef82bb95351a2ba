"""What is written below the picture of a mask: caption and names of segments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from DicomSuiteLib.picture_text import FAINT_TEXT, MARGIN, TEXT, picture_font, shortened
from DicomSuiteLib.segments import Segment

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw

CAPTION_SHARE = 0.6
"""Part of the width that the caption may take; the names of segments have the rest."""
NAME_LENGTH = 180
"""Pixels that the name of one segment may take."""
SWATCH = 10
"""Side (pixels) of the square that shows a segment's colour."""


def write_caption(draw: ImageDraw, caption: str, segments: Sequence[Segment], top: int, size: tuple[int, int]) -> None:
    """Write the caption at the left and the segments' colours and names at the right, below `top`."""
    width, height = size
    middle = (top + height) / 2
    written = shortened(caption, width * CAPTION_SHARE)
    draw.text((MARGIN, middle), written, TEXT, picture_font(), "lm")
    room = width - MARGIN - (MARGIN + picture_font().getlength(written) + 4 * MARGIN)
    _write_legend(draw, segments, (width - MARGIN, middle), room)


def _write_legend(draw: ImageDraw, segments: Sequence[Segment], end: tuple[float, float], room: float) -> None:
    """Write as many names as there is `room` for (pixels), the last of which ends at `end`, and how many are left."""
    names = [shortened(segment.name, NAME_LENGTH) for segment in segments]
    lengths = [SWATCH + MARGIN + picture_font().getlength(name) + 2 * MARGIN for name in names]
    shown = len(segments)
    while shown and sum(lengths[:shown]) + picture_font().getlength(_more(len(segments) - shown)) > room:
        shown -= 1
    rest = _more(len(segments) - shown)
    right, middle = end
    draw.text((right, middle), rest, FAINT_TEXT, picture_font(), "rm")
    x = right - picture_font().getlength(rest) - sum(lengths[:shown])
    for segment, name, length in zip(segments[:shown], names, lengths, strict=False):
        left, top = round(x), round(middle - SWATCH / 2)
        draw.rectangle((left, top, left + SWATCH, top + SWATCH), tuple(round(part * 255) for part in segment.colour))
        draw.text((x + SWATCH + MARGIN, middle), name, TEXT, picture_font(), "lm")
        x += length


def _more(count: int) -> str:
    return f"+ {count}" if count else ""
