"""Whether text that was burned into an image can still be read, for MIDI-B's action pixels_hidden."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from difflib import SequenceMatcher
from pathlib import Path

import numpy as np

from DicomSuiteAnonymizeLib.errors import AnonymizeError
from DicomSuiteAnonymizeLib.pixels.ocr import read_text
from DicomSuiteAnonymizeLib.scoring.score_checks import Result
from DicomSuiteLib.missing_package import MissingPackageError

_MARGIN = 32
"""Pixels around a box, since letters at the border of a picture are not read."""
_TELLING = 4
"""Characters in a row of a word that give it away; of a shorter word, all of it."""
_LOOK_ALIKE = str.maketrans("oqdilzsb", "00011258")
"""What is read for each other in small print."""


def judge_hidden(path: Path, expected: str) -> Result:
    """Whether the box that `expected` names shows any of its words, in any frame.

    `expected` is JSON {"text": …, "top_left": [column, row], "bottom_right": [column, row]}, in pixels from 0, the
    second corner outside of the box. A box in which all pixels are equal shows nothing; any other is read by OCR, and
    not judged where that package is missing. Raises what pydicom raises for pixels that cannot be decoded.
    """
    words, box = parse_hidden(expected)
    try:
        shown = any(not _is_even(part) and shows(_read(part), words) for part in _boxes(path, box))
    except MissingPackageError:
        return Result.UNJUDGED
    return Result.FAILED if shown else Result.PASSED


def parse_hidden(expected: str) -> tuple[str, tuple[slice, slice]]:
    """The words, and the box as (rows, columns). Raises AnonymizeError for what is written otherwise."""
    try:
        content = json.loads(expected)
        left, top = map(int, content["top_left"])
        right, bottom = map(int, content["bottom_right"])
        words = str(content["text"])
    except (ValueError, TypeError, KeyError) as error:
        raise AnonymizeError('a pixels_hidden check lacks "text", "top_left" or "bottom_right"') from error
    return words, (slice(max(top, 0), bottom), slice(max(left, 0), right))


def shows(read: str, expected: str) -> bool:
    """Whether what was read holds a telling piece of any expected word; accents and look-alikes do not count."""
    text = "".join(_plain_words(read))
    return any(_longest_common(text, word) >= min(len(word), _TELLING) for word in _plain_words(expected))


def _plain_words(text: str) -> list[str]:
    plain = "".join(part for part in unicodedata.normalize("NFKD", text) if not unicodedata.combining(part))
    return [word.translate(_LOOK_ALIKE) for word in re.findall(r"[^\W_]{2,}", plain.casefold())]


def _longest_common(text: str, word: str) -> int:
    return SequenceMatcher(None, text, word, autojunk=False).find_longest_match().size


def _boxes(path: Path, box: tuple[slice, slice]) -> Iterator[np.ndarray]:
    """The box in every frame that differs there from the frame before: rows, columns and any samples."""
    from pydicom.pixels import iter_pixels

    before = None
    for frame in iter_pixels(path):
        part = frame[box]
        if before is None or not np.array_equal(part, before):
            yield part
        before = part


def _is_even(part: np.ndarray) -> bool:
    return part.size == 0 or bool((part == part[0, 0]).all())


def _read(part: np.ndarray) -> str:
    """What a box says; its values are stretched over their own range first. Raises MissingPackageError."""
    grey = part.astype(np.float64)
    if grey.ndim == 3:
        grey = grey.mean(axis=2)
    low, high = grey.min(), grey.max()
    span = (high - low) or 1
    picture = ((grey - low) * (255 / span)).astype(np.uint8)
    background = int(np.median(picture))
    picture = np.pad(picture, _MARGIN, constant_values=background)  # its own edge may cut through letters
    return " ".join(one.text for one in read_text(picture))
