"""Whether text that was read in a picture identifies somebody, as far as words can tell."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from difflib import SequenceMatcher
from enum import Enum
from functools import cache
from pathlib import Path

_WORDS = Path(__file__).parents[1] / "Data" / "picture_words.txt"
_LOOK_ALIKES = str.maketrans("OQDILZSBG|!", "00011258611")
"""Characters that text recognition takes for each other (upper case), each as one of them."""
_TOKEN = re.compile(r"[^\W_]+")
_SHORTEST_PART = 4
"""Characters from which on part of a word counts as the header's, and a similar word as the same."""
_SIMILAR = 0.8
"""Share of equal characters that makes two words the same, given what text recognition gets wrong."""
_IDENTIFYING = re.compile(
    r"""
    \d{1,4}\s?[./-]\s?\d{1,2}\s?[./-]\s?\d{2,4}                 # 12.03.1961, 1961-03-12
    | \d{1,2}[\s./-]?(jan|feb|m[aä]r|apr|ma[iyj]|jun|jul|aug|sep|o[ck]t|nov|de[cz])\w*[\s.,/-]*\d{2,4}
    | (jan|feb|m[aä]r|apr|may|jun|jul|aug|sep|oct|nov|dec)\w*[\s.]*\d{1,2}[\s,]+\d{4}
    | \b(19|20)\d\d\s\d{1,2}\s\d{1,2}\b | \b\d{1,2}\s\d{1,2}\s(19|20)\d\d\b
    | \b\d{3}\s\d{4}\b | \b0\d{2,4}\s\d{3}                       # a telephone number
    | \b\d{1,2}:\d{2}\b                                         # a time of day
    | \d{5,}                                                    # an ID
    | \b[a-z]{1,4}-?\d{4,}\b                                    # an ID with letters
    | \b(name|patient|pat\.?|geb\w*|dob|birth|born|mrn|pid|id|acc\w*|dr|prof|mrs?|ms|frau|herr)\b\s*[.:]
    | \b(hospital|clinic|klinik\w*|h[oô]pital|universit\w+|praxis|institut\w*|medical\scent\w+)\b
    """,
    re.IGNORECASE | re.VERBOSE,
)
"""Dates, numbers and words that stand beside a person's particulars."""
_NAME = re.compile(r"[^\W\d_]{2,}\s?[,^]\s?[^\W\d_]{2,}")
"""SMITH, JOHN"""
_MEASURE = re.compile(r"[+-]?\d{1,4}([.,]\d{1,3})?")
"""A number too short to be an ID or a year of birth with day and month."""
_NUMBER_WITH_UNIT = re.compile(r"([+-]?\d{1,4}(?:[.,]\d{1,3})?)([^\W\d_]+|%|°)")


class Verdict(Enum):
    """What is known of a piece of text."""

    IDENTIFYING = "identifying"
    HARMLESS = "harmless"
    UNKNOWN = "unknown"


class HeaderWords:
    """The identifying words of one instance's header, recognised although letters may have been misread."""

    def __init__(self, words: Iterable[str]) -> None:
        tokens = {_canonical(token) for word in words for token in (word, *_TOKEN.findall(word))}
        self._tokens = frozenset(token for token in tokens if len(token) >= 2)

    def found_in(self, text: str) -> bool:
        """Whether one of the words, or something that looks like it, stands in the text."""
        tokens = {_canonical(token) for token in _TOKEN.findall(text)}
        whole = _canonical(text)
        return any(word in tokens or self._is_part(word, whole) or _resembles(word, tokens) for word in self._tokens)

    @staticmethod
    def _is_part(word: str, text: str) -> bool:
        return len(word) >= _SHORTEST_PART and word in text


def verdict(text: str, header: HeaderWords) -> Verdict:
    """Harmless is only what consists of nothing but measures and words of the allow-list."""
    if header.found_in(text) or _IDENTIFYING.search(text) or _NAME.search(text):
        return Verdict.IDENTIFYING
    tokens = text.split()
    return Verdict.HARMLESS if tokens and all(map(_is_harmless, tokens)) else Verdict.UNKNOWN


def _canonical(text: str) -> str:
    """Letters without accents and digits, those that look alike made equal."""
    plain = unicodedata.normalize("NFKD", text).upper()
    return "".join(_TOKEN.findall(plain)).translate(_LOOK_ALIKES)


def _resembles(word: str, tokens: set[str]) -> bool:
    if len(word) <= _SHORTEST_PART:
        return False
    return any(
        abs(len(token) - len(word)) <= 2 and SequenceMatcher(None, word, token, autojunk=False).ratio() >= _SIMILAR
        for token in tokens
    )


def _is_harmless(token: str) -> bool:
    bare = token.strip("()[]{}<>:;,.=*#'\"|/\\-+~_").casefold()
    if not bare or _MEASURE.fullmatch(bare) or bare in _harmless_words():
        return True
    with_unit = _NUMBER_WITH_UNIT.fullmatch(bare)
    if with_unit:
        return with_unit[2] in _harmless_words()
    parts = re.split(r"[/:=x×-]", bare)
    return len(parts) > 1 and all(not part or _is_harmless(part) for part in parts)


@cache
def _harmless_words() -> frozenset[str]:
    lines = _WORDS.read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.casefold().split())
