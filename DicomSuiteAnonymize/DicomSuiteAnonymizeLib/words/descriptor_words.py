"""The words that may stay in a description, and those that tell that a name or a number follows.

Data/descriptor_words.tsv has one word a line: kind, language (* for all), word. The words of English anatomy, findings
and technique come from the code meanings of PS3.16 and the attribute names of PS3.6, frequent given names also
from the US census of 1990, the rest was collected by hand.
Data/code_meaning_words.txt, which Testing/generate_tables.py makes, has more words of the code meanings.
"""

import re
from functools import cache, lru_cache
from pathlib import Path

from DicomSuiteAnonymizeLib.name_writings import folded, writings

_DATA = Path(__file__).parents[1] / "Data"
_STAYING = (
    "protocol", "anatomy", "word", "title", "name_label", "id_label", "birth_label", "phone_label", "institution",
    "street", "month", "particle", "term",
)  # fmt: skip
"""Kinds of words that identify nobody by themselves."""
_TECHNICAL = ("protocol", "anatomy", "term")
_SHORTEST_WITH_ENDING, _SHORTEST_STEM = 8, 3
_SHORTEST_ANATOMY, _SHORTEST_PART, _SHORTEST_ROMAN_NUMBER = 4, 5, 3
_ROMAN_NUMBER = re.compile(r"x{0,2}(?:i{2,3}|iv|vi{1,3}|ix)[ab]?")
"""Of nerves, lobules and stages; one of two letters is as short as any abbreviation."""
_LINKS = ("", "s", "n", "en", "es", "o")
"""What German puts between the parts of a compound."""
_HAN = re.compile(r"[\u3040-\u30ff\u31f0-\u31ff\u3400-\u9fff\uac00-\ud7af々]+")


@cache
def words_of(kind: str) -> frozenset[str]:
    """The words of one kind, in every writing."""
    return frozenset(form for word in _listed().get(kind, ()) for form in writings(word))


@lru_cache(maxsize=16384)
def is_ordinary(word: str) -> bool:
    """Whether a word (letters only) is known to identify nobody: listed, compounded of such words, or a term."""
    word = folded(word)
    if word in _staying() or (len(word) >= _SHORTEST_ROMAN_NUMBER and _ROMAN_NUMBER.fullmatch(word)):
        return True
    if word in words_of("given_name"):
        return False
    if _HAN.fullmatch(word):
        return _is_chain(word)
    if word.endswith("s") and word[:-1] in _staying():
        return True
    return _has_ending(word) or _is_compound(word, False)


def is_listed(word: str) -> bool:
    """Whether a word stands on a list as one that identifies nobody."""
    return folded(word) in _staying()


@lru_cache(maxsize=4096)
def is_technical(word: str) -> bool:
    """Whether a word is of anatomy or of imaging protocols."""
    word = folded(word)
    return any(word in words_of(kind) for kind in _TECHNICAL) or _is_compound(word, False)


def is_given_name(word: str) -> bool:
    """Whether a word is a frequent name and nothing else that the list knows."""
    return folded(word) in words_of("given_name") and not is_ordinary(word)


@cache
def _listed() -> dict[str, list[str]]:
    words: dict[str, list[str]] = {}
    for line in (_DATA / "descriptor_words.tsv").read_text(encoding="utf-8").splitlines():
        kind, _, word = line.split("\t")
        words.setdefault(kind, []).append(word)
    words["term"] = (_DATA / "code_meaning_words.txt").read_text(encoding="utf-8").split()
    return words


@cache
def _staying() -> frozenset[str]:
    return frozenset().union(*map(words_of, _STAYING))


@cache
def _endings() -> tuple[str, ...]:
    return tuple(sorted(words_of("ending")))


def _has_ending(word: str) -> bool:
    """Cholangiopankreatikographie, Spondylolisthesis: terms are too many to be listed."""
    if len(word) < _SHORTEST_WITH_ENDING or not word.endswith(_endings()):
        return False
    longest = max((ending for ending in _endings() if word.endswith(ending)), key=len)
    return len(word) - len(longest) >= _SHORTEST_STEM


@lru_cache(maxsize=16384)
def _is_compound(word: str, has_anatomy: bool) -> bool:
    """Whether a word is joined from listed ones, an anatomical one among them (Halswirbelsäulenverletzung)."""
    for end in range(_SHORTEST_ANATOMY, len(word) + 1):
        part = word[:end]
        anatomy = part in words_of("anatomy")
        if not anatomy and (end < _SHORTEST_PART or not (part in _staying() or part in words_of("ending"))):
            continue
        for link in _LINKS:
            rest = word[end:]
            if not rest.startswith(link):
                continue
            rest = rest[len(link) :]
            if (not rest and (anatomy or has_anatomy)) or (rest and _is_compound(rest, anatomy or has_anatomy)):
                return True
    return False


def _is_chain(word: str) -> bool:
    """Whether a run of Chinese, Japanese or Korean signs is made of listed words alone."""
    reached = {0}
    for end in range(1, len(word) + 1):
        if any(start in reached and word[start:end] in _staying() for start in range(max(0, end - 8), end)):
            reached.add(end)
    return len(word) in reached
