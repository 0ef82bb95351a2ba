"""How people write a name: without its accents, in one word, reversed, or with an initial for a part of it."""

import re
import unicodedata
from collections.abc import Iterator
from itertools import permutations, product

IDEOGRAPHS = 0x2E80
"""The first code point of the scripts that are written without spaces."""
_WORD = re.compile(r"[^\W\d_]+")
_COMPONENTS = re.compile(r"[\^,]")
_NAMING_COMPONENTS = 3
"""Family, given and middle name; prefix and suffix follow them (PS3.5 6.2.1)."""
_MOST_WORDS = 8
"""Words of a part that are joined to those of another; their number grows with the square."""
_SHORTEST_JOINED = 4
"""Letters; shorter ones are like too many other words."""
_GERMAN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "æ": "ae", "ø": "oe", "å": "aa", "œ": "oe"})
_BARE = str.maketrans({"ø": "o", "œ": "oe", "ł": "l", "đ": "d", "ı": "i", "æ": "ae", "ð": "d", "þ": "th"})
"""Letters that Unicode does not take apart into a plain one and an accent."""


def folded(word: str) -> str:
    """The word in the form in which words are compared: no case, umlauts composed, ss for ß."""
    return word.casefold() if word.isascii() else unicodedata.normalize("NFC", word).casefold()


def writings(word: str) -> frozenset[str]:
    """How a word is found in texts, folded: as it is, with ae for ä, and without accents."""
    composed = folded(word)
    if composed.isascii():
        return frozenset((composed,))
    bare = "".join(sign for sign in unicodedata.normalize("NFD", composed) if not unicodedata.combining(sign))
    return frozenset((composed, composed.translate(_GERMAN), unicodedata.normalize("NFC", bare.translate(_BARE))))


def joined_writings(name: str) -> frozenset[str]:
    """Parts of a PN value in one word, folded: vandenbroeck, doejohn, johndoe, 山田太郎.

    `name` may hold several values and the alphabetic, ideographic and phonetic group of each; one without ^ is taken
    for given names before a family name.
    """
    joined: set[str] = set()
    for parts in _names_of(name):
        joined.update(whole for part in parts if len(words := _WORD.findall(part)) > 1 and (whole := "".join(words)))
        for first, second in permutations(parts, 2):
            joined.update(one + other for one in _units(first) for other in _units(second))
        if len(parts) == _NAMING_COMPONENTS:
            joined.update(map("".join, permutations([_whole(part) for part in parts])))
    return frozenset(writing for word in joined if _is_long_enough(word) for writing in writings(word))


def writings_with_initials(name: str) -> frozenset[str]:
    """The family name of a PN value with initials of the others before or behind it, folded: jdoe, doej, jqdoe."""
    words: set[str] = set()
    for parts in _names_of(name):
        if len(parts) > 1 and ord(_whole(parts[0])[0]) < IDEOGRAPHS:
            letters = [_whole(part)[0] for part in parts[1:]]
            for family, lead in product(_units(parts[0]), (letters[0], "".join(letters))):
                words.update((lead + family, family + lead))
    return frozenset(writing for word in words if _is_long_enough(word) for writing in writings(word))


def initials(name: str) -> frozenset[str]:
    """First letters of a PN value's parts in the orders in which people write them, folded: jd, dj, jqd, djq."""
    found: set[str] = set()
    for parts in _names_of(name):
        letters = [_whole(part)[0] for part in parts]
        if len(letters) > 1 and all(ord(letter) < IDEOGRAPHS for letter in letters):
            family, given = letters[0], letters[1:]
            found.update(("".join((*given, family)), "".join((family, *given)), given[0] + family, family + given[0]))
    return frozenset(map(folded, found))


def _names_of(name: str) -> Iterator[list[str]]:
    """Family, given and middle name of each group of each value, as far as they hold letters."""
    for group in re.split(r"[\\=]", name):
        parts = [part for part in _COMPONENTS.split(group)[:_NAMING_COMPONENTS] if _WORD.search(part)]
        if len(parts) == 1 and len(words := parts[0].split()) > 1 and all(map(_WORD.search, words)):
            parts = [words[-1], " ".join(words[:-1])]
        yield parts


def _whole(part: str) -> str:
    return "".join(_WORD.findall(part))


def _units(part: str) -> set[str]:
    """A part in one word, and each of its words: Hans-Peter, Hans, Peter."""
    return {_whole(part), *_WORD.findall(part)[:_MOST_WORDS]}


def _is_long_enough(word: str) -> bool:
    return len(word) >= (2 if ord(word[0]) >= IDEOGRAPHS else _SHORTEST_JOINED)
