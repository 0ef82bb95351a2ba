"""What looks like an identifier whoever it belongs to: dates, times, numbers of telephones and files, addresses."""

import re
from functools import cache

from DicomSuiteAnonymizeLib.words.date_patterns import ages, dates, times
from DicomSuiteAnonymizeLib.words.forms import Form, words_in
from DicomSuiteAnonymizeLib.words.number_patterns import (
    addresses_of_computers,
    grouped_numbers,
    labelled_numbers,
    telephones,
    without_codes,
)
from DicomSuiteAnonymizeLib.words.place_patterns import places, postal_codes, without_lettered_codes

_DIGIT_OR_ADDRESS = re.compile(r"\d|@|www\.|[\\/]")
"""What each of the patterns needs."""


def masked(text: str) -> str:
    """The text with every character of what looks like an identifier made \\1; its length stays."""
    if _DIGIT_OR_ADDRESS.search(text) is None:
        return text
    words = words_in(text)
    text = _without(text, words, _whole_numbers_and_addresses())
    text = without_lettered_codes(without_codes(text))
    return _without(text, words, _dates_and_numbers())


def _without(text: str, words: frozenset[str], forms: tuple[Form, ...]) -> str:
    for form in forms:
        text = form.masked(text, words)
    return text


@cache
def _whole_numbers_and_addresses() -> tuple[Form, ...]:
    return (*addresses_of_computers(), *places(), *postal_codes(), *grouped_numbers(), *telephones())


@cache
def _dates_and_numbers() -> tuple[Form, ...]:
    return (*times(), *dates(), *ages(), *labelled_numbers())
