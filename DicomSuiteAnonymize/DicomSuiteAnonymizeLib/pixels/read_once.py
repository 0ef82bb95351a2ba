"""What was read in a picture is known where the very same comes again: frames of a clip repeat most of their text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Any, Generic, TypeVar

import numpy as np

Found = TypeVar("Found")
Recognised = tuple[str, float]
"""Text, and how sure that is (0 to 1)."""


class PictureMemory(Generic[Found]):
    """Results by the bytes of the picture that they were made from, at most `most` of them; the oldest goes first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._found: dict[tuple[tuple[int, ...], bytes], Found] = {}

    def once(self, picture: np.ndarray, find: Callable[[np.ndarray], Found]) -> Found:
        """What `find` returns for the picture, worked out where no equal one is remembered."""
        key = picture.shape, sha256(np.ascontiguousarray(picture)).digest()
        if key not in self._found:
            if len(self._found) >= self._most:
                self._found.pop(next(iter(self._found)))
            self._found[key] = find(picture)
        return self._found[key]


class LinesReadOnce:
    """Takes the place of rapidocr's `text_rec`, which gets the pictures of all lines that were found in a picture.

    Each line is recognised alone: together they would be padded to one width, and what one says would depend on the
    others, thus on what is remembered.
    """

    def __init__(self, recogniser: Callable[..., tuple[list[Recognised], float]], most: int) -> None:
        self._recogniser = recogniser
        self._memory: PictureMemory[Recognised] = PictureMemory(most)

    def __call__(self, lines: Sequence[np.ndarray], *_: Any) -> tuple[list[Recognised], float]:
        """Text of each line, and 0 for the seconds that it took, which nobody asks for."""
        return [self._memory.once(line, self._recognised) for line in lines], 0.0

    def _recognised(self, line: np.ndarray) -> Recognised:
        (found,), _ = self._recogniser([line])
        return found
