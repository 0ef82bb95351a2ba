"""Read the decimal strings of ContourData: millions of numbers, most of them plain."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
import scipy.io

from DicomSuiteLib.geometry import FloatArray

SEPARATOR = b"\\"
"""Between the values of a multi-valued attribute (PS3.5 section 6.4)."""

POINT, MINUS, DIGITS = b".", b"-", b"0123456789"

MATRIX_MARKET_COLUMN = b"%%%%MatrixMarket matrix array real general\n%d 1\n"
"""Header of one column of numbers, a line each (https://math.nist.gov/MatrixMarket/formats.html)."""

PADDING = b" \0"
"""What fills up a value to an even length: a space, by some writers a zero."""


def parse_decimals(texts: Sequence[bytes]) -> list[FloatArray | None]:
    """Turn values of VR DS, as they lie in the file, into numbers; None for one that is no list of decimal numbers.

    Those that are plain (digits, with a sign and a point at most) are read at once by SciPy's reader of Matrix Market
    columns, eight times as fast as numpy's of text; it forgives what is no number, so it is given nothing else.
    """
    stripped = [text.rstrip(PADDING) for text in texts]
    counts = [int(np.count_nonzero(np.frombuffer(text, np.uint8) == SEPARATOR[0])) + 1 for text in stripped]
    plain = [number for number, text in enumerate(stripped) if _is_plain(text)]
    parsed: list[FloatArray | None] = [None] * len(texts)
    try:
        numbers = _parse_column([stripped[number] for number in plain], [counts[number] for number in plain])
    except ValueError:  # a sign or a point alone
        plain, numbers = [], []
    for number, values in zip(plain, numbers, strict=True):
        parsed[number] = values
    for number in set(range(len(texts))) - set(plain):
        parsed[number] = _parse_one(stripped[number], counts[number])
    return parsed


def _is_plain(text: bytes) -> bool:
    """True if every value is made of digits, one point at most, and a sign at most in front."""
    marks = text.translate(None, DIGITS + MINUS)
    if not text or marks.translate(None, POINT + SEPARATOR) or 2 * POINT in marks:
        return False
    characters = np.frombuffer(b"".join([SEPARATOR, text, SEPARATOR]), np.uint8)
    separators, signs = characters == SEPARATOR[0], characters == MINUS[0]
    has_empty_value = (separators[1:] & separators[:-1]).any()
    return not has_empty_value and not (signs[1:] & ~separators[:-1]).any()


def _parse_column(texts: Sequence[bytes], counts: Sequence[int]) -> list[FloatArray]:
    if not texts:
        return []
    column = MATRIX_MARKET_COLUMN % sum(counts) + SEPARATOR.join(texts).replace(SEPARATOR, b"\n") + b"\n"
    numbers = np.asarray(scipy.io.mmread(io.BytesIO(column)), dtype=float).reshape(-1)
    return np.split(numbers, np.cumsum(counts)[:-1])


def _parse_one(text: bytes, count: int) -> FloatArray | None:
    if b"_" in text:  # Python reads 1_0 as 10
        return None
    try:
        numbers = np.array(text.split(SEPARATOR), dtype=float)
    except ValueError:
        return None
    return numbers if len(numbers) == count else None
