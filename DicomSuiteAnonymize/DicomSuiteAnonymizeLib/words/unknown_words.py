"""Names that the header does not tell: words that are on no list, and what stands beside titles, labels and names.

Safety comes first. A word goes that is written like a name and that nobody knows to be anything else, so that a rare
technical term may be lost, but a name is not kept because nobody foresaw it.
"""

import re
from collections.abc import Iterator
from functools import cache, lru_cache

from DicomSuiteAnonymizeLib.name_writings import folded
from DicomSuiteAnonymizeLib.words.descriptor_words import is_given_name, is_ordinary, is_technical, words_of
from DicomSuiteAnonymizeLib.words.known_words import KnownWords
from DicomSuiteAnonymizeLib.words.place_patterns import without_house_numbers

_LETTERS_OR_TAKEN = re.compile(r"[^\W\d_]+|\0+")
_SIGNS = r"\u3040-\u30ff\u31f0-\u31ff\u3400-\u9fff\uac00-\ud7af々"
_SEAM = re.compile(rf"(?<=[a-zß-ÿ])(?<!Mc)(?=[A-ZÀ-Þ])|(?<=[{_SIGNS}])(?=[^{_SIGNS}])|(?<=[^{_SIGNS}])(?=[{_SIGNS}])")
_PART_OF_TERM = re.compile(r"[^\W_][_+/-]?[A-Z]|[A-Z]\d")
"""What a single letter belongs to that is no initial: 3D, FIESTA-C, Lung_L, T1."""
_MOST_NAME_PARTS = 3
"""Words that a name behind a title or label has at most, particles not counted."""
_SHORTEST_TITLE_CASE, _SHORTEST_CAPITALS, _SHORTEST_LOWER_CASE = 3, 4, 4
"""Letters; shorter words without context are abbreviations more often than names."""
_LONGEST_ABBREVIATION = 3
_JOINS_NAMES = re.compile(r"[ .,^'’_-]{0,3}")
_FOLLOWS_TITLE = re.compile(r"\.?\s{0,2}|\.?-")
_DOTTED_INITIALS = re.compile(r"(?<![^\W_])(?<!\.)[^\W\d_]\.(?:\s?[^\W\d_]\.){1,3}")
_DOTTED_TERMS = frozenset(("ap", "pa", "iv", "im", "po", "ct", "mr", "mri", "mra", "pet", "us", "ll", "rl", "rt", "lt"))
"""What is written with dots and is nobody's initials."""
_TERM = re.compile(r"(?<![^\W_])X[-\s]?Rays?(?![^\W_])", re.IGNORECASE)
"""A single letter and a frequent name that together are neither."""
_LEADS_TO_NAME = re.compile(r"\s*(?:[.:=,/(]|-\s)*\s*")


class _Word:
    __slots__ = ("end", "folded", "gone", "is_initial", "start", "text")

    def __init__(self, text: str, start: int, stands_alone: bool) -> None:
        self.text = text
        self.is_initial = stands_alone and text.isupper()
        self.folded = folded(text)
        self.start = start
        self.end = start + len(text)
        self.gone = text.startswith("\0")

    @property
    def is_cased(self) -> bool:
        return self.text[0].isupper() or self.text.lower() == self.text.upper()

    @property
    def is_title(self) -> bool:
        return self.folded in words_of("title")

    @property
    def is_particle(self) -> bool:
        return self.folded in words_of("particle")

    @property
    def is_title_case(self) -> bool:
        return self.text.istitle() and len(self.text) > 1

    @property
    def is_abbreviation(self) -> bool:
        """MR, DR and PD are modalities and weightings, where Mr and Dr are titles."""
        return self.text.isupper() and len(self.text) <= _LONGEST_ABBREVIATION

    def may_be_part_of_name(self) -> bool:
        """Beside a name or a title: any word that is not known for something else."""
        return self.is_initial or not is_ordinary(self.text)


def without_names(text: str, known: KnownWords) -> str:
    """The text with \\0 for every character of a name or an unknown word; its length stays."""
    without = _addressed().sub(lambda match: "\0" * len(match[0]), text)
    without = _DOTTED_INITIALS.sub(lambda match: _without_initials(match[0], known), without)
    words = list(_words(without, known))
    for word in words:
        word.gone = word.gone or _looks_like_a_name(word.text) or known.holds(word.text)
    _take_out_titled(words, without)
    _take_out_labelled(words, without)
    _take_out_institutions(words, without)
    _take_out_beside_names(words, without, known)
    signs = list(without)
    for word in words:
        if word.gone:
            signs[word.start : word.end] = "\0" * len(word.text)
    return without_house_numbers("".join(signs), text)


def _without_initials(dotted: str, known: KnownWords) -> str:
    """J.D. goes; A.P. and i.v. stay, if they are not the header's."""
    letters = "".join(filter(str.isalpha, dotted))
    stays = not letters.isupper() or (letters.lower() in _DOTTED_TERMS and not known.hold_initials(letters))
    return dotted if stays else "\0" * len(dotted)


@cache
def _addressed() -> re.Pattern[str]:
    """A name in Chinese, Japanese or Korean before an honorific."""
    return re.compile(rf"[{_SIGNS}]{{1,5}}\s?(?:{'|'.join(sorted(words_of('honorific')))})")


def _words(text: str, known: KnownWords) -> Iterator[_Word]:
    """Runs of letters, and what was taken out before; KneeMueller is two words unless it is on the list."""
    terms = [term.span() for term in _TERM.finditer(text)]
    for match in _LETTERS_OR_TAKEN.finditer(text):
        run, start = match[0], match.start()
        if terms and any(first <= start < end for first, end in terms):
            continue
        for part in [run] if is_ordinary(run) or known.hold_joined(run) else _SEAM.split(run):
            yield _Word(part, start, len(part) == 1 and _stands_alone(text, start))
            start += len(part)


def _stands_alone(text: str, start: int) -> bool:
    return _PART_OF_TERM.search(text, max(start - 2, 0), start + 2) is None


@lru_cache(maxsize=16384)
def _looks_like_a_name(word: str) -> bool:
    if word.islower():
        return len(word) >= _SHORTEST_LOWER_CASE and is_given_name(word)
    if len(word) >= _SHORTEST_TITLE_CASE and is_given_name(word):
        return True
    if word.upper() == word.lower():
        return not is_ordinary(word)
    shortest = _SHORTEST_CAPITALS if word.isupper() else _SHORTEST_TITLE_CASE
    return len(word) >= shortest and not is_ordinary(word)


def _take_out_titled(words: list[_Word], text: str) -> None:
    """Dr. Hand goes although a hand is nobody's name; DR Hand is a digital radiograph."""
    for at, word in enumerate(words[:-1]):
        follower = words[at + 1]
        between = text[word.end : follower.start]
        if not word.is_title or word.gone or not _FOLLOWS_TITLE.fullmatch(between):
            continue
        is_sure = "." in between or (word.text.istitle() and follower.is_cased)
        if is_sure or not is_ordinary(follower.text) or follower.is_title:
            _take_out_name(words, at + 1, text, is_sure and not (follower.is_title or follower.is_initial))


def _take_out_labelled(words: list[_Word], text: str) -> None:
    """Name: anna schmidt; befundet von schulze."""
    for at, word in enumerate(words[:-1]):
        if word.folded in words_of("name_label"):
            between = text[word.end : words[at + 1].start]
            if _LEADS_TO_NAME.fullmatch(between) and re.search(r"[:=]", between):
                _take_out_name(words, at + 1, text, _is_surname_before_name(words, at + 1, text))


def _is_surname_before_name(words: list[_Word], at: int, text: str) -> bool:
    """Long, Mary; foot, bill."""
    follows = at + 1 < len(words) and (words[at + 1].gone or is_given_name(words[at + 1].text))
    return follows and text[words[at].end : words[at + 1].start].strip() == ","


def _take_out_name(words: list[_Word], first: int, text: str, even_ordinary: bool) -> None:
    """The words of a name that begins with word `first`; `even_ordinary` says that its first word goes in any case."""
    taken: list[_Word] = []
    passed: list[_Word] = []
    for at in range(first, len(words)):
        word = words[at]
        if at > first and not _JOINS_NAMES.fullmatch(text[words[at - 1].end : word.start]):
            break
        if word.is_particle or word.is_title:
            passed.append(word)
            continue
        if len(taken) == _MOST_NAME_PARTS or not (word.gone or even_ordinary or word.may_be_part_of_name()):
            break
        taken += [*passed, word]
        passed, even_ordinary = [], False
    for word in taken:
        word.gone = True


def _take_out_institutions(words: list[_Word], text: str) -> None:
    """Memorial Hospital, Hôpital de la Salpêtrière: the word with what names it before or behind."""
    for at, word in enumerate(words):
        if word.folded not in words_of("institution"):
            continue
        before = at
        while before and _names_institution(words[before - 1], words[before], text):
            before -= 1
        behind = at + 1
        while behind < len(words) and words[behind].is_particle:
            behind += 1
        ends = behind + 1 if behind < len(words) and words[behind].gone else at + 1
        if ends - before > 1:
            for part in words[before:ends]:
                part.gone = True


def _names_institution(word: _Word, next_word: _Word, text: str) -> bool:
    between = text[word.end : next_word.start]
    if is_technical(word.text) or not _JOINS_NAMES.fullmatch(between) or "," in between:
        return False
    return word.gone or (word.is_cased and len(word.text) > 1)


def _take_out_beside_names(words: list[_Word], text: str, known: KnownWords) -> None:
    """Initials, names of two letters, particles and titles next to what was recognised."""
    changed = any(word.gone for word in words)
    while changed:
        changed = False
        for at, word in enumerate(words):
            if not word.gone and _belongs_to_neighbours(words, at, text, known):
                word.gone = changed = True


def _belongs_to_neighbours(words: list[_Word], at: int, text: str, known: KnownWords) -> bool:
    word = words[at]
    before = at > 0 and words[at - 1].gone and _joined(words[at - 1], word, text)
    behind = at + 1 < len(words) and words[at + 1].gone and _joined(word, words[at + 1], text)
    if word.is_title:
        return behind and not word.is_abbreviation
    if word.is_particle:
        return (before and behind) or ((before or behind) and known.hold_particle(word.text))
    if not (before or behind):
        return False
    if (word.is_title_case and _is_one_name(words, at, text)) or _is_lower_case_surname(words, at, text):
        return True
    return word.is_initial or (not is_ordinary(word.text) and (word.is_title_case or is_given_name(word.text)))


def _is_one_name(words: list[_Word], at: int, text: str) -> bool:
    """Mark Evans, Joel Winter: given names and surnames that are ordinary words elsewhere."""
    word = words[at]
    if at + 1 < len(words) and words[at + 1].gone and word.folded in words_of("given_name"):
        return words[at + 1].is_title_case and text[word.end : words[at + 1].start] == " "
    before = words[at - 1] if at else None
    is_surname = before is not None and before.is_title_case and is_given_name(before.text)
    return is_surname and text[words[at - 1].end : word.start] == " " and not is_technical(word.text)


def _is_lower_case_surname(words: list[_Word], at: int, text: str) -> bool:
    """Schmidtke in anna schmidtke; unknown words in lower case stay elsewhere."""
    word = words[at]
    if not at or not word.text.islower() or len(word.text) < _SHORTEST_LOWER_CASE or is_ordinary(word.text):
        return False
    before = words[at - 1]
    return before.text.islower() and is_given_name(before.text) and text[before.end : word.start] in " _"


def _joined(first: _Word, second: _Word, text: str) -> bool:
    return _JOINS_NAMES.fullmatch(text[first.end : second.start]) is not None
