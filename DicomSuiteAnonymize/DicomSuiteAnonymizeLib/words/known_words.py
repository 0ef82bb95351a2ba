"""The words of one instance's own names, institutions and identifiers, in every way in which people write them."""

import re
import unicodedata
from difflib import get_close_matches

from DicomSuiteAnonymizeLib.character_sets import decode_text
from DicomSuiteAnonymizeLib.leaks import Needles
from DicomSuiteAnonymizeLib.words.descriptor_words import folded, is_ordinary, words_of, writings

_WORD = re.compile(r"[^\W\d_]+")
_NAME_PARTS = re.compile(r"[\^=\\\s,]+")
_GENITIVES = ("s", "n", "en")
_SHORTEST_TELLING = 3
_SHORTEST_ALIKE = 6
"""Shorter words are like too many others to be taken for a mistyped name."""
_ALIKE = 0.84


class KnownWords:
    """What an instance's header tells about its people and places.

    `needles` are the values that its output must not contain; these words are more: also names of two letters, the
    parts of an institution's name and address, umlauts written out, names joined to other words, and slips.
    """

    def __init__(self, needles: Needles) -> None:
        self._words: set[str] = set()
        self._short: set[str] = set()
        self._particles: set[str] = set()
        for _, vr, value in needles.identifying:
            text = _text(value, needles.character_set)
            for word in _WORD.findall(text):
                self._add(word, vr == b"PN")
            if vr == b"PN":
                self._words.update(*map(writings, _written_as_one(text)))
        self._long = [word for word in self._words if len(word) >= _SHORTEST_ALIKE]

    def holds(self, word: str) -> bool:
        """Whether the word is one of them, inflected, mistyped or joined to another."""
        folded_word = folded(word)
        if folded_word in self._words:
            return True
        if folded_word in self._short:
            return word[0].isupper()
        if any(folded_word.endswith(end) and folded_word[: -len(end)] in self._words for end in _GENITIVES):
            return not is_ordinary(word)
        return not is_ordinary(word) and (self._is_joined(folded_word) or self._is_mistyped(folded_word))

    def hold_particle(self, word: str) -> bool:
        """Whether the word is the von, van or de of one of the names."""
        return folded(word) in self._particles

    def _add(self, word: str, is_name: bool) -> None:
        if not is_name:
            if len(word) > _SHORTEST_TELLING and not is_ordinary(word):
                self._words |= writings(word)
        elif folded(word) in words_of("particle"):
            self._particles.add(folded(word))
        elif len(word) > 1 and folded(word) not in words_of("title"):
            (self._words if len(word) >= _SHORTEST_TELLING else self._short).update(writings(word))

    def _is_joined(self, word: str) -> bool:
        return any(map(word.__contains__, self._long))

    def _is_mistyped(self, word: str) -> bool:
        return len(word) >= _SHORTEST_ALIKE and bool(get_close_matches(word, self._long, 1, _ALIKE))


def _written_as_one(name: str) -> list[str]:
    """OBrien for O'Brien, HansPeter for Hans-Peter."""
    parts = [_WORD.findall(part) for part in _NAME_PARTS.split(name)]
    return ["".join(words) for words in parts if len(words) > 1]


def _text(value: bytes, character_set: bytes) -> str:
    try:
        return unicodedata.normalize("NFC", decode_text(value, character_set))
    except ValueError:
        return value.decode("latin-1")
