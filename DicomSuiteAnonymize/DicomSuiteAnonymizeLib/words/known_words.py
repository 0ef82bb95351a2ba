"""The words of one instance's own names, institutions and identifiers, in every way in which people write them."""

import re
import unicodedata
from collections.abc import Iterator
from difflib import get_close_matches

from DicomSuiteAnonymizeLib.character_sets import decode_text
from DicomSuiteAnonymizeLib.leaks import Needles
from DicomSuiteAnonymizeLib.name_writings import folded, initials, joined_writings, writings, writings_with_initials
from DicomSuiteAnonymizeLib.words.descriptor_words import is_ordinary, words_of

_WORD = re.compile(r"[^\W\d_]+")
_PARTS = re.compile(r"[,;\\\r\n/()]+")
"""What stands between an institution, its department and its town."""
_GENITIVES = ("s", "n", "en")
_SHORTEST_TELLING = 3
_SHORTEST_ALIKE = 6
"""Shorter words are like too many others to be taken for a mistyped name."""
_ALIKE = 0.84
_MOST_HELD = 10_000
"""Words of which the answer is remembered: most of them come again."""


class KnownWords:
    """What an instance's header tells about its people and places.

    `needles` are the values that its output must not contain; these words are more: also names of two letters, the
    parts of an institution's name and address, umlauts written out, names joined to each other or to other words,
    initials, and slips.
    """

    def __init__(self, needles: Needles) -> None:
        self._words: set[str] = set()
        self._short: set[str] = set()
        self._particles: set[str] = set()
        self._joined: set[str] = set()
        self._initials: set[str] = set()
        for _, vr, value in needles.identifying:
            text = _text(value, needles.character_set)
            for word in _WORD.findall(text):
                self._add(word, vr == b"PN")
            if vr == b"PN":
                self._joined |= joined_writings(text) | writings_with_initials(text)
                self._initials |= initials(text)
            else:
                self._initials.update(_acronyms(text))
        self._held: dict[str, bool] = {}
        self._long = [word for word in self._words if len(word) >= _SHORTEST_ALIKE]

    def holds(self, word: str) -> bool:
        """Whether the word is one of them, inflected, mistyped or joined to another."""
        held = self._held.get(word)
        if held is None:
            if len(self._held) >= _MOST_HELD:
                self._held.clear()
            held = self._held[word] = self._holds(word)
        return held

    def _holds(self, word: str) -> bool:
        folded_word = folded(word)
        if folded_word in self._words:
            return True
        if folded_word in self._short:
            return word[0].isupper() or not is_ordinary(word)
        if self.hold_joined(word):
            return True
        if word.isupper() and folded_word in self._initials:
            return not is_ordinary(word)
        if any(folded_word.endswith(end) and folded_word[: -len(end)] in self._words for end in _GENITIVES):
            return not is_ordinary(word)
        return not is_ordinary(word) and (self._is_joined(folded_word) or self._is_mistyped(folded_word))

    def hold_particle(self, word: str) -> bool:
        """Whether the word is the von, van or de of one of the names."""
        return folded(word) in self._particles

    def hold_joined(self, word: str) -> bool:
        """Whether the word is nothing but parts of one name."""
        return folded(word) in self._joined and not is_ordinary(word)

    def hold_initials(self, letters: str) -> bool:
        """Whether these are initials of one of the names."""
        return folded(letters) in self._initials

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


def _acronyms(text: str) -> Iterator[str]:
    """What an institution is called for short, folded: mgh for Massachusetts General Hospital, Boston."""
    for part in _PARTS.split(text):
        words = [word for word in _WORD.findall(part) if len(word) > 1]
        telling = [word for word in words if len(word) > _SHORTEST_TELLING or not is_ordinary(word)]
        kinds = [folded(word) in words_of("institution") for word in telling]
        if any(kinds):
            for names in (words, telling, telling[: kinds.index(True) + 1]):
                if len(names) >= _SHORTEST_TELLING:
                    yield folded("".join(word[0] for word in names))


def _text(value: bytes, character_set: bytes) -> str:
    try:
        return unicodedata.normalize("NFC", decode_text(value, character_set))
    except ValueError:
        return value.decode("latin-1")
