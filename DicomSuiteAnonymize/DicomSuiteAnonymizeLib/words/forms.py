"""Forms of identifiers: patterns between the borders of words, and the words without which they are searched in vain.

In descriptions an underscore separates words like a space, so that `\\b` is of no use here.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from DicomSuiteAnonymizeLib.name_writings import folded
from DicomSuiteAnonymizeLib.words.descriptor_words import words_of

BEFORE, AFTER = r"(?<![^\W_])", r"(?![^\W_])"
"""Patterns for no letter or digit before, and none behind."""
TAKEN = "\1"
"""What stands for each character of a number that was taken out."""
_LETTERS = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Form:
    """A pattern with what is looked for first, which is faster.

    Attributes
    ----------
    pattern
        What an identifier looks like.
    has_words
        Whether the folded words of a text leave room for it.
    signs
        Signs of which the text must hold one; "" for none.
    """

    pattern: re.Pattern[str]
    has_words: Callable[[frozenset[str]], bool]
    signs: str

    def masked(self, text: str, words: frozenset[str]) -> str:
        """The text, whose words these are, with TAKEN for every character that the pattern finds."""
        may_occur = not self.signs or any(map(text.__contains__, self.signs))
        return self.pattern.sub(_mask, text) if may_occur and self.has_words(words) else text


def _always(_words: frozenset[str]) -> bool:
    return True


def numbers(
    alternatives: Iterable[str], has_words: Callable[[frozenset[str]], bool] = _always, signs: str = ""
) -> Form:
    """Form of what matches one of the alternatives, the first of them first, as words of their own; case is ignored."""
    return free(rf"{BEFORE}(?:{'|'.join(alternatives)}){AFTER}", has_words, signs)


def free(pattern: str, has_words: Callable[[frozenset[str]], bool] = _always, signs: str = "") -> Form:
    """Form of a pattern that says itself where it begins and ends; case is ignored."""
    return Form(re.compile(pattern, re.IGNORECASE), has_words, signs)


def with_word(words: Iterable[str]) -> Callable[[frozenset[str]], bool]:
    """Condition that a text holds one of the words."""
    needed = frozenset(map(folded, words))
    return lambda found: not needed.isdisjoint(found)


def with_sign(signs: str) -> Callable[[frozenset[str]], bool]:
    """Condition that a word of the text holds one of the signs."""
    needed = frozenset(signs)
    return lambda found: any(not needed.isdisjoint(word) for word in found)


def with_ending(endings: Iterable[str]) -> Callable[[frozenset[str]], bool]:
    """Condition that a word of the text has one of the endings."""
    needed = tuple(map(folded, endings))
    return lambda found: any(word.endswith(needed) for word in found)


def words_in(text: str) -> frozenset[str]:
    """The runs of letters of a text, folded."""
    return frozenset(map(folded, set(_LETTERS.findall(text))))


def any_of(words: Iterable[str]) -> str:
    """Pattern for one of the words, the longest first."""
    return rf"(?:{'|'.join(map(re.escape, sorted(words, key=lambda word: (-len(word), word))))})"


def listed(kind: str) -> str:
    """Pattern for the listed words of one kind."""
    return any_of(words_of(kind))


def _mask(match: re.Match[str]) -> str:
    return TAKEN * len(match[0])
