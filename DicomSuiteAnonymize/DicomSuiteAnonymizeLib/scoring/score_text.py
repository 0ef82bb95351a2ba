"""Whether words of an expected text are found in a value, as MIDI-B compares them.

Case does not count, nor do punctuation and the commonest English words; a word counts as found wherever its letters
stand in the value, also inside another word. Two plain numbers are compared as numbers.
"""

import re
import unicodedata

_COMMON = """
    a about above after again against all am an and any are as at be because been before being below between both
    but by can did do does doing down during each few for from further had has have having he her here hers him his
    how i if in into is it its itself just me more most my no nor not now of off on once only or other our ours out
    over own same she should so some such than that the their theirs them then there these they this those through
    to too under until up very was we were what when where which while who whom why will with you your yours
"""
_COMMON_WORDS = frozenset(_COMMON.split())
_WORD = re.compile(r"[^\s\\,;:?!()\[\]{}<>\"'`&@#$%*|•“”‘’]+")
_NUMBER = re.compile(r"\d+\.?\d*|\.\d+")


def has_all_words_of(value: str, expected: str) -> bool:
    """Whether everything that `expected` says is still in the value. Raises ValueError where it says nothing."""
    value, expected = _folded(value), _folded(expected)
    if _are_numbers(value, expected):
        return float(value) == float(expected)
    return all(word in value for word in _words(expected)) or expected in value


def has_any_word_of(value: str, expected: str) -> bool:
    """Whether anything that `expected` says is still in the value. Raises ValueError where it says nothing."""
    value, expected = _folded(value), _folded(expected)
    if _are_numbers(value, expected):
        return float(value) == float(expected)
    return any(word in value for word in _words(expected))


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", text).replace("<", "").replace(">", "").lower().strip()


def _are_numbers(*texts: str) -> bool:
    return all(_NUMBER.fullmatch(text) for text in texts)


def _words(text: str) -> list[str]:
    words = (word.strip(".-/^=") for word in _WORD.findall(text.replace("^", " ").replace("=", " ")))
    telling = [word for word in words if word and word not in _COMMON_WORDS]
    if not telling:
        raise ValueError("no words to look for")
    return telling
